// What clients and workers can do to the dispatcher of a pool, in any order: connections that say anything
// and end anywhen, honest notes, and packets of every form with descriptors of every kind on a worker's
// channel. No process is needed: this file sits at the workers' ends and does with their notes what Staff
// does. Whatever one worker does, another that keeps the rules is never ended, and in the end no descriptor
// is left.

#include <sys/eventfd.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "choices.hpp"
#include "dispatcher.hpp"
#include "fastcgi/wire.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "sockets.hpp"

namespace phalanx::master {
namespace {

using fuzz::Choices;
using fuzz::require;
using link::MessageHead;
using link::MessageKind;
using os::UniqueFd;
using os::Waiting;

constexpr std::size_t worker_count = 3;
constexpr std::size_t client_count = 6;

class Pool;

/// As ForeignDescriptors, but it ends: what lies here is harmless to close.
class Kept {
  public:
    void take(UniqueFd fd) { keep(os::close_if_harmless(std::move(fd))); }
    void take(std::vector<UniqueFd> fds) {
        for (UniqueFd& fd : fds) take(std::move(fd));
    }
    void keep(UniqueFd fd) { fds_.push_back(std::move(fd)); }

  private:
    std::vector<UniqueFd> fds_;
};

/// One slot of the pool, both sides of its channel.
class Seat final : public ReadyHandler {
  public:
    Seat(Pool& its_pool, WorkerHandle& its_handle) : pool(its_pool), handle(its_handle) {}
    void on_ready(std::uint32_t) override;

    /// A job in the worker's hands.
    struct InHand {
        std::optional<link::ConnectionId> held;
        UniqueFd fd;
    };
    Pool& pool;
    WorkerHandle& handle;
    std::vector<InHand> jobs;
    bool honest = true;
};

class Pool final : public DispatchEvents {
  public:
    explicit Pool(Choices& choices) : choices_(choices) {
        settings_.queue_max_length = static_cast<std::int64_t>(1 + choices.below(client_count));
        // Nobody reads it.
        log_.set_level(log::Level::alert);
        for (std::size_t i = 0; i < worker_count; ++i) {
            workers_[i].slot = base::WorkerSlot(static_cast<std::uint16_t>(i));
            seats_.push_back(std::make_unique<Seat>(*this, workers_[i]));
        }
        require(dispatcher_.start().has_value());
        for (const auto& seat : seats_) join(*seat);
    }
    void live();
    void read_notes(Seat& seat);

  private:
    // DispatchEvents
    bool can_grow_on_demand() override { return choices_.yes(); }
    bool may_grow() const override { return false; }
    void connection_waits_for_growth() override {}
    bool lacks_workers() const override { return choices_.yes(); }
    void busy_workers(std::size_t count) override { require(count <= worker_count); }
    void worker_unreachable(WorkerHandle& worker) override { worker.life = WorkerLife::leaving; }
    void listener_harmed(ListenerHarm) override { require(false); }
    bool cannot_serve() const override { return choices_.below(16) == 0; }
    std::uint64_t requests_begun() const override { return choices_.byte(); }
    os::Backlog kernel_queue() override { return {choices_.byte(), choices_.byte()}; }
    std::uint64_t requests_begun_by(const WorkerHandle&) const override { return 0; }
    std::chrono::microseconds last_duration_of(const WorkerHandle&) const override { return {}; }

    void act();
    void act_as_client(UniqueFd& client);
    void act_as_worker(Seat& seat);
    void join(Seat& seat);
    void die(Seat& seat);
    void rule_broken(Seat& seat, Note& note);
    void take_message(Seat& seat);
    void part_from_job(Seat& seat);
    void give_accepted(Seat& seat);
    void lie(Seat& seat);
    UniqueFd any_descriptor(Seat& seat);
    link::ConnectionId any_connection();
    bool say(Seat& seat, const MessageHead& head, const std::string& bytes, std::span<const int> fds);

    static std::unique_ptr<EventLoop> make_loop() {
        auto loop = EventLoop::create();
        require(loop.has_value());
        return *std::move(loop);
    }
    static link::PoolPages make_pages() {
        auto pages = link::PoolPages::create({worker_count, 64, sizeof(status::PoolPage)});
        require(pages.has_value());
        return *std::move(pages);
    }

