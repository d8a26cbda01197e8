#pragma once

#include <cstddef>
#include <limits>
#include <utility>

namespace phalanx::master {

/// The descriptors that all pools' connections may take together.
struct ConnectionBudget {
    std::size_t limit = 0;
    std::size_t used = 0;
    [[nodiscard]] std::size_t free() const { return limit > used ? limit - used : 0; }
};

/// What one pool may have of them. A pool stops taking connections when it holds a multiple of what is still
/// free: one pool that is flooded can take four fifths, two together eight ninths, and a pool that has few
/// connections always finds room. Whoever holds a connection's descriptor holds a lease.
class ConnectionShare {
  public:
    class Lease {
      public:
        Lease() = default;
        explicit Lease(ConnectionShare& share) : share_(&share) {
            ++share.own_;
            ++share.budget_.used;
        }
        Lease(Lease&& other) noexcept : share_(std::exchange(other.share_, nullptr)) {}
        Lease& operator=(Lease&& other) noexcept {
            end();
            share_ = std::exchange(other.share_, nullptr);
            return *this;
        }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() { end(); }

      private:
        void end() {
            if (share_ == nullptr) return;
            --share_->own_;
            --share_->budget_.used;
            share_ = nullptr;
        }
        ConnectionShare* share_ = nullptr;
    };

    /// `most` (queue.max_connections) 0: only the share bounds it.
    ConnectionShare(ConnectionBudget& budget, std::size_t most)
        : budget_(budget), most_(most == 0 ? std::numeric_limits<std::size_t>::max() : most) {}
    ConnectionShare(const ConnectionShare&) = delete;
    ConnectionShare& operator=(const ConnectionShare&) = delete;

    [[nodiscard]] bool has_room() const { return own_ < most_ && own_ < multiple * budget_.free(); }
    [[nodiscard]] Lease lease() { return Lease(*this); }
    [[nodiscard]] std::size_t held() const { return own_; }

  private:
    static constexpr std::size_t multiple = 4;
    ConnectionBudget& budget_;
    std::size_t most_;
    std::size_t own_ = 0;
};

}  // namespace phalanx::master
