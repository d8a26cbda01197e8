#include "phalanx/php/info.hpp"
#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

/// What the ini parser made of one line.
struct Evaluation {
    std::string value;
    int entries = 0;
    bool odd = false;
};

void take_value(zval* name, zval* value, zval*, int type, void* context) {
    auto& evaluation = *static_cast<Evaluation*>(context);
    ++evaluation.entries;
    evaluation.odd = evaluation.odd || type != ZEND_INI_PARSER_ENTRY || name == nullptr;
    if (value != nullptr && Z_TYPE_P(value) == IS_STRING)
        evaluation.value.assign(Z_STRVAL_P(value), Z_STRLEN_P(value));
}

}  // namespace

std::string ini_setting(std::string_view name) {
    bool exists = false;
    const char* const active = zend_ini_string_ex(name.data(), name.size(), 0, &exists);
    if (exists) return active != nullptr ? active : "";
    const zval* const configured = cfg_get_entry(name.data(), name.size());
    return configured != nullptr && Z_TYPE_P(configured) == IS_STRING ? Z_STRVAL_P(configured) : "";
}

base::Result<std::string> evaluate_ini_value(std::string_view text) {
    if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
        return base::Error{"an ini value must be one line"};
    }
    // The scanner reads a little beyond the text's end.
    std::string line = "value = ";
    line.append(text).append("\n").append(2, '\0');
    Evaluation evaluation;
    const bool parsed =
        zend_parse_ini_string(line.data(), true, ZEND_INI_SCANNER_NORMAL, take_value, &evaluation) == SUCCESS;
    if (!parsed || evaluation.odd || evaluation.entries != 1) {
        return base::Error{"'" + std::string(text) + "' is no ini value"};
    }
    return std::move(evaluation.value);
}

}  // namespace phalanx::php
