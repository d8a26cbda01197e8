#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "phalanx/os/stream_socket.hpp"
#include "phalanx/status/scoreboard.hpp"
#include "situation.hpp"

namespace phalanx::hostile {
namespace {

using link::MessageKind;

// --- on the channel

void send_garbage(Situation& here) {
    say_bytes(here, std::string(40'000, '\xa5'));
}
void send_half_a_head(Situation& here) {
    say_bytes(here, "short");
}
void send_nothing(Situation& here) {
    while (say_bytes(here, {})) {
    }
}
void say_hello_without_end(Situation& here) {
    while (say(here, MessageKind::hello)) {
    }
}
void return_what_it_never_had(Situation& here) {
    for (std::uint32_t i = 0; say(here, MessageKind::kept, {}, {}, {i, i}); ++i) {
    }
}
std::string note_of_slow_client(std::uint32_t how) {
    std::string note(sizeof(link::SlowClientNote), '\n');
    std::memcpy(note.data(), &how, sizeof how);
    return note;
}
void tell_of_slow_clients_without_end(Situation& here) {
    const std::string note = note_of_slow_client(0);
    while (say(here, MessageKind::slow_client, note)) {
    }
}
void tell_nonsense_of_slow_clients(Situation& here) {
    say(here, MessageKind::slow_client, note_of_slow_client(7));
}
void tell_too_much_of_slow_clients(Situation& here) {
    say(here, MessageKind::slow_client, note_of_slow_client(1) + '\n');
}
void give_a_slow_client(Situation& here) {
    say(here, MessageKind::slow_client, note_of_slow_client(1), {&here.channel, 1});
}
void never_read(Situation& here) {
    for (;;) {
        here.pages.set_idle(base::WorkerSlot(here.slot));
        ::usleep(1000);
    }
}
void close_channel(Situation& here) {
    ::close(here.channel);
}
void shut_channel(Situation& here) {
    (void)::shutdown(here.channel, SHUT_RDWR);
}
void shut_outbox(Situation& here) {
    (void)::shutdown(here.channel, SHUT_WR);
}
void shut_inbox(Situation& here) {
    (void)::shutdown(here.channel, SHUT_RD);
    here.pages.set_idle(base::WorkerSlot(here.slot));
}

// --- with descriptors

void give(Situation& here, const os::UniqueFd& fd, std::size_t times = 1) {
    const std::vector<int> fds(times, fd.get());
    say(here, MessageKind::give, {}, fds);
}
void give_pipe(Situation& here) {
    std::array<int, 2> ends{};
    (void)!::pipe(ends.data());
    give(here, os::UniqueFd(ends[0]));
}
void give_files(Situation& here) {
    give(here, os::UniqueFd(::memfd_create("strange", 0)), os::max_message_fds);
}
void give_epoll_set(Situation& here) {
    const os::UniqueFd set(::epoll_create1(0));
    epoll_event everything{EPOLLIN, {}};
    (void)::epoll_ctl(set.get(), EPOLL_CTL_ADD, here.channel, &everything);
    give(here, set);
}
void give_listener(Situation& here) {
    give(here, here.listener);
}
void give_unconnected_socket(Situation& here) {
    give(here, os::UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)));
}
void give_channel(Situation& here) {
    give(here, os::UniqueFd(::dup(here.channel)));
}
/// A socket in whose queue another one lies, and so on.
void give_nested_sockets(Situation& here) {
    os::UniqueFd inner(::memfd_create("strange", 0));
    for (int depth = 0; depth < 3; ++depth) {
        auto pair = os::make_message_pair();
        const int fd = inner.get();
        (void)os::send_message(pair->here.get(), link::bytes_of(depth), {}, {&fd, 1}, os::Waiting::no);
        inner = std::move(pair->there);
    }
    give(here, inner);
}

// --- with the listener

void spoil_options(Situation& here) {
    const linger wait{1, 30};
    const timeval limit{30, 0};
    const int much = 1 << 20;
    for (const int fd : {here.listener.get(), here.channel}) {
        (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait, sizeof wait);
        (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        (void)::setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &much, sizeof much);
        (void)::setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &much, sizeof much);
        (void)::fcntl(fd, F_SETOWN, here.settings.master_pid);
        (void)::fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC);
    }
}

