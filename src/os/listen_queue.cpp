#include "phalanx/os/listen_queue.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstring>

namespace phalanx::os {
namespace {

constexpr std::uint32_t listening_state = 10;  // TCP_LISTEN, which sock_diag uses for Unix sockets too
constexpr std::uint32_t no_cookie = ~0U;

struct UnixQuestion {
    nlmsghdr head{};
    unix_diag_req body{};
};

UnixQuestion question_about(std::uint32_t inode, std::uint32_t sequence) {
    UnixQuestion question;
    question.head.nlmsg_len = sizeof question;
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST;
    question.head.nlmsg_seq = sequence;
    question.body.sdiag_family = AF_UNIX;
    question.body.udiag_states = 1U << listening_state;
    question.body.udiag_ino = inode;
    question.body.udiag_show = UDIAG_SHOW_RQLEN;
    // Whatever cookie the socket has.
    question.body.udiag_cookie[0] = no_cookie;
    question.body.udiag_cookie[1] = no_cookie;
    return question;
}

/// The attribute with the queue's length, among those that follow the answer's head.
std::optional<Backlog> backlog_in(const std::byte* attributes, std::size_t size) {
    while (size >= sizeof(rtattr)) {
        rtattr head{};
        std::memcpy(&head, attributes, sizeof head);
        if (head.rta_len < sizeof head || head.rta_len > size) return std::nullopt;
        if (head.rta_type == UNIX_DIAG_RQLEN && head.rta_len >= sizeof head + sizeof(unix_diag_rqlen)) {
            unix_diag_rqlen length{};
            std::memcpy(&length, attributes + sizeof head, sizeof length);
            return Backlog{length.udiag_rqueue, length.udiag_wqueue};
        }
        const std::size_t step = RTA_ALIGN(head.rta_len);
        if (step >= size) return std::nullopt;
        attributes += step;
        size -= step;
    }
    return std::nullopt;
}

std::optional<Backlog> tcp_backlog(int listener) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    // For a listening socket the kernel reports its accept queue in these two fields.
    return Backlog{info.tcpi_unacked, info.tcpi_sacked};
}

}  // namespace

std::optional<Backlog> ListenQueues::look(int listener) {
    int family = 0;
    socklen_t size = sizeof family;
    if (::getsockopt(listener, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) return std::nullopt;
    if (family != AF_UNIX) return tcp_backlog(listener);
    struct stat file {};
    if (unavailable_ || ::fstat(listener, &file) != 0) return std::nullopt;
    return look_at_unix_socket(static_cast<std::uint32_t>(file.st_ino));
}

std::optional<Backlog> ListenQueues::look_at_unix_socket(std::uint32_t inode) {
    if (!netlink_) {
        netlink_ = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
        unavailable_ = !netlink_;
        if (unavailable_) return std::nullopt;
    }
    const UnixQuestion question = question_about(inode, ++sequence_);
    if (::send(netlink_.get(), &question, sizeof question, MSG_DONTWAIT) != sizeof question)
        return std::nullopt;
    // The kernel has answered by the time send() returns. An older answer that was never fetched is passed
    // over.
    alignas(nlmsghdr) std::array<std::byte, 1024> answer{};
    for (;;) {
        const ssize_t got = ::recv(netlink_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
        constexpr std::size_t fixed = NLMSG_HDRLEN + sizeof(unix_diag_msg);
        if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return std::nullopt;
        nlmsghdr head{};
        std::memcpy(&head, answer.data(), sizeof head);
        if (head.nlmsg_seq != sequence_) continue;
        const auto size = static_cast<std::size_t>(got);
        if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || size < fixed) return std::nullopt;
        return backlog_in(answer.data() + fixed, size - fixed);
    }
}

}  // namespace phalanx::os