    Choices& choices_;
    std::unique_ptr<EventLoop> loop_ = make_loop();
    link::PoolPages pages_ = make_pages();
    UniqueFd listener_ = fuzz::listen_anywhere();
    UniqueFd wake_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::array<WorkerHandle, worker_count> workers_;
    std::vector<std::unique_ptr<Seat>> seats_;
    std::array<UniqueFd, client_count> clients_;
    Kept foreign_;
    config::PoolSettings settings_;
    log::ErrorLog log_;
    ConnectionBudget budget_{client_count};
    ConnectionShare share_{budget_, 0};
    ClientLog client_log_{log_, settings_};
    OwnPages own_pages_{{"/status", "/ping", "pong", {}, [] { return status::PoolSnapshot{}; }}};
    Dispatcher dispatcher_{{*loop_, *this, settings_, pages_, workers_, listener_.get(), wake_.get(), share_,
                            client_log_, own_pages_}};
};

void Seat::on_ready(std::uint32_t) {
    pool.read_notes(*this);
}

void Pool::live() {
    while (!choices_.none_left()) act();
    loop_->run_ready();
    for (const auto& seat : seats_) die(*seat);
    dispatcher_.drain();
    loop_->run_ready();
    while (os::accept_connection(listener_.get()).fd) continue;
    // Connections may lie in it that a worker gave after it had broken the rules.
    foreign_ = {};
    for (const UniqueFd& client : clients_) require(!client || fuzz::is_closed_by_peer(client));
}

void Pool::act() {
    switch (choices_.below(4)) {
        case 0:
            return act_as_client(clients_[choices_.below(client_count)]);
        case 1:
        case 2:
            return act_as_worker(*seats_[choices_.below(worker_count)]);
        default:
            loop_->run_ready();
    }
}

void Pool::act_as_client(UniqueFd& client) {
    if (!client) client = fuzz::connect_to(listener_);
    const std::string request = fastcgi::wire::request("", /*flags=*/choices_.yes() ? 1 : 0);
    switch (choices_.below(5)) {
        case 0:
            return fuzz::send_some(client, request);
        case 1:
            return fuzz::send_some(client, request.substr(0, choices_.byte()));
        case 2:
            return fuzz::send_some(client, choices_.text(choices_.byte()));
        case 3:
            (void)::shutdown(client.get(), SHUT_WR);
            return;
        default:
            client.reset();
    }
}

void Pool::act_as_worker(Seat& seat) {
    switch (choices_.below(8)) {
        case 0:
            pages_.set_idle(seat.handle.slot);
            if (pages_.master().wake.load() != 0) (void)::eventfd_write(wake_.get(), 1);
            return;
        case 1:
            return take_message(seat);
        case 2:
            return part_from_job(seat);
        case 3:
            return give_accepted(seat);
        case 4:
            return lie(seat);
        case 5:
            // The page is the workers' to write: anything may stand there.
            return pages_.workers().idle[0].store(std::uint64_t{choices_.number()} << 32U |
                                                  choices_.number());
        case 6:
            os::stop_receiving(seat.handle.channel.there());
            return;
        default:
            die(seat);
            join(seat);
    }
}

void Pool::join(Seat& seat) {
    auto channel = JobChannel::create();
    require(channel.has_value());
    seat.handle.channel = *std::move(channel);
    auto watch = loop_->watch(seat.handle.channel.here(), EPOLLIN, seat);
    require(watch.has_value());
    seat.handle.channel_watch = *std::move(watch);
    seat.handle.life = WorkerLife::serving;
    seat.honest = true;
    dispatcher_.worker_joined(seat.handle.slot);
}

void Pool::die(Seat& seat) {
    seat.jobs.clear();
    if (seat.handle.channel_watch) read_notes(seat);
    // Every other one leaves a client behind whom nobody has answered.
    dispatcher_.recover(
        seat.handle, seat.handle.slot.number() % 2 == 0 ? std::optional(LostAnswer{502, 1}) : std::nullopt);
    seat.handle.channel_watch = {};
    foreign_.keep(seat.handle.channel.close());
    seat.handle.life = WorkerLife::absent;
}

void Pool::read_notes(Seat& seat) {
    while (seat.handle.channel_watch) {
        Note note;
        const auto received = seat.handle.channel.receive(note);
        if (received == JobChannel::Received::nothing) return;
        if (received == JobChannel::Received::lost) continue;
        if (received == JobChannel::Received::malformed || !dispatcher_.take_note(seat.handle, note))
            rule_broken(seat, note);
    }
}

void Pool::rule_broken(Seat& seat, Note& note) {
    require(!seat.honest);
    foreign_.take(std::move(note.fd));
    foreign_.take(std::move(note.surplus));
    seat.handle.channel_watch = {};
    seat.handle.life = WorkerLife::leaving;
    dispatcher_.worker_left(seat.handle.slot);
}

void Pool::take_message(Seat& seat) {
    static std::array<std::byte, link::max_message_bytes> room;
    auto message = os::receive_message(seat.handle.channel.there(), room, 2, Waiting::no);
    if (message.state != os::ReceivedMessage::State::message) return;
    MessageHead head;
    require(!message.cut && message.size >= sizeof head);
    std::memcpy(&head, room.data(), sizeof head);
    require(head.kind == MessageKind::job || head.kind == MessageKind::recheck);
    if (head.kind != MessageKind::job) return;
    const bool in_memory = (head.flags & link::flag_in_memory) != 0;
    require(message.fds.size() == (in_memory ? 2 : 1));
    require(in_memory || message.size == sizeof head + head.size);
    Seat::InHand job{{}, std::move(message.fds[0])};
    if ((head.flags & link::flag_master_holds) != 0) job.held = head.connection;
    seat.jobs.push_back(std::move(job));
}

void Pool::part_from_job(Seat& seat) {
    if (seat.jobs.empty()) return;
    const auto place = seat.jobs.begin() + static_cast<std::ptrdiff_t>(choices_.below(seat.jobs.size()));
    Seat::InHand job = std::move(*place);
    seat.jobs.erase(place);
    const bool closed = choices_.yes();
    if (closed) os::end_connection(job.fd.get());
    if (closed && !job.held) return;
    const std::string leftover = choices_.text(choices_.byte());
    MessageHead head{MessageKind::kept, closed ? link::flag_closed : 0, {}, 0};
    head.size = static_cast<std::uint32_t>(leftover.size());
    if (job.held) {
        head.connection = *job.held;
        (void)say(seat, head, leftover, {});
    } else {
        head.kind = MessageKind::give;
        head.flags = link::flag_served;
        const int fd = job.fd.get();
        (void)say(seat, head, leftover, std::span(&fd, 1));
    }
}

void Pool::give_accepted(Seat& seat) {
    const os::Accepted accepted = os::accept_connection(listener_.get());
    if (accepted.state != os::Accepted::State::connection) return;
    const std::string seen = choices_.text(choices_.byte());
    const MessageHead head{MessageKind::give, 0, {}, static_cast<std::uint32_t>(seen.size())};
    const int fd = accepted.fd.get();
    (void)say(seat, head, seen, std::span(&fd, 1));
}

/// A packet that an honest worker may or may not send.
void Pool::lie(Seat& seat) {
    seat.honest = false;
    const std::string bytes = choices_.text(choices_.byte());
    MessageHead head{static_cast<MessageKind>(choices_.byte()), choices_.byte(), any_connection(), 0};
    head.size = choices_.yes() ? static_cast<std::uint32_t>(bytes.size()) : choices_.number();
    std::vector<UniqueFd> fds;
    for (std::size_t count = choices_.below(4); count > 0; --count) fds.push_back(any_descriptor(seat));
    std::vector<int> numbers;
    for (const UniqueFd& fd : fds) {
        if (fd) numbers.push_back(fd.get());
    }
    if (choices_.below(8) != 0) {
        (void)say(seat, head, bytes, numbers);
    } else {
        // Without a whole head; empty where there are no bytes.
        (void)os::send_message(seat.handle.channel.there(), std::as_bytes(std::span(bytes)), {}, numbers,
                               Waiting::no);
    }
}

UniqueFd Pool::any_descriptor(Seat& seat) {
    switch (const std::size_t kind = choices_.below(8 + fuzz::odd_descriptors)) {
        case 0:
            return seat.jobs.empty() ? UniqueFd() : fuzz::duplicate(seat.jobs.front().fd.get());
        case 1:
            return fuzz::duplicate(listener_.get());
        case 2:
            return fuzz::duplicate(wake_.get());
        case 3:
            return fuzz::duplicate(seat.handle.channel.there());
        case 4:
            return fuzz::duplicate(pages_.workers_fd());
        case 5:
            return fuzz::duplicate(clients_[choices_.below(client_count)].get());
        case 6:
        case 7:
            return os::accept_connection(listener_.get()).fd;
        default:
            return fuzz::odd_descriptor(kind - 8);
    }
}

link::ConnectionId Pool::any_connection() {
    const Seat& seat = *seats_[choices_.below(worker_count)];
    if (!seat.jobs.empty() && seat.jobs.front().held) return *seat.jobs.front().held;
    if (choices_.yes()) return {choices_.byte(), choices_.byte()};
    return {choices_.number(), choices_.number()};
}

bool Pool::say(Seat& seat, const MessageHead& head, const std::string& bytes, std::span<const int> fds) {
    const auto payload = std::as_bytes(std::span(bytes));
    return os::send_message(seat.handle.channel.there(), link::bytes_of(head), payload, fds, Waiting::no) ==
           os::SendResult::sent;
}

}  // namespace
}  // namespace phalanx::master

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int before = phalanx::fuzz::lowest_free_descriptor();
    {
        phalanx::fuzz::Choices choices(std::span(data, size));
        phalanx::master::Pool pool(choices);
        pool.live();
    }
    phalanx::fuzz::require(phalanx::fuzz::lowest_free_descriptor() == before);
    return 0;
}
