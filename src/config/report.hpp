#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "phalanx/config/load.hpp"

namespace phalanx::config {

/// Collects what a load has to say, in order. `fail` returns false, so that a check can leave with it.
class Report {
  public:
    void add(LogLevel level, std::string text) { diagnostics_.push_back({level, std::move(text)}); }

    [[nodiscard]] bool fail(std::string text) {
        add(LogLevel::error, std::move(text));
        return false;
    }

    /// What is said from now on is for the error log too.
    void mark() { mark_ = diagnostics_.size(); }
    [[nodiscard]] std::optional<std::size_t> marked() const { return mark_; }

    [[nodiscard]] std::vector<Diagnostic> take() { return std::move(diagnostics_); }

  private:
    std::vector<Diagnostic> diagnostics_;
    std::optional<std::size_t> mark_;
};

}  // namespace phalanx::config
