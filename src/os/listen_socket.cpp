#include "phalanx/os/listen_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>

#include "phalanx/base/parse.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/listen_queue.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::os {
namespace {

using base::Error;
using base::Result;
using base::system_error;

int backlog_for_listen(std::int64_t backlog) {
    // The kernel cuts what is too large to net.core.somaxconn.
    constexpr std::int64_t largest = std::numeric_limits<int>::max();
    return static_cast<int>(backlog < 0 || backlog > largest ? largest : backlog);
}

Result<UniqueFd> new_socket(int family) {
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return system_error("failed to create new listening socket: socket()");
    return fd;
}

/// Nothing if no living process listens at the address and its file, if any, may be replaced.
Result<void> check_path_is_free(const sockaddr_un& address) {
    struct stat file {};
    if (::lstat(address.sun_path, &file) != 0) return {};
    if (!S_ISSOCK(file.st_mode)) {
        return Error{
            fmt::format("'{}' exists and is not a socket: it is left alone, choose another path or remove it",
                        address.sun_path)};
    }
    auto probe = new_socket(AF_UNIX);
    if (!probe) return probe.error();
    const int failed = ::connect(probe->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (failed == 0 || errno == EAGAIN || errno == EINPROGRESS) {
        return Error{fmt::format("Another FPM instance seems to already listen on {}", address.sun_path)};
    }
    // One that may not be tried is taken for a stale one, as php-fpm does: a start as root left it.
    if (errno != ECONNREFUSED && errno != EACCES) {
        return system_error(fmt::format("unable to tell whether '{}' is in use", address.sun_path));
    }
    if (::unlink(address.sun_path) != 0) {
        return system_error(fmt::format("unable to remove the stale socket '{}'", address.sun_path));
    }
    return {};
}

/// Gives the file of a socket just bound to its owner and those who may connect besides. Whoever may write to
/// its folder could put another file in its place meanwhile: what is opened once is what all of this is
/// about.
Result<void> give_socket_file(ListenSocket& listening, const SocketOwner& owner) {
    const std::string& path = listening.bound_path;
    const UniqueFd file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!file) {
        auto error = system_error(fmt::format("the socket '{}' cannot be given to its owner", path));
        (void)::unlink(path.c_str());
        return error;
    }
    struct stat found {};
    if (::fstat(file.get(), &found) != 0 || !S_ISSOCK(found.st_mode))
        return Error{fmt::format("the socket '{}' was replaced while it was made", path)};
    listening.device = found.st_dev;
    listening.inode = found.st_ino;
    const bool has_owner = owner.uid >= 0 || owner.gid >= 0;
    if (has_owner && ::fchownat(file.get(), "", static_cast<uid_t>(owner.uid), static_cast<gid_t>(owner.gid),
                                AT_EMPTY_PATH) != 0)
        return system_error(fmt::format("failed to chown() the socket '{}'", path));
    if (owner.others.empty()) return {};
    return grant_socket_access(file.get(), path, owner.others);
}

Result<ListenSocket> listen_on_path(const ListenAddress& where, std::string_view text, std::int64_t backlog,
                                    const SocketOwner& owner) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (where.path.empty()) return Error{"an empty path is no listen address"};
    if (where.path.size() >= sizeof address.sun_path) {
        return Error{fmt::format(
            "cannot bind to UNIX socket '{}' as path is too long (found length: {}, maximal length: {})",
            where.path, where.path.size(), sizeof address.sun_path)};
    }
    std::memcpy(address.sun_path, where.path.data(), where.path.size());
    if (auto free = check_path_is_free(address); !free) return free.error();

