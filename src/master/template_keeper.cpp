#include "template_keeper.hpp"

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "staff.hpp"

namespace phalanx::master {
namespace {

using log::Level;

/// A longer line of a template's is logged in pieces.
constexpr std::size_t longest_line = 4096;

}  // namespace

TemplateKeeper::TemplateKeeper(PoolSurroundings& around, TimeShare& share,
                               const config::PoolSettings& settings, std::function<TemplateStart()> parts,
                               TemplateKeeperEvents& events)
    : around_(around),
      settings_(settings),
      parts_(std::move(parts)),
      events_(events),
      handle_(around.loop, share, around.foreign, *this),
      pause_(around.loop) {}

void TemplateKeeper::start() {
    if (!is_asleep() || events_.template_need() == TemplateNeed::over) return;
    const auto started = handle_.start(parts_());
    if (started) return;
    template_failed(started.error().text());
    ended({});
}

void TemplateKeeper::let_go() {
    leaving_ = handle_.life() != TemplateLife::absent;
    handle_.signal(SIGTERM);
}

void TemplateKeeper::kill() {
    pause_.cancel();
    handle_.signal(SIGKILL);
}

bool TemplateKeeper::child_ended(const os::ChildEnd& end) {
    if (handle_.life() == TemplateLife::absent || end.pid != handle_.pid()) return false;
    ended(end);
    return true;
}

void TemplateKeeper::template_ready(PhpIdentity php) {
    failed_ = false;
    events_.template_ready(std::move(php));
}

void TemplateKeeper::template_failed(const std::string& step) {
    failed_ = true;
    say(Level::error, fmt::format("the pool's template failed to start: {}", step));
}

void TemplateKeeper::ended(const os::ChildEnd& end) {
    const auto lived =
        std::chrono::duration_cast<std::chrono::milliseconds>(base::Monotonic::now() - handle_.started_at());
    const pid_t pid = handle_.pid();
    const bool never_worked = handle_.life() != TemplateLife::ready;
    const bool was_let_go = std::exchange(leaving_, false);
    handle_.ended();
    end_line();
    failed_ = failed_ || (never_worked && !was_let_go);
    const TemplateNeed need = events_.template_need();
    if (need != TemplateNeed::over && !was_let_go) {
        const auto pause = never_worked ? backoff_.after_failure() : backoff_.after_end(lived);
        if (pid != 0) say_end(pid, end, need, pause);
        if (need == TemplateNeed::now) pause_.start(pause, [this] { start(); });
    }
    events_.template_gone();
}

void TemplateKeeper::say_end(pid_t pid, const os::ChildEnd& end, TemplateNeed need,
                             std::chrono::milliseconds pause) const {
    const std::string next =
        need == TemplateNeed::now ? fmt::format("in {} ms", pause.count()) : std::string("when it is needed");
    say(Level::warning, fmt::format("template {} exited {}, its workers go on; a new one is started {}", pid,
                                    describe_end(end), next));
}

void TemplateKeeper::template_said(std::string_view text) {
    for (const char byte : text) {
        if (byte != '\n') half_line_ += byte;
        if (byte == '\n' || half_line_.size() == longest_line) end_line();
    }
}

void TemplateKeeper::php_said(Level level, std::string_view text) {
    if (around_.start_messages.is_new(text)) around_.log.log(level, text);
}

void TemplateKeeper::end_line() {
    if (half_line_.empty()) return;
    say(Level::notice, fmt::format("template said: \"{}\"", half_line_));
    half_line_.clear();
}

void TemplateKeeper::say(Level level, const std::string& text) const {
    around_.log.pool(settings_.name).log(level, text);
}

}  // namespace phalanx::master
