#include "line_formatter.hpp"

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iterator>

#include "phalanx/log/error_log.hpp"
#include "phalanx/log/escape.hpp"

#include "months.hpp"

namespace phalanx::log {
namespace {

template <typename... Args>
void print(spdlog::memory_buf_t& line, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(line), format, std::forward<Args>(args)...);
}

std::string_view word(const spdlog::details::log_msg& message) {
    return level_name(from_spdlog(message.level));
}

int priority_of(spdlog::level::level_enum level) {
    switch (from_spdlog(level)) {
        case Level::debug:
            return LOG_DEBUG;
        case Level::notice:
            return LOG_NOTICE;
        case Level::warning:
            return LOG_WARNING;
        case Level::error:
            return LOG_ERR;
        case Level::alert:
            return LOG_ALERT;
    }
    return LOG_ALERT;
}

std::time_t second_of(const spdlog::details::log_msg& message) {
    return spdlog::log_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(message.time));
}

void print_place(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
    print(line, "{}(), line {}: ", message.source.funcname, message.source.line);
}

}  // namespace

std::string_view level_name(Level level) {
    static constexpr std::array<std::string_view, 5> names{"DEBUG", "NOTICE", "WARNING", "ERROR", "ALERT"};
    return names.at(static_cast<std::size_t>(level));
}

spdlog::level::level_enum to_spdlog(Level level) {
    // trace stays unused, so that the numbers differ by one.
    return static_cast<spdlog::level::level_enum>(static_cast<int>(level) + spdlog::level::debug);
}

Level from_spdlog(spdlog::level::level_enum level) {
    return static_cast<Level>(level - spdlog::level::debug);
}

const std::tm& LineFormatter::local_time(std::time_t second) {
    if (second != cached_second_) {
        ::localtime_r(&second, &cached_);
        cached_second_ = second;
    }
    return cached_;
}

void LineFormatter::open_dated(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
    const std::tm& now = local_time(second_of(message));
    print(line, "[{:02}-{}-{:04} {:02}:{:02}:{:02}", now.tm_mday,
          months.at(static_cast<std::size_t>(now.tm_mon)), now.tm_year + 1900, now.tm_hour, now.tm_min,
          now.tm_sec);
    if (!rules_.debug) return print(line, "] {}: ", word(message));
    using std::chrono::microseconds, std::chrono::floor, std::chrono::seconds;
    const auto fraction = floor<microseconds>(message.time) - floor<seconds>(message.time);
    print(line, ".{:06}] {}: pid {}, ", fraction.count(), word(message), ::getpid());
    print_place(message, line);
}

void LineFormatter::open_tagged(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) const {
    print(line, "[{}] ", word(message));
    if (rules_.debug) print_place(message, line);
}

void LineFormatter::open_syslog(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
    const std::tm& now = local_time(second_of(message));
    print(line, "<{}>{} {:2} {:02}:{:02}:{:02} {}[{}]: ", rules_.facility | priority_of(message.level),
          months.at(static_cast<std::size_t>(now.tm_mon)), now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec,
          rules_.identity, ::getpid());
}

void LineFormatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
    const bool raw = std::string_view(message.logger_name.data(), message.logger_name.size()) == raw_name;
    if (rules_.style == LineStyle::syslog) open_syslog(message, line);
    if (rules_.style == LineStyle::dated && !raw) open_dated(message, line);
    if (rules_.style != LineStyle::dated && !raw) open_tagged(message, line);
    const std::string_view text(message.payload.data(), message.payload.size());
    const bool as_it_is = raw && rules_.style != LineStyle::syslog;
    std::string clean;
    append_escaped(clean, text.substr(0, ErrorLog::max_text), as_it_is ? Escaping::newline : Escaping::line);
    line.append(clean.data(), clean.data() + clean.size());
    if (text.size() > ErrorLog::max_text) print(line, "...");
    if (rules_.style != LineStyle::syslog) line.push_back('\n');
}

std::unique_ptr<spdlog::formatter> LineFormatter::clone() const {
    return std::make_unique<LineFormatter>(rules_);
}

}  // namespace phalanx::log
