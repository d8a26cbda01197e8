#include "harness/latencies.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace phalanx::harness {

void Latencies::add(Microseconds duration) {
    ++buckets_[bucket(static_cast<std::uint64_t>(std::max<Microseconds::rep>(duration.count(), 0)))];
    ++count_;
    longest_ = std::max(longest_, duration);
}

Latencies::Microseconds Latencies::quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        seen += buckets_[i];
        if (seen >= wanted && seen > 0) return std::min(longest_, Microseconds(upper_end(i)));
    }
    return longest_;
}

/// Values below 32 have a bucket each; above, the five bits after the leading one choose the step.
std::size_t Latencies::bucket(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kStepBits) return value;
    const unsigned shift = width - kStepBits - 1;
    return (std::size_t{shift + 1} << kStepBits) + ((value >> shift) & ((1u << kStepBits) - 1));
}

std::uint64_t Latencies::upper_end(std::size_t bucket) {
    if (bucket < (1u << kStepBits)) return bucket;
    const std::size_t shift = (bucket >> kStepBits) - 1;
    const std::uint64_t mantissa = (1u << kStepBits) + (bucket & ((1u << kStepBits) - 1));
    return ((mantissa + 1) << shift) - 1;
}

}  // namespace phalanx::harness
