#include "early_answers.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "phalanx/base/clock.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using os::ReadResult;

/// How long a client may take for its answer, and then for closing.
constexpr std::chrono::seconds send_limit{10};
constexpr std::chrono::seconds close_limit{1};
/// What a client may still send before it is closed anyway.
constexpr std::size_t most_dropped_bytes = 1024 * 1024;
/// A client with a worker's answer: how long its body may stand still, and how long it may take in all. A web
/// server that is in the middle of it takes an early close for a failure.
constexpr std::chrono::milliseconds drain_stall_limit{1500};
constexpr std::chrono::seconds drain_limit{30};
/// Answers on their way at once; further connections are closed without one.
constexpr std::size_t most_open = 4096;
/// How often late clients are looked for while there are any.
constexpr std::chrono::milliseconds look_interval{250};
/// Reads of one event before others get their turn.
constexpr int reads_per_event = 16;

}  // namespace

class EarlyAnswers::Entry final : public ReadyHandler {
  public:
    Entry(EarlyAnswers& its_owner, std::size_t its_place, os::UniqueFd its_fd, std::string its_answer)
        : owner(its_owner),
          place(its_place),
          fd(std::move(its_fd)),
          answer(std::move(its_answer)),
          lease(its_owner.share_.lease()) {}
    void on_ready(std::uint32_t) override { owner.go_on(*this); }

    EarlyAnswers& owner;
    std::size_t place;
    os::UniqueFd fd;
    std::string answer;
    ConnectionShare::Lease lease;
    std::size_t sent = 0;
    bool ended = false;     ///< all is sent, and the client was told so
    bool draining = false;  ///< a worker has answered it
    std::size_t dropped = 0;
    base::MonotonicTime deadline = base::Monotonic::now() + send_limit;
    base::MonotonicTime last_deadline = deadline;  ///< that no progress moves
    Watch watch;
};

EarlyAnswers::EarlyAnswers(EventLoop& loop, ConnectionShare& share)
    : loop_(loop), share_(share), timer_(loop) {}

EarlyAnswers::~EarlyAnswers() {
    for (const auto& entry : entries_) {
        if (entry) remove(*entry);
    }
}

void EarlyAnswers::send(os::UniqueFd connection, std::string answer) {
    if (Entry* entry = add(std::move(connection), std::move(answer))) go_on(*entry);
}

void EarlyAnswers::drain(os::UniqueFd connection) {
    Entry* entry = add(std::move(connection), {});
    if (entry == nullptr) return;
    entry->ended = true;
    entry->draining = true;
    entry->last_deadline = base::Monotonic::now() + drain_limit;
    entry->deadline = base::Monotonic::now() + drain_stall_limit;
    go_on(*entry);
}

EarlyAnswers::Entry* EarlyAnswers::add(os::UniqueFd connection, std::string answer) {
    if (open_ == most_open) {
        os::close_without_lingering(std::move(connection));
        return nullptr;
    }
    if (free_.empty()) {
        free_.push_back(entries_.size());
        entries_.emplace_back();
    }
    const std::size_t place = free_.back();
    free_.pop_back();
    entries_[place] = std::make_unique<Entry>(*this, place, std::move(connection), std::move(answer));
    ++open_;
    if (!timer_.armed()) timer_.start(look_interval, [this] { look_for_late_ones(); });
    return entries_[place].get();
}

void EarlyAnswers::go_on(Entry& entry) {
    if (!entry.ended) {
        const auto sent =
            os::send_available(entry.fd.get(), std::string_view(entry.answer).substr(entry.sent));
        if (!sent) return remove(entry);
        entry.sent += *sent;
        if (entry.sent < entry.answer.size()) return watch(entry, EPOLLOUT);
        entry.ended = true;
        os::end_sending(entry.fd.get());
        entry.deadline = base::Monotonic::now() + close_limit;
    }
    static std::array<std::byte, 16UL * 1024> dropped;
    for (int i = 0; i < reads_per_event; ++i) {
        const ReadResult result = os::read_available(entry.fd.get(), dropped);
        if (result.state == ReadResult::State::end) return remove(entry);
        if (result.state == ReadResult::State::nothing) break;
        entry.dropped += result.size;
        if (!entry.draining && entry.dropped > most_dropped_bytes) return remove(entry);
        if (entry.draining)
            entry.deadline = std::min(entry.last_deadline, base::Monotonic::now() + drain_stall_limit);
    }
    watch(entry, EPOLLIN | EPOLLRDHUP);
}

void EarlyAnswers::watch(Entry& entry, std::uint32_t events) {
    if (entry.watch) return entry.watch.rearm(events);
    auto watch = loop_.watch(entry.fd.get(), events, entry);
    if (!watch) return remove(entry);
    entry.watch = *std::move(watch);
}

void EarlyAnswers::remove(Entry& entry) {
    const std::size_t place = entry.place;
    entry.watch = {};
    os::close_without_lingering(std::move(entry.fd));
    entries_[place].reset();
    free_.push_back(place);
    --open_;
}

void EarlyAnswers::look_for_late_ones() {
    const auto now = base::Monotonic::now();
    for (const auto& entry : entries_) {
        if (entry && entry->deadline <= now) remove(*entry);
    }
    if (open_ > 0) timer_.start(look_interval, [this] { look_for_late_ones(); });
}

}  // namespace phalanx::master
