#include "functions.hpp"

#include <string>
#include <vector>

#include "phalanx/php/status_fields.hpp"
#include "request_state.hpp"

namespace phalanx::php {
namespace {

/// Holds the fields of a pool's status until they can become a PHP array: building that may leave by
/// longjmp (memory_limit), which must not happen below the source's frames.
class CollectedFields final : public StatusFields {
  public:
    enum class Kind : std::uint8_t { text, number, decimal, worker };
    struct Field {
        Kind kind;
        std::string name;
        std::string text;
        std::int64_t number = 0;
        double decimal = 0;
    };

    void text(std::string_view name, std::string_view value) override {
        fields_.push_back({Kind::text, std::string(name), std::string(value)});
    }
    void number(std::string_view name, std::int64_t value) override {
        fields_.push_back({Kind::number, std::string(name), {}, value});
    }
    void decimal(std::string_view name, double value) override {
        fields_.push_back({Kind::decimal, std::string(name), {}, 0, value});
    }
    void begin_worker() override { fields_.push_back({Kind::worker, {}, {}}); }

    void clear() { fields_.clear(); }
    [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

  private:
    std::vector<Field> fields_;
};

struct {
    StatusSource fill = nullptr;
    void* context = nullptr;
    CollectedFields fields;
} status;

void add_field(zval* array, const CollectedFields::Field& field) {
    const char* const name = field.name.c_str();
    switch (field.kind) {
        case CollectedFields::Kind::text:
            add_assoc_stringl_ex(array, name, field.name.size(), field.text.c_str(), field.text.size());
            break;
        case CollectedFields::Kind::number:
            add_assoc_long_ex(array, name, field.name.size(), field.number);
            break;
        case CollectedFields::Kind::decimal:
            add_assoc_double_ex(array, name, field.name.size(), field.decimal);
            break;
        case CollectedFields::Kind::worker:
            break;
    }
}

/// The request header's name behind a parameter, "HTTP_X_FOO" being "X-Foo"; false: it is not a header.
bool header_name(std::string_view parameter, std::string& name) {
    // HTTP_PROXY could otherwise pass for the environment variable that HTTP clients obey (httpoxy).
    if (parameter == "HTTP_PROXY") return false;
    if (parameter == "CONTENT_TYPE" || parameter == "CONTENT_LENGTH") {
        name = parameter == "CONTENT_TYPE" ? "Content-Type" : "Content-Length";
        return true;
    }
    if (!parameter.starts_with("HTTP_") || parameter.size() == 5) return false;
    name.clear();
    char before = '_';
    for (const char c : parameter.substr(5)) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (c == '_' && !name.empty()) {
            name += '-';
        } else {
            name += upper && (before != '_' || name == "_") ? static_cast<char>(c - 'A' + 'a') : c;
        }
        before = c;
    }
    return true;
}

ZEND_FUNCTION(fastcgi_finish_request) {
    ZEND_PARSE_PARAMETERS_NONE();
    Request* const request = running_request();
    if (request == nullptr) RETURN_FALSE;
    php_output_end_all();
    php_header();
    const bool ended = request->port->finish();
    request->finished = true;
    RETURN_BOOL(ended);
}

ZEND_FUNCTION(apache_request_headers) {
    ZEND_PARSE_PARAMETERS_NONE();
    static std::string name;
    array_init(return_value);
    Request* const request = running_request();
    if (request == nullptr) return;
    const fastcgi::Params& params = request->port->params();
    for (std::size_t left = params.size(); left > 0; --left) {
        const auto [parameter, value] = params.at(left - 1);
        if (!header_name(parameter, name)) continue;
        add_assoc_stringl_ex(return_value, name.c_str(), name.size(), value.data(), value.size());
    }
}

ZEND_FUNCTION(fpm_get_status) {
    ZEND_PARSE_PARAMETERS_NONE();
    status.fields.clear();
    if (status.fill == nullptr || !status.fill(status.context, status.fields)) RETURN_FALSE;
    zval workers;
    zval* target = return_value;
    array_init(return_value);
    array_init(&workers);
    for (const CollectedFields::Field& field : status.fields.fields()) {
        if (field.kind == CollectedFields::Kind::worker) {
            zval worker;
            array_init(&worker);
            target = zend_hash_next_index_insert(Z_ARRVAL(workers), &worker);
        } else {
            add_field(target, field);
        }
    }
    add_assoc_zval(return_value, "procs", &workers);
}

// clang-format off
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_finish_request, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_request_headers, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_MASK_EX(arginfo_get_status, 0, 0, MAY_BE_ARRAY | MAY_BE_FALSE)
ZEND_END_ARG_INFO()
// clang-format on

}  // namespace

const zend_function_entry cgi_functions[] = {
    ZEND_FE(fastcgi_finish_request, arginfo_finish_request)
        ZEND_FE(apache_request_headers, arginfo_request_headers)
            ZEND_FALIAS(getallheaders, apache_request_headers, arginfo_request_headers)
                ZEND_FE(fpm_get_status, arginfo_get_status) ZEND_FE_END};

void set_status_source(StatusSource source, void* context) {
    status.fill = source;
    status.context = context;
}

}  // namespace phalanx::php
