#include "phalanx/php/request.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cgi_module.hpp"
#include "file_system.hpp"
#include "messages.hpp"
#include "phalanx/fastcgi/short_answer.hpp"
#include "request_state.hpp"
#include "request_values.hpp"
#include "response_head.hpp"
#include "script_access.hpp"
#include "script_path.hpp"
#include "working_directory.hpp"
#include "zend_headers.hpp"

// One request from its parameters to the end of PHP's request shutdown. Functions that call PHP may be left
// by longjmp: they hold nothing that a destructor would have to look after.

namespace phalanx::php {
namespace {

Request the_request;

std::string_view value_or_empty(const fastcgi::Params& params, std::string_view name) {
    return params.find(name).value_or(std::string_view(""));
}

std::int64_t content_length(const fastcgi::Params& params) {
    const auto text = params.find("CONTENT_LENGTH");
    return text ? std::max<std::int64_t>(0, std::strtoll(text->data(), nullptr, 10)) : 0;
}

/// The fix-up, and every field of the request from what it leaves. No PHP code runs here.
void begin_request(Request& request, RequestPort& port, const RequestPolicy& policy) {
    fastcgi::Params& params = port.params();
    const auto file = params.find("SCRIPT_FILENAME");
    // The last request's shutdown functions may have gone elsewhere.
    if (file && !file->starts_with('/')) leave_script_directory();
    const FixupRules rules{cgi_settings.fix_pathinfo, cgi_settings.discard_path,
                           PG(doc_root) ? PG(doc_root) : ""};
    const ScriptLocation found = fix_environment(params, rules, FileSystem());
    request.port = &port;
    request.policy = &policy;
    request.named = found.named;
    request.missing = found.named && !found.script_path;
    request.special = found.special;
    request.has_uri = found.request_uri.data() != nullptr;
    request.script_path = found.script_path;
    if (request.script_path && has_parent_component(*request.script_path)) request.script_path.reset();
    request.started = false;
    request.finished = false;
    request.last_of_process = false;
    request.begin = {};
    request.begin.script_path = request.script_path.value_or("");
    request.begin.request_uri = request.has_uri ? found.request_uri : std::string_view("");
    request.begin.query = value_or_empty(params, "QUERY_STRING");
    request.begin.method = value_or_empty(params, "REQUEST_METHOD");
    request.begin.content_length = content_length(params);
    request.body.begin(port, request.begin.content_length);
}

char* c_string(std::string_view text) {
    return const_cast<char*>(text.data());
}

/// What the engine wants to know before a request. Every field is set: none may stay from the last one.
void describe_to_engine(Request& request) {
    const fastcgi::Params& params = request.port->params();
    const bool named = request.named;
    sapi_request_info& info = SG(request_info);
    info = {};
    SG(server_context) = &request;
    EG(exit_status) = 0;
    // Warnings of the request's start may begin the answer before the script is refused.
    SG(sapi_headers).http_response_code = request.missing ? 404 : 200;
    info.proto_num = 1000;
    if (const auto method = params.find("REQUEST_METHOD")) info.request_method = method->data();
    if (!named) return;
    info.query_string = c_string(request.begin.query);
    info.content_type = value_or_empty(params, "CONTENT_TYPE").data();
    info.content_length = request.begin.content_length;
    if (request.has_uri) info.request_uri = c_string(request.begin.request_uri);
    // The engine frees and replaces this one.
    if (request.script_path)
        info.path_translated = estrndup(request.script_path->data(), request.script_path->size());
    if (const auto authorization = params.find("HTTP_AUTHORIZATION"))
        php_handle_auth_data(authorization->data());
    if (info.auth_user != nullptr) request.begin.user = info.auth_user;
}

void free_text(char*& text) {
    if (text != nullptr) efree(text);
    text = nullptr;
}

/// Takes back what the engine would have freed, had it run the request.
void forget_unstarted() {
    sapi_request_info& info = SG(request_info);
    for (char** text : {&info.path_translated, &info.auth_user, &info.auth_password, &info.auth_digest})
        free_text(*text);
}

/// A page of one line in the place of the script's.
void refuse(int code, const char* page) {
    zend_try {
        SG(sapi_headers).http_response_code = code;
        php_output_write(page, std::strlen(page));
    }
    zend_end_try();
}

/// With the ini entry doc_root, what runs is named by it and the URI.
bool is_special(const Request& request) {
    const char* const root = PG(doc_root);
    if (root == nullptr || *root == '\0' || !request.has_uri) return request.special;
    static std::string path;
    path.assign(root).append("/").append(request.begin.request_uri);
    return FileSystem().kind(path.c_str()) == FileKind::special;
}

bool open_script(const Request& request, zend_file_handle& script) {
    if (is_special(request)) {
        errno = ENXIO;
        return false;
    }
    // The engine names errno whatever it fails at, which is not always a system call.
    errno = ENOENT;
    volatile bool opened = false;
    zend_try {
        opened = php_fopen_primary_script(&script) == SUCCESS;
    }
    zend_end_try();
    return opened;
}

/// PHP opens files without close-on-exec, and the script's stays open while it runs: a program started by the
/// script would inherit it.
void keep_from_programs(const zend_file_handle& script) {
    if (script.type != ZEND_HANDLE_STREAM || script.handle.stream.handle == nullptr) return;
    int fd = -1;
    auto* stream = static_cast<php_stream*>(script.handle.stream.handle);
    if (php_stream_cast(stream, PHP_STREAM_AS_FD, reinterpret_cast<void**>(&fd), 0) == SUCCESS) {
        (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

void refuse_unopened(const Request& request) {
    const int code = errno;
    static std::string reason;
    reason.assign(" (").append(std::strerror(code)).append(")");
    report(MessageLevel::error, "Unable to open primary script: ", *request.script_path, reason);
    if (code == EACCES) {
        refuse(403, "Access denied.\n");
    } else {
        refuse(404, "No input file specified.\n");
    }
}

void run_script(Request& request) {
    if (request.body.was_cut()) {
        report(MessageLevel::debug, "The request's body ended early, its script is not run");
        return refuse(400, "Bad Request.\n");
    }
    if (!request.script_path || (request.script_path->empty() && request.policy->limit_extensions.empty())) {
        report(MessageLevel::debug, "Primary script unknown");
        return refuse(404, "File not found.\n");
    }
    if (!extension_allowed(*request.script_path, request.policy->limit_extensions)) {
        report(MessageLevel::notice, "Access to the script '", *request.script_path,
               "' has been denied (see security.limit_extensions)");
        return refuse(403, "Access denied.\n");
    }
    zend_file_handle script;
    if (!open_script(request, script)) return refuse_unopened(request);
    keep_from_programs(script);
    request.port->script_begins(request.begin);
    enter_directory_of(ZSTR_VAL(script.filename));
    php_execute_script(&script);
    leave_script_directory();
    zend_destroy_file_handle(&script);
}

/// php-fpm's fastcgi.error_header: what a fatal error or exit(255) answers instead of its status line.
void replace_error_header() {
    const char* const line = cgi_settings.error_header;
    if (EG(exit_status) != 255 || line == nullptr || *line == '\0' || SG(headers_sent) != 0) return;
    sapi_header_line header{};
    header.line = line;
    header.line_len = std::strlen(line);
    sapi_header_op(SAPI_HEADER_REPLACE, &header);
}

void tell_end(Request& request) {
    const ScriptEnd end{.response_code = SG(sapi_headers).http_response_code,
                        .memory_peak = zend_memory_peak_usage(true),
                        .response_header = response_header};
    request.port->script_ended(end);
}

/// False: PHP could not even begin the request.
bool live(Request& request) {
    describe_to_engine(request);
    if (request.port->answer_without_php(request.begin)) {
        forget_unstarted();
        return true;
    }
    apply_request_values(request);
    if (php_request_startup() == FAILURE) return false;
    request.started = true;
    // A request without a method is not one of HTTP's: it gets a head and no more.
    if (SG(request_info).request_method != nullptr) run_script(request);
    replace_error_header();
    tell_end(request);
    free_text(SG(request_info).path_translated);
    php_request_shutdown(nullptr);
    return true;
}

/// PHP gave up before the script. php-fpm drops the connection: a web server may not take an end without a
/// head for an empty page (Apache would).
void tell_that_it_failed(RequestPort& port) {
    if (SG(headers_sent) != 0) return;
    static const std::string head =
        "Status: " + std::string(fastcgi::bad_gateway) + "\r\nContent-type: text/plain\r\n\r\n";
    if (port.write_head(head)) (void)port.write_body("Bad Gateway\n");
}

/// The outermost frame that PHP's longjmp can reach.
bool live_guarded(Request& request) {
    volatile bool lived = false;
    zend_first_try {
        lived = live(request);
    }
    zend_end_try();
    return lived;
}

}  // namespace

Request* running_request() noexcept {
    return static_cast<Request*>(SG(server_context));
}

void hand_request_to(RequestPort& port) noexcept {
    forget_working_directory();
    Request* const request = running_request();
    if (request == nullptr) return;
    request->body.end();
    request->port = &port;
    request->finished = true;
}

int exit_status() noexcept {
    return EG(exit_status);
}

RequestOutcome run_request(RequestPort& port, const RequestPolicy& policy) {
    Request& request = the_request;
    begin_request(request, port, policy);
    const bool lived = live_guarded(request);
    SG(server_context) = nullptr;
    request.body.end();
    request.port = nullptr;
    if (!lived) {
        tell_that_it_failed(port);
        return RequestOutcome::worker_must_leave;
    }
    return request.last_of_process ? RequestOutcome::served_last : RequestOutcome::served;
}

}  // namespace phalanx::php
