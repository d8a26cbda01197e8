#include "harness/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <random>
#include <stdexcept>

namespace phalanx::harness {
namespace {

/// Free ports are looked for here: above the well-known services, below Linux's default ephemeral range.
constexpr std::uint16_t kFirstPort = 12'000;
constexpr std::uint16_t kLastPort = 32'000;

bool can_bind(const Address& address) {
    sockaddr_storage storage{};
    const socklen_t length = address.fill(storage);
    const Descriptor probe(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return probe.is_open() && ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        number_ = std::exchange(other.number_, -1);
    }
    return *this;
}

void Descriptor::close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Address Address::unix_path(std::string path) {
    Address address;
    address.host_ = std::move(path);
    address.is_unix_ = true;
    return address;
}

Address Address::tcp(std::string host, std::uint16_t port) {
    Address address;
    address.host_ = std::move(host);
    address.port_ = port;
    return address;
}

Address Address::parse(std::string_view text) {
    if (text.starts_with("unix:")) return unix_path(std::string(text.substr(5)));
    if (text.starts_with('/')) return unix_path(std::string(text));
    const std::size_t colon = text.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string_view::npos) {
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    }
    if (port == 0) throw std::runtime_error("not an address: " + std::string(text));
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return tcp(std::string(host), port);
}

std::string Address::listen_value() const {
    if (is_unix()) return host_;
    const bool v6 = host_.find(':') != std::string::npos;
    return (v6 ? "[" + host_ + "]" : host_) + ":" + std::to_string(port_);
}

std::string Address::nginx_value() const {
    return (is_unix() ? "unix:" : "") + listen_value();
}

int Address::family() const {
    if (is_unix()) return AF_UNIX;
    return host_.find(':') == std::string::npos ? AF_INET : AF_INET6;
}

socklen_t Address::fill(sockaddr_storage& storage) const {
    storage = {};
    storage.ss_family = static_cast<sa_family_t>(family());
    if (is_unix()) {
        auto& path = reinterpret_cast<sockaddr_un&>(storage);
        if (host_.size() >= sizeof(path.sun_path)) throw std::runtime_error("socket path too long: " + host_);
        std::memcpy(path.sun_path, host_.c_str(), host_.size() + 1);
        return sizeof(sockaddr_un);
    }
    int understood = 0;
    socklen_t length = 0;
    if (family() == AF_INET) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
        v4.sin_port = htons(port_);
        understood = ::inet_pton(AF_INET, host_.c_str(), &v4.sin_addr);
        length = sizeof(sockaddr_in);
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
        v6.sin6_port = htons(port_);
        understood = ::inet_pton(AF_INET6, host_.c_str(), &v6.sin6_addr);
        length = sizeof(sockaddr_in6);
    }
    if (understood != 1) throw std::runtime_error("not a numeric address: " + host_);
    return length;
}

bool send_all(const Descriptor& socket, std::string_view bytes, Clock::time_point end) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EINTR && (errno != EAGAIN || !wait_for(socket.get(), POLLOUT, end))) {
            return false;
        }
    }
    return true;
}

bool wait_for(int descriptor, short events, Clock::time_point end) {
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        pollfd entry{descriptor, events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

Descriptor connect_to(const Address& address, milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    sockaddr_storage storage{};
    const socklen_t length = address.fill(storage);
    do {
        Descriptor client(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return client;
        if (errno == EINPROGRESS && wait_for(client.get(), POLLOUT, end)) {
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
            if (error == 0) return client;
            errno = error;
        }
        if (errno != EAGAIN)
            return {};  // on a Unix socket: the line for accept is full; anything else is final
        std::this_thread::sleep_for(milliseconds(1));
    } while (Clock::now() < end);
    return {};
}

std::uint16_t free_tcp_port() {
    static std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<int> any(kFirstPort, kLastPort);
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const auto port = static_cast<std::uint16_t>(any(random));
        if (!can_bind(Address::tcp("0.0.0.0", port))) continue;
        if (has_ipv6_loopback() && !can_bind(Address::tcp("::1", port))) continue;
        return port;
    }
    throw std::runtime_error("no free port");
}

bool has_ipv6_loopback() {
    static const bool has = can_bind(Address::tcp("::1", 0));
    return has;
}

}  // namespace phalanx::harness
