#include "harness/notify_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace phalanx::harness {

std::string Notice::value(std::string_view name) const {
    const std::string lines = "\n" + text;
    const std::string begin = "\n" + std::string(name) + "=";
    const std::size_t found = lines.find(begin);
    if (found == std::string::npos) return {};
    const std::size_t from = found + begin.size();
    return lines.substr(from, lines.find('\n', from) - from);
}

NotifySocket::NotifySocket(const std::filesystem::path& path)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_storage storage{};
    const socklen_t length = Address::unix_path(path).fill(storage);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
}

Notice NotifySocket::next(milliseconds deadline) {
    Notice notice;
    std::array<char, 4096> buffer{};
    if (!wait_for(socket_.get(), POLLIN, Clock::now() + deadline)) return notice;
    iovec piece{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    notice.text.assign(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const cmsghdr* part = CMSG_FIRSTHDR(&message);
    if (part != nullptr && part->cmsg_type == SCM_RIGHTS) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
        notice.descriptor = Descriptor(fd);
    }
    return notice;
}

Notice NotifySocket::next_with(std::string_view name, milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    for (;;) {
        const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
        Notice notice = next(std::max(left, milliseconds(0)));
        if (notice.text.empty() || !notice.value(name).empty()) return notice;
    }
}

}  // namespace phalanx::harness
