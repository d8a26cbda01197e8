#include "sapi.hpp"

#include <cstdio>

#include "messages.hpp"
#include "request_state.hpp"
#include "response_head.hpp"
#include "server_variables.hpp"
#include "user_ini.hpp"

// PHP's callbacks. All are noexcept; what they call may still leave by longjmp, which C++ does not see, so
// none holds an object with a destructor.

namespace phalanx::php {
namespace {

std::string* captured = nullptr;

std::size_t write_output(const char* text, std::size_t length) noexcept {
    Request* const request = running_request();
    if (request == nullptr) {
        if (captured != nullptr) {
            captured->append(text, length);
            return length;
        }
        return std::fwrite(text, 1, length, stdout);
    }
    if (request->finished || request->port->write_body({text, length})) return length;
    php_handle_aborted_connection();
    return 0;
}

void flush_output(void*) noexcept {
    Request* const request = running_request();
    if (request == nullptr || request->finished) return;
    if (!request->port->flush()) php_handle_aborted_connection();
}

int send_headers(sapi_headers_struct* headers) noexcept {
    Request* const request = running_request();
    if (request == nullptr || request->finished || SG(request_info).no_headers)
        return SAPI_HEADER_SENT_SUCCESSFULLY;
    write_response_head(*headers, request->head);
    // A client that is gone shows at the next piece of body.
    request->port->write_head(request->head);
    return SAPI_HEADER_SENT_SUCCESSFULLY;
}

std::size_t read_body(char* room, std::size_t size) noexcept {
    Request* const request = running_request();
    if (request == nullptr) return 0;
    const std::size_t got = request->body.read({room, size});
    // To a running script a cut body is a client that has left. Before it runs, run_script() sees to that:
    // leaving by longjmp would then count as a failure of PHP's.
    if (request->body.was_cut() && request->started) php_handle_aborted_connection();
    return got;
}

void log_message(const char* message, int) noexcept {
    report_php_message(message);
}

/// The [HOST=...] sections of php.ini go by SERVER_NAME in lower case.
void apply_host_sections(Request& request) {
    const auto name = request.port->params().find("SERVER_NAME");
    if (!name || php_ini_has_per_host_config() == 0) return;
    request.values.assign(*name);
    for (char& c : request.values) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    php_ini_activate_per_host_config(request.values.data(), request.values.size());
}

/// The [PATH=...] sections and .user.ini files go by the script's directory.
void apply_directory_values(Request& request) {
    const bool user_ini = PG(user_ini_filename) != nullptr && *PG(user_ini_filename) != '\0';
    const std::string_view script = *request.script_path;
    const std::size_t slash = script.rfind('/');
    if (slash == std::string_view::npos || (!user_ini && php_ini_has_per_dir_config() == 0)) return;
    request.directory.assign(script.substr(0, slash + 1));
    php_ini_activate_per_dir_config(request.directory.data(), request.directory.size());
    const auto root = request.port->params().find("DOCUMENT_ROOT");
    if (user_ini && root) apply_user_ini(request.directory, *root);
}

int activate() noexcept {
    Request* const request = running_request();
    if (request == nullptr || !request->script_path) return SUCCESS;
    apply_host_sections(*request);
    apply_directory_values(*request);
    return SUCCESS;
}

/// php-fpm's one built-in default: without a php.ini that says otherwise, errors are shown.
void set_ini_defaults(HashTable* configuration) noexcept {
    zval on;
    ZVAL_NEW_STR(&on, zend_string_init("1", 1, 1));
    zend_hash_str_update(configuration, "display_errors", sizeof("display_errors") - 1, &on);
}

int start_module(sapi_module_struct*) noexcept {
    return SUCCESS;
}

char sapi_name[] = "fpm-fcgi";
char sapi_pretty_name[] = "FPM/FastCGI";

sapi_module_struct make_sapi() {
    sapi_module_struct module{};
    module.name = sapi_name;
    module.pretty_name = sapi_pretty_name;
    module.startup = start_module;
    module.shutdown = php_module_shutdown_wrapper;
    module.activate = activate;
    module.ub_write = write_output;
    module.flush = flush_output;
    module.getenv = get_environment_variable;
    module.sapi_error = zend_error;
    module.send_headers = send_headers;
    module.read_post = read_body;
    module.read_cookies = read_cookies;
    module.register_server_variables = register_server_variables;
    module.log_message = log_message;
    module.ini_defaults = set_ini_defaults;
    module.php_ini_ignore_cwd = 1;
    return module;
}

}  // namespace

sapi_module_struct& sapi() {
    static sapi_module_struct module = make_sapi();
    return module;
}

void capture_output(std::string* text) {
    captured = text;
}

}  // namespace phalanx::php
