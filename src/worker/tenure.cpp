#include "tenure.hpp"

#include <chrono>
#include <random>
#include <utility>

namespace phalanx::worker {
namespace {

/// Anew from the system: what a generator would remember is the same in all forks of a template.
std::uint64_t chance() {
    return std::random_device{}();
}

}  // namespace

std::uint64_t less_up_to_a_tenth(std::uint64_t number, std::uint64_t chance) {
    return number - chance % (number / 10 + 1);
}

Tenure::Tenure(const link::WorkerSettings& settings, MemoryLimit memory)
    : most_requests_(less_up_to_a_tenth(settings.max_requests, chance())), memory_(std::move(memory)) {
    if (settings.max_lifetime_ms == 0) return;
    const std::chrono::milliseconds lifetime(less_up_to_a_tenth(settings.max_lifetime_ms, chance()));
    end_ = base::Monotonic::now() + lifetime;
}

bool Tenure::is_over() {
    if (most_requests_ != 0 && served_ >= most_requests_) return true;
    if (end_ && base::Monotonic::now() >= *end_) return true;
    return memory_.is_exceeded();
}

}  // namespace phalanx::worker
