#include "output_pipe.hpp"

#include <unistd.h>

#include <array>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

/// Pieces read at the end of a process: what a full pipe holds (pipe(7)).
constexpr int last_reads = 16;

}  // namespace

OutputPipe::OutputPipe(EventLoop& loop, os::UniqueFd read_end, std::function<void(std::string_view)> sink)
    : read_end_(std::move(read_end)), sink_(std::move(sink)) {
    (void)os::set_non_blocking(read_end_.get());
    if (auto watch = loop.watch(read_end_.get(), EPOLLIN, *this)) watch_ = *std::move(watch);
}

void OutputPipe::finish() {
    for (int i = 0; i < last_reads && read_once(); ++i) {
    }
}

void OutputPipe::on_ready(std::uint32_t) {
    (void)read_once();
}

bool OutputPipe::read_once() {
    std::array<char, 4096> room;
    const ssize_t size = ::read(read_end_.get(), room.data(), room.size());
    if (size > 0) sink_(std::string_view(room.data(), static_cast<std::size_t>(size)));
    if (size == 0) watch_ = {};
    return size > 0;
}

}  // namespace phalanx::master
