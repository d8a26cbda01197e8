#pragma once

#include <functional>
#include <map>
#include <memory>

#include "event_loop.hpp"
#include "phalanx/os/pidfd.hpp"

namespace phalanx::master {

/// The processes that a former master still looks after and that are children of its successor's: it cannot
/// wait for them. Their pidfds tell that they have ended; how, the successor says once it is up, and the
/// kernel before that.
class FosterChildren {
  public:
    using Ended = std::function<void(const os::ChildEnd&)>;
    FosterChildren(EventLoop& loop, Ended ended);
    ~FosterChildren();
    FosterChildren(const FosterChildren&) = delete;
    FosterChildren& operator=(const FosterChildren&) = delete;

    /// False: there is no such process, or `parent` is not its parent.
    [[nodiscard]] bool adopt(pid_t pid, pid_t parent);
    /// From now on somebody else reaps them and says so.
    void expect_word() { word_expected_ = true; }
    /// The word. False: no such process is known.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);

  private:
    class Entry;
    void look(Entry& entry);
    void tell(const os::ChildEnd& end);
    void bury_without_word();

    EventLoop& loop_;
    Ended ended_;
    std::map<pid_t, std::unique_ptr<Entry>> entries_;
    Timer word_timer_;
    bool word_expected_ = false;
};

}  // namespace phalanx::master
