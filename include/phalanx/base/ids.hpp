#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace phalanx::base {

/// A number that names one kind of thing and cannot be mistaken for another kind's.
template <typename Tag, typename Number>
class StrongId {
  public:
    constexpr StrongId() = default;
    constexpr explicit StrongId(Number number) : number_(number) {}
    [[nodiscard]] constexpr Number number() const { return number_; }
    constexpr auto operator<=>(const StrongId&) const = default;

  private:
    Number number_ = 0;
};

/// A worker's place in its pool: 0 .. pm.max_children - 1. The dispatcher prefers the lowest.
using WorkerSlot = StrongId<struct WorkerSlotTag, std::uint16_t>;
/// The most workers of one pool: what the pages that its processes share have bits for.
inline constexpr std::size_t max_workers_per_pool = 16'384;

}  // namespace phalanx::base
