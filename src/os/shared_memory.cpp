#include "phalanx/os/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace phalanx::os {
namespace {

// Newer than glibc 2.36's <fcntl.h> under strict C++: fcntl(2), File Sealing.
#ifndef F_SEAL_FUTURE_WRITE
constexpr int F_SEAL_FUTURE_WRITE = 0x0010;
#endif

base::Result<UniqueFd> make_memory(const char* name, std::size_t size) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return base::system_error("memfd_create() failed");
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return base::system_error("ftruncate() failed");
    return fd;
}

base::Result<void> add_seals(const UniqueFd& fd, int seals) {
    if (::fcntl(fd.get(), F_ADD_SEALS, seals) != 0) return base::system_error("fcntl(F_ADD_SEALS) failed");
    return {};
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

Mapping::~Mapping() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

base::Result<Mapping> Mapping::map(int fd, std::size_t size, Access access) {
    const int protection = access == Access::read_write ? PROT_READ | PROT_WRITE : PROT_READ;
    void* memory = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return base::system_error("mmap() failed");
    return Mapping(std::span(static_cast<std::byte*>(memory), size));
}

base::Result<UniqueFd> make_sealed_memory(const char* name, std::size_t size) {
    auto fd = make_memory(name, size);
    if (!fd) return fd;
    if (auto sealed = add_seals(*fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL); !sealed)
        return sealed.error();
    return fd;
}

base::Result<MasterMemory> make_master_memory(const char* name, std::size_t size) {
    auto fd = make_memory(name, size);
    if (!fd) return fd.error();
    auto mapping = Mapping::map(fd->get(), size, Access::read_write);
    if (!mapping) return mapping.error();
    auto sealed = add_seals(*fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
    if (!sealed) return sealed.error();
    return MasterMemory{*std::move(fd), *std::move(mapping)};
}

base::Result<UniqueFd> make_memory_with(const char* name, std::span<const std::byte> bytes) {
    auto fd = make_memory(name, 0);
    if (!fd) return fd;
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd->get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return base::system_error("write() to a memfd failed");
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    auto sealed = add_seals(*fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    if (!sealed) return sealed.error();
    return fd;
}

base::Result<UniqueFd> make_empty_memory(const char* name) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
    if (!fd) return base::system_error("memfd_create() failed");
    return fd;
}

base::Result<std::size_t> file_size(int fd, std::size_t most) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return base::system_error("fstat() failed");
    if (info.st_size < 0 || static_cast<std::size_t>(info.st_size) > most)
        return base::Error{"larger than allowed"};
    return static_cast<std::size_t>(info.st_size);
}

}  // namespace phalanx::os
