#include "worker_lines.hpp"

#include <utility>

namespace phalanx::master {
namespace {

constexpr std::size_t most_held_bytes = 256 * std::size_t{1024};
constexpr std::size_t most_held_lines = 4096;

}  // namespace

void WorkerLines::write(Form form, std::string_view line) {
    if (!are_held_) return write_now(form, line);
    held_.push_back({form, std::string(line)});
    held_bytes_ += line.size();
    if (held_bytes_ > most_held_bytes || held_.size() > most_held_lines) release();
}

void WorkerLines::release() {
    are_held_ = false;
    held_bytes_ = 0;
    for (const Line& line : std::exchange(held_, {})) write_now(line.form, line.text);
}

void WorkerLines::write_now(Form form, std::string_view line) {
    form == Form::warning ? log_.warning(line) : log_.raw(line);
}

}  // namespace phalanx::master