void make_blocking(Situation& here) {
    for (;;) {
        (void)::fcntl(here.listener.get(), F_SETFL, O_RDWR);
        ::usleep(1000);
    }
}
void shut_listener(Situation& here) {
    (void)::shutdown(here.listener.get(), SHUT_RDWR);
}
void shut_reading(Situation& here) {
    (void)::shutdown(here.listener.get(), SHUT_RD);
}
void give_one_again_and_again(Situation& here) {
    os::UniqueFd connection;
    while (!connection) connection = os::accept_connection(here.listener.get()).fd;
    const int fd = connection.get();
    while (say(here, MessageKind::give, {}, {&fd, 1})) {
    }
}

// --- with the wake-up counter

void take_the_wakeups(Situation& here) {
    (void)::fcntl(here.wake.get(), F_SETFL, O_RDWR);
    const std::uint64_t one = 1;
    for (std::uint64_t count = 0;;) {
        (void)!::write(here.wake.get(), &one, sizeof one);
        (void)!::read(here.wake.get(), &count, sizeof count);
    }
}
void wake_without_end(Situation& here) {
    const std::uint64_t one = 1;
    for (;;) (void)!::write(here.wake.get(), &one, sizeof one);
}

// --- on the standard output

void talk_without_end(Situation&) {
    const std::string line = std::string(200, 'x') + '\n';
    for (;;) (void)!::write(STDOUT_FILENO, line.data(), line.size());
}

// --- in the shared memory

void scribble(Situation& here) {
    const auto slots = here.pages.slot_area();
    for (unsigned value = 0;; value = value * 5 + 1) {
        for (auto& word : here.pages.workers().idle) word.store(~std::uint64_t{0});
        std::memset(slots.data(), static_cast<int>(value & 0xffU), slots.size());
    }
}
void claim_that_all_are_idle(Situation& here) {
    for (;;) {
        for (auto& word : here.pages.workers().idle) word.store(~std::uint64_t{0});
    }
}

// --- as a process

void stop_itself(Situation& here) {
    here.pages.set_idle(base::WorkerSlot(here.slot));
    (void)::raise(SIGSTOP);
}
void leave_children(Situation& here) {
    if (::fork() == 0) {
        live_under_the_master(here);
        do_nothing_more();
    }
    ::_exit(0);
}
void claim_a_request_and_exit(Situation& here) {
    status::slots_in(here.pages.slot_area())[here.slot].requests.store(1);
    ::_exit(0);
}
void claim_a_request_and_die(Situation& here) {
    status::slots_in(here.pages.slot_area())[here.slot].requests.store(1);
    (void)::raise(SIGKILL);
}
void exit_over_each_job(Situation& here) {
    here.pages.set_idle(base::WorkerSlot(here.slot));
    std::array<std::byte, 64> room;
    (void)os::receive_message(here.channel, room, 2, os::Waiting::yes);
    ::_exit(1);
}
// --- as a template

void talk_as_a_template(Situation& here) {
    say(here, MessageKind::ready);
    talk_without_end(here);
}

