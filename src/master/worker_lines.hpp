#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "phalanx/log/error_log.hpp"

namespace phalanx::master {

/// Lines of what workers have written, on their way to the error log. php-fpm's master listens to its workers
/// once it has said that it is ready: what they say before stands behind that line.
class WorkerLines {
  public:
    enum class Form : bool {
        warning,  ///< decorated
        raw,
    };

    explicit WorkerLines(log::ErrorLog& log) : log_(log) {}

    void write(Form form, std::string_view line);
    /// From now on lines wait for release(), unless they become too many.
    void hold() { are_held_ = true; }
    void release();

  private:
    struct Line {
        Form form;
        std::string text;
    };
    void write_now(Form form, std::string_view line);

    log::ErrorLog& log_;
    bool are_held_ = false;
    std::vector<Line> held_;
    std::size_t held_bytes_ = 0;
};

}  // namespace phalanx::master
