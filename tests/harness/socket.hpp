#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "harness/eventually.hpp"

namespace phalanx::harness {

/// A file descriptor that is closed when its owner goes.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor() { close(); }

    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    void close();

  private:
    int number_ = -1;
};

/// Where a server listens: a Unix socket's path, or a numeric IPv4 or IPv6 address with a port.
class Address {
  public:
    static Address unix_path(std::string path);
    static Address tcp(std::string host, std::uint16_t port);
    /// "unix:/path", "/path", "127.0.0.1:9000" or "[::1]:9000"; throws std::runtime_error for anything else.
    static Address parse(std::string_view text);

    [[nodiscard]] bool is_unix() const { return is_unix_; }
    [[nodiscard]] const std::string& host() const { return host_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// As the value of a pool's `listen`, and as nginx writes it.
    [[nodiscard]] std::string listen_value() const;
    [[nodiscard]] std::string nginx_value() const;

    /// The binary form; gives the length that is in use.
    socklen_t fill(sockaddr_storage& storage) const;
    [[nodiscard]] int family() const;

  private:
    std::string host_;
    std::uint16_t port_ = 0;
    bool is_unix_ = false;
};

/// A connected, non-blocking stream socket; closed (see is_open) when nobody accepts within the time.
[[nodiscard]] Descriptor connect_to(const Address& address, milliseconds deadline = kPatience);

/// Waits until the descriptor has one of the poll events; false when the time is over.
[[nodiscard]] bool wait_for(int descriptor, short events, Clock::time_point end);
/// Writes everything; false when the peer has closed or took nothing until then.
[[nodiscard]] bool send_all(const Descriptor& socket, std::string_view bytes, Clock::time_point end);

/// A port of 127.0.0.1 and ::1 that nobody used a moment ago, below the kernel's own range for outgoing
/// connections, and another one for each call and each process.
[[nodiscard]] std::uint16_t free_tcp_port();

[[nodiscard]] bool has_ipv6_loopback();

}  // namespace phalanx::harness
