#include "phalanx/os/own_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace phalanx::os {
namespace {

using Room = std::array<char, 4096>;

std::string_view read_all(const UniqueFd& file, Room& room) {
    const ssize_t size = ::pread(file.get(), room.data(), room.size(), 0);
    return {room.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

/// Takes the number that comes next, behind blanks.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<std::uint64_t> kib_of(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    if (at == text.npos) return std::nullopt;
    text.remove_prefix(at + key.size());
    return take_number(text);
}

}  // namespace

base::Result<OwnMemory> OwnMemory::open(int proc) {
    OwnMemory memory;
    memory.statm_ = UniqueFd(::openat(proc, "self/statm", O_RDONLY | O_CLOEXEC));
    if (!memory.statm_) return base::system_error("failed to open /proc/self/statm");
    memory.rollup_ = UniqueFd(::openat(proc, "self/smaps_rollup", O_RDONLY | O_CLOEXEC));
    if (!memory.rollup_) return base::system_error("failed to open /proc/self/smaps_rollup");
    return memory;
}

std::optional<std::uint64_t> OwnMemory::at_most() const {
    Room room;
    std::string_view text = read_all(statm_, room);
    const auto size = take_number(text);
    const auto resident = take_number(text);
    const auto of_files = take_number(text);
    if (!size || !resident || !of_files || *resident < *of_files) return std::nullopt;
    return (*resident - *of_files) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> OwnMemory::exactly() const {
    Room room;
    const auto kib = kib_of(read_all(rollup_, room), "Private_Dirty:");
    if (!kib) return std::nullopt;
    return *kib * 1024;
}

}  // namespace phalanx::os
