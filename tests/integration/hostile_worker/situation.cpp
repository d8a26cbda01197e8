#include "situation.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

namespace phalanx::hostile {

using link::MessageHead;
using link::MessageKind;
using os::ReceivedMessage;
using os::SendResult;
using os::Waiting;

bool say(const Situation& here, MessageKind kind, std::string_view bytes, std::span<const int> fds,
         link::ConnectionId connection, std::uint32_t flags) {
    const MessageHead head{kind, flags, connection, static_cast<std::uint32_t>(bytes.size())};
    return os::send_message(here.channel, link::bytes_of(head), std::as_bytes(std::span(bytes)), fds,
                            Waiting::yes) == SendResult::sent;
}

bool say_bytes(const Situation& here, std::string_view bytes, std::span<const int> fds) {
    return os::send_message(here.channel, std::as_bytes(std::span(bytes)), {}, fds, Waiting::yes) ==
           SendResult::sent;
}

bool receive_order(Order& order) {
    std::array<std::byte, sizeof(MessageHead) + link::max_spawn_batch * sizeof(link::SpawnOrder)> room;
    for (;;) {
        ReceivedMessage message =
            os::receive_message(link::template_channel_fd, room, link::max_spawn_batch * 3, Waiting::yes);
        if (message.state == ReceivedMessage::State::end) return false;
        MessageHead head;
        if (message.state != ReceivedMessage::State::message || message.size < sizeof head) continue;
        std::memcpy(&head, room.data(), sizeof head);
        if (head.kind != MessageKind::spawn) continue;
        order.workers.resize((message.size - sizeof head) / sizeof(link::SpawnOrder));
        std::memcpy(order.workers.data(), room.data() + sizeof head,
                    order.workers.size() * sizeof(link::SpawnOrder));
        order.fds = std::move(message.fds);
        return true;
    }
}

void live_under_the_master(const Situation& here) {
    while (::getppid() != here.settings.master_pid) ::usleep(200);
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != here.settings.master_pid) ::_exit(70);
}

void do_nothing_more() {
    for (;;) ::pause();
}

namespace {

[[noreturn]] void be_a_worker(Situation& here, const std::function<void(Situation&)>& life) {
    live_under_the_master(here);
    say(here, MessageKind::hello);
    life(here);
    do_nothing_more();
}

}  // namespace

void serve_orders(Situation& here, const std::function<void(Situation&)>& life) {
    for (Order order; receive_order(order);) {
        const pid_t parent = ::fork();
        if (parent > 0) (void)::waitpid(parent, nullptr, 0);
        if (parent != 0) continue;
        for (std::size_t i = 0; i < order.workers.size(); ++i) {
            if (::fork() != 0) continue;
            ::close(link::template_channel_fd);
            here.slot = order.workers[i].slot;
            here.channel = order.fds[i].release();
            const std::size_t out = order.workers.size() + 2 * i;
            if (out < order.fds.size()) (void)::dup2(order.fds[out].get(), STDOUT_FILENO);
            order.fds.clear();
            be_a_worker(here, life);
        }
        ::_exit(0);
    }
}

}  // namespace phalanx::hostile
