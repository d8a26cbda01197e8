#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/link/messages.hpp"
#include "phalanx/link/pool_pages.hpp"
#include "phalanx/link/worker_settings.hpp"
#include "phalanx/os/message_socket.hpp"

namespace phalanx::hostile {

/// What a template has from the master, and a worker from its template.
struct Situation {
    link::WorkerSettings settings;
    link::PoolPages pages;
    os::UniqueFd listener;
    os::UniqueFd wake;
    int channel = link::template_channel_fd;  ///< to the master
    std::uint16_t slot = 0;                   ///< of a worker
};

/// A way to misbehave. Whoever returns from it goes on in peace.
struct Misdeed {
    const char* name;
    std::function<void(Situation&)> commit;
};

/// What workers do after their hello.
[[nodiscard]] std::span<const Misdeed> misdeeds_of_workers();
/// What templates do in place of saying that they are ready.
[[nodiscard]] std::span<const Misdeed> misdeeds_of_templates();

/// Sends one packet to the master, waiting until there is room. False: it will never be read.
bool say(const Situation& here, link::MessageKind kind, std::string_view bytes = {},
         std::span<const int> fds = {}, link::ConnectionId connection = {}, std::uint32_t flags = 0);
/// The same without a head.
bool say_bytes(const Situation& here, std::string_view bytes, std::span<const int> fds = {});

/// Makes the workers of every order, until the master has let go.
void serve_orders(Situation& here, const std::function<void(Situation&)>& life);
/// Takes one order; the channels in it, by slot.
struct Order {
    std::vector<link::SpawnOrder> workers;
    std::vector<os::UniqueFd> fds;
};
[[nodiscard]] bool receive_order(Order& order);

/// Becomes a child of the master, which this process is to die with.
void live_under_the_master(const Situation& here);

[[noreturn]] void do_nothing_more();

}  // namespace phalanx::hostile
