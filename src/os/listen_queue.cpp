#include "phalanx/os/listen_queue.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

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

UnixQuestion question_about(std::uint32_t inode, std::uint32_t sequence, std::uint32_t show) {
    UnixQuestion question;
    question.head.nlmsg_len = sizeof question;
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST;
    question.head.nlmsg_seq = sequence;
    question.body.sdiag_family = AF_UNIX;
    question.body.udiag_states = 1U << listening_state;
    question.body.udiag_ino = inode;
    question.body.udiag_show = show;
    // Whatever cookie the socket has.
    question.body.udiag_cookie[0] = no_cookie;
    question.body.udiag_cookie[1] = no_cookie;
    return question;
}

/// One attribute's bytes, among those that follow the answer's head.
std::vector<std::byte> attribute_in(const std::byte* attributes, std::size_t size, std::uint16_t type) {
    while (size >= sizeof(rtattr)) {
        rtattr head{};
        std::memcpy(&head, attributes, sizeof head);
        if (head.rta_len < sizeof head || head.rta_len > size) return {};
        if (head.rta_type == type) return {attributes + sizeof head, attributes + head.rta_len};
        const std::size_t step = RTA_ALIGN(head.rta_len);
        if (step >= size) return {};
        attributes += step;
        size -= step;
    }
    return {};
}

template <typename Value>
std::optional<Value> value_of(const std::vector<std::byte>& attribute) {
    Value value{};
    if (attribute.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, attribute.data(), sizeof value);
    return value;
}

/// The kernel's own form of a device's number, which is not the one that programs see.
dev_t device_from_kernel(std::uint32_t number) {
    constexpr unsigned minor_bits = 20;
    return makedev(number >> minor_bits, number & ((1U << minor_bits) - 1));
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
    const auto length = value_of<unix_diag_rqlen>(ask(listener, UDIAG_SHOW_RQLEN, UNIX_DIAG_RQLEN));
    if (!length) return std::nullopt;
    return Backlog{length->udiag_rqueue, length->udiag_wqueue};
}

std::optional<BoundFile> ListenQueues::file_of(int listener) {
    const auto file = value_of<unix_diag_vfs>(ask(listener, UDIAG_SHOW_VFS, UNIX_DIAG_VFS));
    if (!file) return std::nullopt;
    return BoundFile{device_from_kernel(file->udiag_vfs_dev), file->udiag_vfs_ino};
}

std::vector<std::byte> ListenQueues::ask(int socket, std::uint32_t show, std::uint16_t type) {
    struct stat file {};
    if (unavailable_ || ::fstat(socket, &file) != 0) return {};
    if (!netlink_) {
        netlink_ = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
        unavailable_ = !netlink_;
        if (unavailable_) return {};
    }
    const UnixQuestion question = question_about(static_cast<std::uint32_t>(file.st_ino), ++sequence_, show);
    if (::send(netlink_.get(), &question, sizeof question, MSG_DONTWAIT) != sizeof question) return {};
    // The kernel has answered by the time send() returns. An older answer that was never fetched is passed
    // over.
    alignas(nlmsghdr) std::array<std::byte, 1024> answer{};
    for (;;) {
        const ssize_t got = ::recv(netlink_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
        constexpr std::size_t fixed = NLMSG_HDRLEN + sizeof(unix_diag_msg);
        if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return {};
        nlmsghdr head{};
        std::memcpy(&head, answer.data(), sizeof head);
        if (head.nlmsg_seq != sequence_) continue;
        const auto size = static_cast<std::size_t>(got);
        if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || size < fixed) return {};
        return attribute_in(answer.data() + fixed, size - fixed, type);
    }
}

}  // namespace phalanx::os
