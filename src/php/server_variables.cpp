#include "server_variables.hpp"

#include <cstdlib>
#include <string>

#include "cgi_module.hpp"
#include "request_state.hpp"

namespace phalanx::php {
namespace {

void (*import_process_environment)(zval*) = nullptr;

/// A request header called "Proxy" would arrive under the name that HTTP clients take their proxy from.
constexpr std::string_view httpoxy_name = "HTTP_PROXY";

void register_variable(const char* name, std::string_view value, int kind, zval* array) {
    char* text = const_cast<char*>(value.data());
    std::size_t length = value.size();
    if (sapi_module.input_filter(kind, name, &text, length, &length) != 0) {
        php_register_variable_safe(name, text, length, array);
    }
}

/// Calls `add` with each parameter of the running request in php-fpm's order: the last to arrive comes first.
template <typename Add>
void for_each_parameter(Add add) {
    const Request* const request = running_request();
    if (request == nullptr) return;
    const fastcgi::Params& params = request->port->params();
    for (std::size_t left = params.size(); left > 0; --left) {
        const auto [name, value] = params.at(left - 1);
        if (name != queue_param && name != httpoxy_name) add(name.data(), value);
    }
    add("FCGI_ROLE", request->port->role());
    // Last of all: PHP makes an underscore of several characters, and what comes last replaces the others.
    if (const auto waited = params.find(queue_param)) add(queue_param.data(), *waited);
}

/// $_SERVER and $_ENV are made when they are first asked for. As under php-fpm the second is a copy of the
/// first, with all that is in it by then.
bool copy_other(zval* array, int other) {
    const zval& made = PG(http_globals)[other];
    if (Z_TYPE(made) != IS_ARRAY || Z_ARR(made) == Z_ARR_P(array)) return false;
    zend_hash_copy(Z_ARR_P(array), Z_ARR(made), zval_add_ref);
    return zend_hash_num_elements(Z_ARR(made)) > 0;
}

/// For $_SERVER and $_ENV: what input filters let through.
void import_environment(zval* array) {
    if (running_request() == nullptr) return import_process_environment(array);  // -i
    if (copy_other(array, TRACK_VARS_ENV) || copy_other(array, TRACK_VARS_SERVER)) return;
    import_process_environment(array);
    const zval& env = PG(http_globals)[TRACK_VARS_ENV];
    const bool is_env = Z_TYPE(env) == IS_ARRAY && Z_ARR(env) == Z_ARR_P(array);
    const int kind = is_env ? PARSE_ENV : PARSE_SERVER;
    for_each_parameter(
        [=](const char* name, std::string_view value) { register_variable(name, value, kind, array); });
}

/// For getenv(): everything, since filters store what they see for $_SERVER.
void load_environment(zval* array) {
    import_process_environment(array);
    for_each_parameter([array](const char* name, std::string_view value) {
        php_register_variable_safe(name, value.data(), value.size(), array);
    });
}

char* as_c_string(std::optional<std::string_view> text) {
    return text ? const_cast<char*>(text->data()) : nullptr;
}

}  // namespace

void install_environment_import() {
    import_process_environment = php_import_environment_variables;
    php_import_environment_variables = import_environment;
    php_load_environment_variables = load_environment;
}

void register_server_variables(zval* array) noexcept {
    php_import_environment_variables(array);
    Request* const request = running_request();
    if (request == nullptr) return register_variable("PHP_SELF", "", PARSE_SERVER, array);  // -i
    request->message.assign(request->begin.request_uri);
    if (cgi_settings.fix_pathinfo)
        request->message.append(request->port->params().find("PATH_INFO").value_or(""));
    register_variable("PHP_SELF", request->message, PARSE_SERVER, array);
}

char* get_environment_variable(const char* name, std::size_t length) noexcept {
    const std::string_view key(name, length);
    if (key == httpoxy_name) return nullptr;
    if (Request* const request = running_request()) {
        if (const auto value = request->port->params().find(key)) return as_c_string(value);
        if (key == "FCGI_ROLE") return const_cast<char*>(request->port->role());
    }
    return std::getenv(name);
}

char* read_cookies() noexcept {
    const Request* const request = running_request();
    return request != nullptr ? as_c_string(request->port->params().find("HTTP_COOKIE")) : nullptr;
}

}  // namespace phalanx::php
