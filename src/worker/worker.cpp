#include "worker.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "phalanx/fastcgi/head_scanner.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "script_child.hpp"
#include "worker_start.hpp"

namespace phalanx::worker {
namespace {

using fastcgi::HeadScanner;
using link::Came;
using link::Found;
using link::Inbox;
using link::MessageHead;
using link::MessageKind;
using link::WorkerStep;
using os::ReceivedMessage;
using os::Waiting;

/// False: nobody waits for this worker any more.
bool say_hello(int channel) {
    const MessageHead hello{MessageKind::hello, 0, {}, 0};
    return os::send_message(channel, link::bytes_of(hello), {}, {}, Waiting::yes) == os::SendResult::sent;
}

}  // namespace

Worker::Worker(Inheritance& inherited, OwnParts& own)
    : inherited_(inherited),
      own_(own),
      tenure_(inherited.settings, std::move(inherited.memory)),
      session_(inherited, own, *this),
      linger_(inherited, own.slot, control_seen_),
      door_(inherited.listener.get(), own.channel.get(), own.slot) {}

int Worker::run() {
    if (!say_hello(own_.channel.get())) return 0;
    for (auto step = WorkerStep::check_control; step != WorkerStep::gone;) step = link::advance(step, *this);
    return exit_code_;
}

void Worker::become_script_child() {
    forget_worker_signals();
    session_.become_script_child();
    client_ = {};
    door_.forget();
    own_.channel.reset();
    inherited_.listener.reset();
    inherited_.wake.reset();
    inherited_.access_log.reset();
}

bool Worker::control_changed() {
    if (leave_requested()) return true;
    const std::uint32_t control = inherited_.pages.master().control[own_.slot.number()].load();
    const bool changed = control != control_seen_;
    control_seen_ = control;
    return changed;
}

Inbox Worker::take_message() {
    const Inbox found = receive(Waiting::no);
    // Where one job lay another may: the next look is to find a change again.
    if (found == Inbox::job) --control_seen_;
    return found;
}

bool Worker::others_wait_or_draining() const {
    const link::MasterPage& master = inherited_.pages.master();
    return master.line.load() != 0 || master.draining.load() != 0;
}

Found Worker::accept_request() {
    yield_at_work_.give_way();
    if (!take_connection()) {
        // Where there was one after the other the next client may be about to connect: to let it run costs
        // less than to sleep and be woken.
        yield_before_sleep_.give_way();
        if (!take_connection()) return Found::none;
    }
    return look_at_head(std::chrono::milliseconds(0));
}

Found Worker::accept_at_door() {
    if (take_connection()) return look_at_head(head_patience);
    // Mostly another was faster. A listener that is out of order would be reported again and again.
    if (os::is_shut_down(inherited_.listener.get())) door_.shut();
    return Found::none;
}

bool Worker::take_connection() {
    os::Accepted accepted = os::accept_connection(inherited_.listener.get());
    const bool is_in_order = accepted.state == os::Accepted::State::none || accepted.fd;
    if (!is_in_order) door_.shut();
    if (accepted.state == os::Accepted::State::exhausted) {
        lacked_memory_ = true;
        // Leaves, as php-fpm's workers do: whoever waits there is for its successor.
        if (!os::can_open_descriptor()) os::stop_receiving(own_.channel.get());
    }
    if (!accepted.fd) return false;
    let_go();
    client_ = Client{std::move(accepted.fd), std::nullopt, {}, 0, false};
    return true;
}

/// Whether the request of a connection that was accepted is here.
Found Worker::look_at_head(std::chrono::milliseconds patience) {
    if (!session_.admits(client_.fd.get())) {
        client_ = {};
        return Found::given_back;
    }
    os::ReadResult read = os::read_available(client_.fd.get(), first_look_);
    if (read.state == os::ReadResult::State::nothing) {
        // Web servers send right after they connect: a moment later it is usually here.
        yield_before_sleep_.give_way();
        read = os::read_available(client_.fd.get(), first_look_);
    }
    if (read.state == os::ReadResult::State::nothing && patience.count() > 0 &&
        os::await_bytes_or_message(client_.fd.get(), own_.channel.get(), patience) == os::Came::bytes) {
        read = os::read_available(client_.fd.get(), first_look_);
    }
    client_.bytes = std::span(first_look_).first(read.size);
    HeadScanner scanner;
    if (read.state == os::ReadResult::State::bytes) scanner.feed(client_.bytes);
    if (scanner.verdict() != HeadScanner::Verdict::incomplete) return Found::request;
    if (read.state != os::ReadResult::State::end) give_to_master(client_, client_.bytes, 0);
    client_ = {};
    return Found::given_back;
}

void Worker::wake_master() {
    const std::uint64_t one = 1;
    (void)!::write(inherited_.wake.get(), &one, sizeof one);
}

Came Worker::wait() {
    if (!client_.fd) return door_.wait();
    const Came came = linger_.wait(client_.fd.get(), own_.channel.get());
    if (came == Came::nothing) let_go();
    return came;
}

void Worker::hand_on() {
    if (client_.goes_on) return let_go();
    give_to_master(client_, client_.bytes, 0);
    client_ = {};
}

void Worker::stop_receiving() {
    is_leaving_ = true;
    let_go();
    os::stop_receiving(own_.channel.get());
}

Inbox Worker::receive(Waiting waiting) {
    ReceivedMessage message = os::receive_message(own_.channel.get(), packet_, 2, waiting);
    if (message.state == ReceivedMessage::State::nothing) return Inbox::nothing;
    if (message.state == ReceivedMessage::State::end || message.size < sizeof(MessageHead)) {
        inbox_ended_ = true;
        return Inbox::leave;
    }
    MessageHead head;
    std::memcpy(&head, packet_.data(), sizeof head);
    switch (head.kind) {
        case MessageKind::job:
            return take_job(head, message);
        case MessageKind::recheck:
            return Inbox::recheck;
        case MessageKind::leave:
            return Inbox::leave;
        case MessageKind::replace_log:
            if (!message.fds.empty()) session_.replace_access_log(std::move(message.fds[0]));
            return Inbox::settled;
        default:
            return Inbox::settled;
    }
}

Inbox Worker::take_job(const MessageHead& head, ReceivedMessage& message) {
    // No descriptor was left for it: the job is lost, and so would be those to come.
    const std::size_t carried = (head.flags & link::flag_in_memory) != 0 ? 2 : 1;
    if (message.fds.size() < carried) return Inbox::leave;
    let_go();
    client_ = Client{std::move(message.fds[0]), std::nullopt, {}, head.waited_usec, false};
    if ((head.flags & link::flag_master_holds) != 0) client_.held = head.connection;
    client_.bytes = std::span(packet_).subspan(sizeof head, message.size - sizeof head);
    if ((head.flags & link::flag_in_memory) != 0) {
        auto mapping = os::Mapping::map(message.fds[1].get(), head.size, os::Access::read_only);
        if (mapping) job_memory_ = *std::move(mapping);
        client_.bytes = job_memory_.bytes();
    }
    return Inbox::job;
}

bool Worker::serve_and_stay() {
    if (!session_.admits(client_.fd.get())) {
        part_from(client_, {});
        return true;
    }
    const Session::Result result =
        session_.serve({client_.fd.get(), client_.bytes, client_.waited_usec, client_.goes_on}, tenure_);
    if (may_stay(result)) {
        client_ = Client{std::move(client_.fd), client_.held, {}, 0, /*goes_on=*/true};
    } else {
        part_from(client_, result);
    }
    job_memory_ = {};
    if (std::exchange(lacked_memory_, false)) door_.open();
    if (result.exit_code) {
        exit_code_ = *result.exit_code;
        return false;
    }
    return !result.tenure_is_over;
}

/// Only where the master holds the connection too: should this worker be killed, it answers.
bool Worker::may_stay(const Session::Result& result) {
    return result.end == Session::End::kept && client_.held && result.leftover.empty() &&
           !result.tenure_is_over && !result.exit_code && !is_leaving_ && linger_.is_worth_it();
}

void Worker::let_go() {
    if (client_.goes_on) part_from(client_, {Session::End::kept, {}, std::nullopt});
}

void Worker::take_early(std::span<const std::byte> behind) noexcept {
    // What was read of the request stays where it is: its script may still read the body.
    part_from(client_, {Session::End::kept, behind, std::nullopt});
}

void Worker::part_from(Client& client, const Session::Result& result) {
    if (result.end == Session::End::taken_early) return;
    if (client.held) {
        if (result.end == Session::End::closed) os::end_connection(client.fd.get());
        const std::uint32_t flags = result.end == Session::End::closed ? link::flag_closed
                                    : result.end == Session::End::closing
                                        ? link::flag_closed | link::flag_drain
                                        : 0;
        say({MessageKind::kept, flags, *client.held, static_cast<std::uint32_t>(result.leftover.size())},
            result.leftover, -1);
    } else if (result.end == Session::End::kept) {
        give_to_master(client, result.leftover, link::flag_served);
    } else if (result.end == Session::End::closing) {
        give_to_master(client, {}, link::flag_drain);
    }
    client = {};
}

void Worker::give_to_master(Client& client, std::span<const std::byte> bytes, std::uint32_t flags) {
    say({MessageKind::give, flags, {}, static_cast<std::uint32_t>(bytes.size())}, bytes, client.fd.get());
}

void Worker::say(const MessageHead& head, std::span<const std::byte> bytes, int fd) {
    const std::span<const int> fds(&fd, fd >= 0 ? 1 : 0);
    (void)os::send_message(own_.channel.get(), link::bytes_of(head), bytes, fds, Waiting::yes);
}

int run_worker(Inheritance& inherited, OwnParts own, pid_t batch_parent) {
    if (!become_child_of_master(inherited, batch_parent)) return 70;
    if (!start_as_worker(inherited, own)) {
        // So that the master knows whose end it is, says it, and does not hurry to replace it.
        (void)say_hello(own.channel.get());
        return 70;
    }
    // One that starts very late has been given up, and its slot in the shared pages may be a successor's.
    if (os::peer_is_gone(own.channel.get())) return 0;
    Worker worker(inherited, own);
    watch_forks_of(worker);
    return worker.run();
}

}  // namespace phalanx::worker
