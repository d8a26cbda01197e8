#include "trace_source.hpp"

#include <unistd.h>

#include <array>
#include <cstring>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/php/stack_walk.hpp"

namespace phalanx::worker {
namespace {

/// Offers taken before others get their turn.
constexpr int most_offers = 64;

}  // namespace

base::Result<TraceSource> TraceSource::create(std::size_t slots) {
    TraceSource source;
    auto proc = os::open_directory("/proc");
    if (!proc) return proc.error();
    auto ends = os::make_message_pair();
    if (!ends) return ends.error();
    source.proc_ = *std::move(proc);
    source.ends_ = *std::move(ends);
    source.memories_.resize(slots);
    return source;
}

void TraceSource::offer(base::WorkerSlot slot) {
    if (!ends_.there) return;
    const auto memory = os::open_own_memory(proc_.get());
    const std::uint16_t number = slot.number();
    if (memory) {
        const int fd = memory->get();
        (void)os::send_message(ends_.there.get(), std::as_bytes(std::span(&number, 1)), {}, std::span(&fd, 1),
                               os::Waiting::yes);
    }
    *this = TraceSource();
}

void TraceSource::take_offers() {
    for (int i = 0; i < most_offers; ++i) {
        std::uint16_t number = 0;
        os::ReceivedMessage message = os::receive_message(
            ends_.here.get(), std::as_writable_bytes(std::span(&number, 1)), 1, os::Waiting::no);
        if (message.state != os::ReceivedMessage::State::message) return;
        if (message.size != sizeof number || number >= memories_.size()) continue;
        memories_[number] = Memory();
        if (message.fds.empty() || message.fds[0].get() >= kept_below_) continue;
        memories_[number] = Memory{message.sender, std::move(message.fds[0])};
    }
}

link::Trace TraceSource::trace(const link::TraceOrder& order) {
    link::Trace trace;
    take_offers();
    if (order.slot >= memories_.size() || memories_[order.slot].pid != order.pid || order.pid == 0) {
        trace.failed = true;
        return trace;
    }
    const int memory = memories_[order.slot].fd.get();
    const auto read = [memory](std::uintptr_t address, void* to, std::size_t size) {
        return ::pread(memory, to, size, static_cast<off_t>(address)) == static_cast<ssize_t>(size);
    };
    php::Stack stack = php::walk_stack(read, order.depth);
    trace.failed = stack.failed;
    trace.script = std::move(stack.script);
    for (php::StackFrame& frame : stack.frames) {
        trace.frames.push_back({frame.address, std::move(frame.function), std::move(frame.file), frame.line});
    }
    return trace;
}

}  // namespace phalanx::worker
