#include "phalanx/log/slow_log.hpp"

#include <fmt/format.h>

#include "months.hpp"
#include "phalanx/log/escape.hpp"

namespace phalanx::log {
namespace {

/// The error log's way to write the time.
std::string log_time(std::time_t when) {
    std::tm local{};
    ::localtime_r(&when, &local);
    return fmt::format("{:02}-{}-{:04} {:02}:{:02}:{:02}", local.tm_mday,
                       months.at(static_cast<std::size_t>(local.tm_mon)), local.tm_year + 1900, local.tm_hour,
                       local.tm_min, local.tm_sec);
}

}  // namespace

SlowLogEntry::SlowLogEntry(std::time_t when, std::string_view pool, pid_t worker) {
    add("");
    add(fmt::format("[{}]  [pool {}] pid {}", log_time(when), pool, worker));
}

void SlowLogEntry::set_script(std::string_view file) {
    add(fmt::format("script_filename = {}", file));
}

void SlowLogEntry::add_frame(std::uint64_t address, std::string_view function, std::string_view file,
                             std::uint32_t line) {
    add(fmt::format("[0x{:016x}] {}() {}:{}", address, function, file, line));
}

void SlowLogEntry::add_failure() {
    add("+++ dump failed");
}

void SlowLogEntry::add(std::string_view line) {
    const std::string escaped = escape_controls(line);
    if (text_.size() + escaped.size() >= max_text) return;
    text_ += escaped;
    text_ += '\n';
}

}  // namespace phalanx::log
