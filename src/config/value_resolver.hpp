#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "ini_scanner.hpp"
#include "phalanx/config/load.hpp"

namespace phalanx::config {

/// Answers the scanner's questions for one load: constants, "${NAME}". Asks the evaluator once for each
/// expression, and only where PHP may know more: for words that look like its constants (capitals) and for
/// variables with a small letter, as ini values have and environment variables seldom.
class ValueResolver {
  public:
    ValueResolver(const ExpressionEvaluator& evaluator,
                  std::function<std::optional<std::string>(const std::string&)> environment);
    ValueResolver(const ValueResolver&) = delete;
    ValueResolver& operator=(const ValueResolver&) = delete;

    /// Refers to this object.
    [[nodiscard]] ValueSource source();

    /// A variable of the environment; empty when it is not set.
    [[nodiscard]] std::string environment(const std::string& name) const;

  private:
    base::Result<std::string> constant(std::string_view word);
    base::Result<std::string> variable(std::string_view name);
    base::Result<std::string> evaluate(const std::string& expression);

    const ExpressionEvaluator& evaluator_;
    std::function<std::optional<std::string>(const std::string&)> environment_;
    std::unordered_map<std::string, std::string> known_;
};

}  // namespace phalanx::config
