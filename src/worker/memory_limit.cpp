#include "memory_limit.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::worker {
namespace {

void complain(const base::Error& error) {
    fmt::print(stderr, "ERROR: pm.max_memory has no effect: {}\n", error.text());
}

}  // namespace

MemoryLimit MemoryLimit::create(std::uint64_t bytes) {
    MemoryLimit limit;
    if (bytes == 0) return limit;
    auto proc = os::open_directory("/proc");
    if (!proc) {
        complain(proc.error());
        return limit;
    }
    limit.limit_ = bytes;
    limit.look_from_ = bytes;
    limit.proc_ = *std::move(proc);
    return limit;
}

void MemoryLimit::open() {
    if (limit_ == 0) return;
    auto memory = os::OwnMemory::open(proc_.get());
    proc_.reset();
    if (memory) {
        memory_ = *std::move(memory);
    } else {
        complain(memory.error());
        limit_ = 0;
    }
}

bool MemoryLimit::is_exceeded() {
    if (limit_ == 0) return false;
    const std::uint64_t bound = memory_.at_most().value_or(0);
    if (bound <= limit_) return false;
    if (bound < look_from_ && --until_look_ > 0) return false;
    const std::uint64_t own = memory_.exactly().value_or(0);
    if (own > limit_) return true;
    look_from_ = bound + (limit_ - own);
    until_look_ = requests_between_looks;
    return false;
}

}  // namespace phalanx::worker
