#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/eventually.hpp"
#include "harness/socket.hpp"

namespace phalanx::harness {

/// What a service manager is told at once: lines such as "READY=1", and a descriptor to keep.
struct Notice {
    std::string text;
    Descriptor descriptor;
    /// The value of one of its lines, empty where there is none.
    [[nodiscard]] std::string value(std::string_view name) const;
};

/// The service manager's end of NOTIFY_SOCKET: a datagram socket.
class NotifySocket {
  public:
    explicit NotifySocket(const std::filesystem::path& path);
    /// The next notice; an empty one when none comes in time.
    [[nodiscard]] Notice next(milliseconds deadline = kPatience);
    /// The next one with that line, also when others come before it.
    [[nodiscard]] Notice next_with(std::string_view name, milliseconds deadline = kPatience);

  private:
    Descriptor socket_;
};

}  // namespace phalanx::harness
