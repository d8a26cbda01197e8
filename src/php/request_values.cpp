#include "request_values.hpp"

#include <string_view>

#include "messages.hpp"
#include "pool_values.hpp"
#include "request_state.hpp"
#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

constexpr std::string_view about = "Passing INI directive through FastCGI: ";

/// What the parser's callback needs to know.
struct Target {
    Request* request;
    int modify_type;
};

/// False: there is no such entry. What an entry does not take stays as it is, without a word but PHP's.
bool set(Target& target, const zval& name, const zval& value) {
    switch (apply_lasting(Z_STRVAL(name), Z_STRVAL(value))) {
        case LastingEffect::failed:
            return true;
        case LastingEffect::done:
            target.request->last_of_process = true;
            if (!is_disabling(Z_STRVAL(name))) return true;
            break;  // ini_get() is to show what is disabled
        case LastingEffect::none:
            break;
    }
    // As long as the engine counts it as a change of this request's, it takes it back at the request's end.
    zend_string* const key = zend_string_init(Z_STRVAL(name), Z_STRLEN(name), 0);
    const bool exists = zend_hash_exists(EG(ini_directives), key);
    (void)zend_alter_ini_entry_chars_ex(key, Z_STRVAL(value), Z_STRLEN(value), target.modify_type,
                                        PHP_INI_STAGE_ACTIVATE, 1);
    zend_string_release(key);
    return exists;
}

void take_entry(zval* name, zval* value, zval*, int type, void* context) {
    auto& target = *static_cast<Target*>(context);
    if (type != ZEND_INI_PARSER_ENTRY) {
        report(MessageLevel::error, about, "only classic entries are allowed", "");
    } else if (name == nullptr || Z_TYPE_P(name) != IS_STRING || Z_STRLEN_P(name) == 0) {
        report(MessageLevel::error, about, "empty key", "");
    } else if (value == nullptr || Z_TYPE_P(value) != IS_STRING) {
        static std::string text;
        text.assign("empty value for key '").append(Z_STRVAL_P(name));
        report(MessageLevel::error, about, text, "'");
    } else if (!set(target, *name, *value)) {
        static std::string text;
        text.assign("unable to set '").append(Z_STRVAL_P(name));
        report(MessageLevel::error, about, text, "'");
    }
}

void apply_lines(Request& request, std::string_view parameter, int modify_type) {
    const auto lines = request.port->params().find(parameter);
    if (!lines || lines->empty()) return;
    // The scanner reads a little beyond the text's end; its last line counts as ended, as for php-fpm.
    request.values.assign(*lines).append("\n").append(2, '\0');
    Target target{&request, modify_type};
    zend_parse_ini_string(request.values.data(), true, ZEND_INI_SCANNER_NORMAL, take_entry, &target);
}

}  // namespace

void apply_request_values(Request& request) {
    apply_lines(request, "PHP_VALUE", ZEND_INI_USER);
    apply_lines(request, "PHP_ADMIN_VALUE", ZEND_INI_SYSTEM);
}

}  // namespace phalanx::php
