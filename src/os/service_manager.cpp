#include "phalanx/os/service_manager.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "phalanx/os/message_socket.hpp"

namespace phalanx::os {
namespace {

constexpr const char* socket_variable = "NOTIFY_SOCKET";
constexpr std::string_view stored_prefix = "phalanx-listen-";
/// A name may have 255 bytes (sd_pid_notify_with_fds(3)); the number in front makes it the only one.
constexpr std::size_t longest_address_in_name = 200;

/// A path, or "@" and a name in the abstract namespace. Empty where it is neither.
UniqueFd connect_to(std::string_view where) {
    sockaddr_un address{};
    if (where.size() < 2 || where.size() >= sizeof address.sun_path) return {};
    if (where[0] != '/' && where[0] != '@') return {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, where.data(), where.size());
    if (where[0] == '@') address.sun_path[0] = 0;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
    return socket;
}

bool may_stand_in_name(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '/' || byte == '.' || byte == '-';
}

}  // namespace

bool has_service_manager() {
    return std::getenv(socket_variable) != nullptr;
}

// sd_notify() would do, but it waits when the manager does not read.
bool notify_service_manager(const std::string& assignments, int fd) {
    const char* where = std::getenv(socket_variable);
    if (where == nullptr) return false;
    const UniqueFd socket = connect_to(where);
    if (!socket) return false;
    const std::span<const int> fds(&fd, fd >= 0 ? 1 : 0);
    return send_message(socket.get(), std::as_bytes(std::span(assignments)), {}, fds, Waiting::no) ==
           SendResult::sent;
}

std::string stored_name(const ListenSocket& socket) {
    struct stat file {};
    (void)::fstat(socket.fd.get(), &file);
    std::string address = bound_name(socket).substr(0, longest_address_in_name);
    std::replace_if(
        address.begin(), address.end(), [](char byte) { return !may_stand_in_name(byte); }, '_');
    return fmt::format("{}{}-{}", stored_prefix, file.st_ino, address);
}

bool is_stored_name(const std::string& name) {
    return name.starts_with(stored_prefix);
}

}  // namespace phalanx::os