    ListenSocket listening;
    auto fd = new_socket(AF_UNIX);
    if (!fd) return fd.error();
    listening.fd = *std::move(fd);
    const mode_t old_mask = ::umask(0777U & ~owner.mode);
    const int bound = ::bind(listening.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int bind_errno = errno;
    ::umask(old_mask);
    if (bound != 0)
        return system_error(fmt::format("unable to bind listening socket for address '{}'", text),
                            bind_errno);

    listening.bound_path = where.path;
    if (auto given = give_socket_file(listening, owner); !given) {
        remove_socket_file(listening);
        return Error{owner.label + given.error().message, given.error().code};
    }
    if (::listen(listening.fd.get(), backlog_for_listen(backlog)) != 0) {
        auto error = system_error(fmt::format("failed to listen to address '{}'", text));
        remove_socket_file(listening);
        return error;
    }
    return listening;
}

/// For the connections that are accepted at this listener.
void tune_tcp(int listener) {
    const int on = 1;
    (void)::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // A FastCGI client speaks first. One whose request has not come yet is not shown to anybody for up to
    // about a second: else a worker would find nothing to read and hand it to the master, which would watch
    // it and hand it to a worker again: a third of such a request's cost.
    const int one_second = 1;
    (void)::setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one_second, sizeof one_second);
}