void never_be_ready(Situation&) {
    do_nothing_more();
}
void be_ready_without_end(Situation& here) {
    while (say(here, MessageKind::ready)) {
    }
    do_nothing_more();
}
void be_ready_and_exit(Situation& here) {
    say(here, MessageKind::ready);
}
void fail_without_end(Situation& here) {
    while (say(here, MessageKind::failed, std::string(link::max_inline_bytes, 'x'))) {
    }
    do_nothing_more();
}
void send_traces_unasked(Situation& here) {
    say(here, MessageKind::ready);
    while (say(here, MessageKind::traced, "nonsense")) {
    }
    do_nothing_more();
}
void send_the_master_files(Situation& here) {
    const std::vector<int> fds(os::max_message_fds, ::memfd_create("strange", 0));
    while (say(here, MessageKind::ready, {}, fds)) {
    }
    do_nothing_more();
}
void make_no_workers(Situation& here) {
    say(here, MessageKind::ready);
    for (Order order; receive_order(order);) order = {};
}
void make_each_worker_twice(Situation& here) {
    say(here, MessageKind::ready);
    serve_orders(here, [](Situation& worker) {
        if (::fork() == 0) {
            live_under_the_master(worker);
            say(worker, MessageKind::hello);
        }
    });
}
void be_every_worker_itself(Situation& here) {
    say(here, MessageKind::ready);
    for (Order order; receive_order(order);) {
        for (std::size_t i = 0; i < order.workers.size(); ++i) {
            here.channel = order.fds[i].release();
            say(here, MessageKind::hello);
        }
    }
}
void speak_before_hello(Situation& here) {
    say(here, MessageKind::ready);
    for (Order order; receive_order(order);) {
        here.channel = order.fds[0].release();
        say_bytes(here, "short");
    }
}
/// The process that says hello on the channel is nobody's worker: its parent lives.
void send_a_stranger(Situation& here) {
    say(here, MessageKind::ready);
    for (Order order; receive_order(order);) {
        for (std::size_t i = 0; i < order.workers.size(); ++i) {
            here.channel = order.fds[i].get();
            if (::fork() != 0) continue;
            (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
            say(here, MessageKind::hello);
            do_nothing_more();
        }
    }
}

const std::array of_workers{
    Misdeed{"sends_garbage", send_garbage},
    Misdeed{"sends_half_a_head", send_half_a_head},
    Misdeed{"sends_nothing", send_nothing},
    Misdeed{"says_hello_without_end", say_hello_without_end},
    Misdeed{"returns_what_it_never_had", return_what_it_never_had},
    Misdeed{"tells_of_slow_clients_without_end", tell_of_slow_clients_without_end},
    Misdeed{"tells_nonsense_of_slow_clients", tell_nonsense_of_slow_clients},
    Misdeed{"tells_too_much_of_slow_clients", tell_too_much_of_slow_clients},
    Misdeed{"gives_a_slow_client", give_a_slow_client},
    Misdeed{"never_reads", never_read},
    Misdeed{"closes_its_channel", close_channel},
    Misdeed{"shuts_its_channel", shut_channel},
    Misdeed{"shuts_its_outbox", shut_outbox},
    Misdeed{"shuts_its_inbox", shut_inbox},
    Misdeed{"gives_a_pipe", give_pipe},
    Misdeed{"gives_files", give_files},
    Misdeed{"gives_an_epoll_set", give_epoll_set},
    Misdeed{"gives_the_listener", give_listener},
    Misdeed{"gives_an_unconnected_socket", give_unconnected_socket},
    Misdeed{"gives_its_channel", give_channel},
    Misdeed{"gives_nested_sockets", give_nested_sockets},
    Misdeed{"spoils_options", spoil_options},
    Misdeed{"makes_the_listener_wait", make_blocking},
    Misdeed{"shuts_the_listener", shut_listener},
    Misdeed{"shuts_the_listeners_inbox", shut_reading},
    Misdeed{"gives_one_connection_again_and_again", give_one_again_and_again},
    Misdeed{"takes_the_wake_ups", take_the_wakeups},
    Misdeed{"wakes_without_end", wake_without_end},
    Misdeed{"talks_without_end", talk_without_end},
    Misdeed{"scribbles", scribble},
    Misdeed{"claims_that_all_are_idle", claim_that_all_are_idle},
    Misdeed{"stops_itself", stop_itself},
    Misdeed{"leaves_children", leave_children},
    Misdeed{"claims_a_request_and_exits", claim_a_request_and_exit},
    Misdeed{"claims_a_request_and_dies", claim_a_request_and_die},
    Misdeed{"exits_over_each_job", exit_over_each_job},
};

const std::array of_templates{
    Misdeed{"is_never_ready", never_be_ready},
    Misdeed{"is_ready_without_end", be_ready_without_end},
    Misdeed{"is_ready_and_exits", be_ready_and_exit},
    Misdeed{"fails_without_end", fail_without_end},
    Misdeed{"sends_traces_unasked", send_traces_unasked},
    Misdeed{"sends_files", send_the_master_files},
    Misdeed{"talks_without_end_as_a_template", talk_as_a_template},
    Misdeed{"makes_no_workers", make_no_workers},
    Misdeed{"makes_each_worker_twice", make_each_worker_twice},
    Misdeed{"is_every_worker_itself", be_every_worker_itself},
    Misdeed{"speaks_before_hello", speak_before_hello},
    Misdeed{"sends_a_stranger", send_a_stranger},
};

}  // namespace

std::span<const Misdeed> misdeeds_of_workers() {
    return of_workers;
}
std::span<const Misdeed> misdeeds_of_templates() {
    return of_templates;
}

}  // namespace phalanx::hostile
