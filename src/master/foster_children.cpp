#include "foster_children.hpp"

#include <utility>
#include <vector>

#include "phalanx/os/execution.hpp"

namespace phalanx::master {
namespace {

/// How long the successor's word on an end is waited for.
constexpr std::chrono::milliseconds word_limit{500};

}  // namespace

class FosterChildren::Entry final : public ReadyHandler {
  public:
    Entry(FosterChildren& owner, pid_t its_pid, os::UniqueFd its_pidfd)
        : pid(its_pid), pidfd(std::move(its_pidfd)), owner_(owner) {}
    void on_ready(std::uint32_t) override { owner_.look(*this); }

    pid_t pid;
    os::UniqueFd pidfd;
    Watch watch;
    bool has_ended = false;

  private:
    FosterChildren& owner_;
};

FosterChildren::FosterChildren(EventLoop& loop, Ended ended)
    : loop_(loop), ended_(std::move(ended)), word_timer_(loop) {}

FosterChildren::~FosterChildren() = default;

bool FosterChildren::adopt(pid_t pid, pid_t parent) {
    if (entries_.count(pid) > 0) return false;
    auto pidfd = os::open_pidfd(pid);
    if (!pidfd || !os::is_child_of(*pidfd, pid, parent)) return false;
    auto entry = std::make_unique<Entry>(*this, pid, *std::move(pidfd));
    auto watch = loop_.watch(entry->pidfd.get(), EPOLLIN, *entry);
    if (!watch) return false;
    entry->watch = *std::move(watch);
    entries_.emplace(pid, std::move(entry));
    return true;
}

void FosterChildren::look(Entry& entry) {
    if (!word_expected_) {
        if (const auto end = os::end_of_zombie(entry.pid)) return tell(*end);
    }
    entry.watch = {};
    entry.has_ended = true;
    if (!word_timer_.armed()) word_timer_.start(word_limit, [this] { bury_without_word(); });
}

bool FosterChildren::child_ended(const os::ChildEnd& end) {
    if (entries_.count(end.pid) == 0) return false;
    tell(end);
    return true;
}

void FosterChildren::tell(const os::ChildEnd& end) {
    const auto found = entries_.find(end.pid);
    if (found == entries_.end()) return;
    // It may be the caller: it goes last.
    const auto entry = std::move(found->second);
    entries_.erase(found);
    entry->watch = {};
    ended_(end);
}

/// Nobody will say how they have ended.
void FosterChildren::bury_without_word() {
    std::vector<pid_t> ended;
    for (const auto& [pid, entry] : entries_) {
        if (entry->has_ended) ended.push_back(pid);
    }
    for (const pid_t pid : ended)
        tell(os::end_of_zombie(pid).value_or(os::ChildEnd{pid, os::ChildEnd::How::exited, 0}));
}

}  // namespace phalanx::master