Result<UniqueFd> bind_tcp(const addrinfo& candidate, std::string_view text, std::int64_t backlog) {
    auto fd = new_socket(candidate.ai_family);
    if (!fd) return fd;
    const int on = 1;
    const int off = 0;
    (void)::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    tune_tcp(fd->get());
    if (candidate.ai_family == AF_INET6) {
        (void)::setsockopt(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (::bind(fd->get(), candidate.ai_addr, candidate.ai_addrlen) != 0) {
        return system_error(fmt::format("unable to bind listening socket for address '{}'", text));
    }
    if (::listen(fd->get(), backlog_for_listen(backlog)) != 0) {
        return system_error(fmt::format("failed to listen to address '{}'", text));
    }
    return fd;
}

std::string numeric_host(const addrinfo& candidate) {
    char host[NI_MAXHOST] = "";
    (void)::getnameinfo(candidate.ai_addr, candidate.ai_addrlen, host, sizeof host, nullptr, 0,
                        NI_NUMERICHOST);
    return host;
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<AddressList> look_up(const std::string& host, std::uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
        error != 0) {
        return Error{fmt::format("getaddrinfo: {}", ::gai_strerror(error))};
    }
    return AddressList(found, &::freeaddrinfo);
}

Result<ListenSocket> listen_on_port(const std::string& numeric, std::uint16_t port, std::string_view text,
                                    std::int64_t backlog) {
    auto found = look_up(numeric, port, AI_NUMERICHOST);
    if (!found) return found.error();
    auto bound = bind_tcp(**found, text, backlog);
    if (!bound) return bound.error();
    ListenSocket listening;
    listening.fd = *std::move(bound);
    return listening;
}

Result<ListenSocket> listen_on_one(const ListenAddress& address, std::string_view text, std::int64_t backlog,
                                   const SocketOwner& owner, ListenRemarks& remarks) {
    if (address.kind == ListenAddress::Kind::unix_path) return listen_on_path(address, text, backlog, owner);
    if (!address.host.empty()) return listen_on_port(address.host, address.port, text, backlog);
    if (auto both = listen_on_port("::", address.port, text, backlog)) return both;
    remarks.notices.emplace_back("Failed implicitly binding to ::, retrying with 0.0.0.0");
    return listen_on_port("0.0.0.0", address.port, text, backlog);
}

/// Takes note of a bound socket's file if there is still one at its path that leads to it.
void find_file(ListenSocket& socket, int fd) {
    struct stat found {};
    if (::lstat(socket.bound_path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    const auto bound = ListenQueues().file_of(fd);
    if (bound && (bound->device != found.st_dev || bound->inode != static_cast<std::uint32_t>(found.st_ino)))
        return;
    socket.device = found.st_dev;
    socket.inode = found.st_ino;
}

/// The name in the address as configured, without port and brackets.
std::string_view host_in(std::string_view text) {
    std::string_view host = text.substr(0, text.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return host;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
    ListenAddress address;
    const std::size_t colon = text.rfind(':');
    const bool all_digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    if (colon == std::string_view::npos && !all_digits) {
        address.path = text;
        return address;
    }
    address.kind = ListenAddress::Kind::tcp;
    std::string_view port = text;
    if (colon != std::string_view::npos) {
        std::string_view host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        address.host = host;
    }
    const auto number = base::parse_unsigned(port);
    if (!number || *number < 1 || *number > 65535) return Error{fmt::format("invalid port value '{}'", port)};
    address.port = static_cast<std::uint16_t>(*number);
    // Not everywhere, as a port alone: somebody has forgotten the host.
    if (colon != std::string_view::npos && address.host.empty())
        return Error{fmt::format("getaddrinfo: {}", ::gai_strerror(EAI_NONAME))};
    return address;
}

Result<std::vector<ListenAddress>> numeric_addresses(const ListenAddress& address) {
    if (address.kind == ListenAddress::Kind::unix_path || address.host.empty())
        return std::vector<ListenAddress>{address};
    auto found = look_up(address.host, address.port, 0);
    if (!found) return found.error();
    std::vector<ListenAddress> numeric;
    for (const addrinfo* each = found->get(); each != nullptr; each = each->ai_next)
        numeric.push_back({ListenAddress::Kind::tcp, {}, numeric_host(*each), address.port});
    return numeric;
}

Result<ListenSocket> listen_on(std::span<const ListenAddress> addresses, std::string_view text,
                               std::int64_t backlog, const SocketOwner& owner, ListenRemarks& remarks) {
    Result<ListenSocket> listening = Error{fmt::format("no address for '{}'", text)};
    for (const ListenAddress& address : addresses) {
        if (listening) {
            remarks.warnings.push_back(
                fmt::format("Found multiple addresses for {}, {} ignored", host_in(text), address.host));
            continue;
        }
        listening = listen_on_one(address, text, backlog, owner, remarks);
    }
    return listening;
}

ListenSocket adopt_listener(UniqueFd fd, SocketFile file) {
    ListenSocket socket;
    (void)set_non_blocking(fd.get());
    sockaddr_un address{};
    socklen_t size = sizeof address;
    const bool named = ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (named && address.sun_family != AF_UNIX) {
        tune_tcp(fd.get());
    } else if (named && address.sun_path[0] != 0) {
        socket.bound_path = {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)};
        find_file(socket, fd.get());
    }
    socket.fd = std::move(fd);
    socket.file = file;
    return socket;
}

std::string bound_name(const ListenSocket& socket) {
    if (!socket.bound_path.empty()) return socket.bound_path;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    char host[NI_MAXHOST] = "";
    char port[NI_MAXSERV] = "";
    if (::getsockname(socket.fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    if (address.ss_family == AF_UNIX) return "a Unix socket without a path";
    if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return {};
    return fmt::format("{}:{}", host, port);
}

std::vector<std::string> possible_names(std::span<const ListenAddress> addresses) {
    std::vector<std::string> names;
    for (const ListenAddress& address : addresses) {
        if (address.kind == ListenAddress::Kind::unix_path) {
            names.push_back(address.path);
        } else if (!address.host.empty()) {
            names.push_back(fmt::format("{}:{}", address.host, address.port));
        } else {
            names.push_back(fmt::format(":::{}", address.port));
            names.push_back(fmt::format("0.0.0.0:{}", address.port));
        }
    }
    return names;
}

SocketFileId file_id(const ListenSocket& socket) {
    return {socket.device, socket.inode};
}

std::optional<SocketFileId> file_id(const std::string& path) {
    struct stat file {};
    if (::lstat(path.c_str(), &file) != 0) return std::nullopt;
    return SocketFileId{file.st_dev, file.st_ino};
}

namespace {

bool has_its_file(const ListenSocket& socket) {
    return socket.bound_path.empty() || file_id(socket.bound_path) == file_id(socket);
}

}  // namespace

bool can_be_found(const ListenSocket& socket) {
    return has_its_file(socket) && !is_shut_down(socket.fd.get());
}

Result<ListenSocket> duplicate(const ListenSocket& socket) {
    ListenSocket second;
    second.fd.reset(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!second.fd) return system_error("a listening socket could not be duplicated");
    second.bound_path = socket.bound_path;
    second.device = socket.device;
    second.inode = socket.inode;
    second.file = socket.file;
    return second;
}

void remove_socket_file(const ListenSocket& socket) {
    if (socket.file == SocketFile::ours && !socket.bound_path.empty() && has_its_file(socket))
        ::unlink(socket.bound_path.c_str());
}

bool has_connection(const UniqueFd& listening) {
    pollfd state{listening.get(), POLLIN, 0};
    return ::poll(&state, 1, 0) > 0;
}

}  // namespace phalanx::os
