#pragma once

#include <functional>
#include <string_view>

#include "event_loop.hpp"
#include "phalanx/os/unique_fd.hpp"
#include "time_share.hpp"

namespace phalanx::master {

/// Reads what a process writes to its standard output or error, in bounded pieces, without ever waiting.
class OutputPipe final : public ReadyHandler {
  public:
    /// `sink` gets raw bytes as they come.
    OutputPipe(EventLoop& loop, TimeShare& share, os::UniqueFd read_end,
               std::function<void(std::string_view)> sink);
    /// Reads what is still there once the writer has ended (others may hold the pipe open).
    void finish();
    void on_ready(std::uint32_t events) override;

  private:
    /// False: nothing more comes, now or ever.
    [[nodiscard]] bool read_once();
    os::UniqueFd read_end_;
    std::function<void(std::string_view)> sink_;
    Watch watch_;
    TimeShare::Member turn_;
};

}  // namespace phalanx::master
