#include "value_resolver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace phalanx::config {
namespace {

constexpr bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_small(char c) {
    return c >= 'a' && c <= 'z';
}

bool looks_like_php_constant(std::string_view word) {
    return std::any_of(word.begin(), word.end(), is_capital) &&
           std::none_of(word.begin(), word.end(), is_small);
}

/// PHP 8.2's error levels, the constants that pool files use; empty for any other word.
std::string_view error_level(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 16> levels{
        {{"E_ERROR", "1"},
         {"E_WARNING", "2"},
         {"E_PARSE", "4"},
         {"E_NOTICE", "8"},
         {"E_CORE_ERROR", "16"},
         {"E_CORE_WARNING", "32"},
         {"E_COMPILE_ERROR", "64"},
         {"E_COMPILE_WARNING", "128"},
         {"E_USER_ERROR", "256"},
         {"E_USER_WARNING", "512"},
         {"E_USER_NOTICE", "1024"},
         {"E_STRICT", "2048"},
         {"E_RECOVERABLE_ERROR", "4096"},
         {"E_DEPRECATED", "8192"},
         {"E_USER_DEPRECATED", "16384"},
         {"E_ALL", "32767"}}};
    for (const auto& [name, value] : levels) {
        if (name == word) return value;
    }
    return {};
}

std::optional<std::string> process_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
}

}  // namespace

ValueResolver::ValueResolver(const ExpressionEvaluator& evaluator,
                             std::function<std::optional<std::string>(const std::string&)> environment)
    : evaluator_(evaluator), environment_(std::move(environment)) {
    if (!environment_) environment_ = process_environment;
}

ValueSource ValueResolver::source() {
    return {[this](std::string_view word) { return constant(word); },
            [this](std::string_view name) { return variable(name); }};
}

std::string ValueResolver::environment(const std::string& name) const {
    return environment_(name).value_or("");
}

base::Result<std::string> ValueResolver::constant(std::string_view word) {
    if (!looks_like_php_constant(word)) return std::string(word);
    if (evaluator_) return evaluate(std::string(word));
    const std::string_view level = error_level(word);
    return std::string(level.empty() ? word : level);
}

base::Result<std::string> ValueResolver::variable(std::string_view name) {
    if (evaluator_ && std::any_of(name.begin(), name.end(), is_small)) {
        auto value = evaluate(fmt::format("${{{}}}", name));
        if (!value || !value->empty()) return value;
    }
    return environment(std::string(name));
}

base::Result<std::string> ValueResolver::evaluate(const std::string& expression) {
    const auto known = known_.find(expression);
    if (known != known_.end()) return known->second;
    auto value = evaluator_(expression);
    if (!value) return base::Error{fmt::format("cannot evaluate '{}': {}", expression, value.error().text())};
    return known_.emplace(expression, std::move(*value)).first->second;
}

}  // namespace phalanx::config
