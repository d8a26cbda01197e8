#include "output_pipe.hpp"

#include <unistd.h>

#include <array>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

constexpr std::size_t piece_bytes = 4096;
/// Pieces read at the end of a process: what a pipe can be made to hold (fcntl(2), F_SETPIPE_SZ) without
/// privileges, by default. Others may hold it open and write on.
constexpr std::size_t last_reads = 1024 * 1024 / piece_bytes;

}  // namespace

OutputPipe::OutputPipe(EventLoop& loop, TimeShare& share, os::UniqueFd read_end,
                       std::function<void(std::string_view)> sink)
    : read_end_(std::move(read_end)), sink_(std::move(sink)), turn_(share, watch_) {
    (void)os::set_non_blocking(read_end_.get());
    if (auto watch = loop.watch(read_end_.get(), EPOLLIN, *this)) watch_ = *std::move(watch);
}

void OutputPipe::finish() {
    for (std::size_t i = 0; i < last_reads && read_once(); ++i) {
    }
}

void OutputPipe::on_ready(std::uint32_t) {
    turn_.handle([this] {
        (void)read_once();
        return TimeShare::Cause::own_accord;
    });
}

bool OutputPipe::read_once() {
    std::array<char, piece_bytes> room;
    const ssize_t size = ::read(read_end_.get(), room.data(), room.size());
    if (size > 0) sink_(std::string_view(room.data(), static_cast<std::size_t>(size)));
    if (size == 0) watch_ = {};
    return size > 0;
}

}  // namespace phalanx::master
