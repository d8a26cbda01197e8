#pragma once

#include <spdlog/formatter.h>

#include <ctime>
#include <memory>
#include <string>

#include "phalanx/log/level.hpp"

namespace phalanx::log {

/// How a line begins and ends.
enum class LineStyle {
    dated,   ///< "[22-Nov-2026 09:38:18] NOTICE: TEXT\n": files and standard error
    tagged,  ///< "[NOTICE] TEXT\n": copies of syslog lines
    syslog,  ///< "<29>Nov 22 09:38:18 IDENT[PID]: [NOTICE] TEXT": a datagram to syslogd
};

/// What lines of a log have in common. `debug` (log_level = debug) adds where in the program they come from.
struct LineRules {
    LineStyle style = LineStyle::dated;
    bool debug = false;
    std::string identity;  ///< syslog only
    int facility = 0;      ///< syslog only
};

/// The logger name of lines that have neither time nor level.
inline constexpr std::string_view raw_name = "raw";

[[nodiscard]] spdlog::level::level_enum to_spdlog(Level level);
[[nodiscard]] Level from_spdlog(spdlog::level::level_enum level);

/// Makes php-fpm's lines. Escapes control bytes and bounds the text whoever wrote it.
class LineFormatter final : public spdlog::formatter {
  public:
    explicit LineFormatter(LineRules rules) : rules_(std::move(rules)) {}
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override;
    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override;

  private:
    void open_dated(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line);
    void open_tagged(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) const;
    void open_syslog(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line);
    const std::tm& local_time(std::time_t second);

    LineRules rules_;
    std::time_t cached_second_ = -1;
    std::tm cached_{};
};

}  // namespace phalanx::log
