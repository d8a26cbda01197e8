#include "phalanx/os/shared_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os_test_support.hpp"

namespace phalanx::os {
namespace {

constexpr std::size_t size = 8192;

void expect_size_is_sealed(int fd) {
    for (const off_t other : {off_t{0}, off_t{size - 1}, off_t{size + 1}}) {
        EXPECT_EQ(::ftruncate(fd, other), -1);
        EXPECT_EQ(errno, EPERM);
    }
    EXPECT_EQ(::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), -1) << "no seal can be added";
    EXPECT_TRUE(is_close_on_exec(fd));
}

TEST(SharedMemory, SealedMemoryIsSharedZeroedAndOfFixedSize) {
    const auto fd = make_sealed_memory("test", size);
    ASSERT_TRUE(fd);
    expect_size_is_sealed(fd->get());
    const auto one = Mapping::map(fd->get(), size, Access::read_write);
    const auto other = Mapping::map(fd->get(), size, Access::read_only);
    ASSERT_TRUE(one);
    ASSERT_TRUE(other);
    for (const std::byte byte : other->bytes()) ASSERT_EQ(byte, std::byte{0});
    one->bytes()[size - 1] = std::byte{1};
    EXPECT_EQ(other->bytes()[size - 1], std::byte{1});
}

TEST(SharedMemory, OnlyTheMakersMappingWritesMasterMemory) {
    const auto memory = make_master_memory("test", size);
    ASSERT_TRUE(memory);
    const int fd = memory->fd.get();
    expect_size_is_sealed(fd);
    EXPECT_FALSE(Mapping::map(fd, size, Access::read_write));
    EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
    // Opening the memory anew does not help.
    const UniqueFd again(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_FALSE(again && Mapping::map(again.get(), size, Access::read_write));

    const auto reader = Mapping::map(fd, size, Access::read_only);
    ASSERT_TRUE(reader);
    EXPECT_EQ(::mprotect(reader->bytes().data(), size, PROT_READ | PROT_WRITE), -1);
    memory->mapping.bytes()[17] = std::byte{5};
    EXPECT_EQ(reader->bytes()[17], std::byte{5});
}

TEST(SharedMemory, MemoryWithBytesCanOnlyBeRead) {
    const std::string text(100'000, 'x');
    const auto fd = make_memory_with("test", as_bytes(text));
    ASSERT_TRUE(fd);
    EXPECT_EQ(*file_size(fd->get(), text.size()), text.size());
    EXPECT_EQ(::pwrite(fd->get(), "y", 1, 0), -1);
    EXPECT_EQ(::ftruncate(fd->get(), 0), -1);
    EXPECT_FALSE(Mapping::map(fd->get(), text.size(), Access::read_write));
    const auto mapping = Mapping::map(fd->get(), text.size(), Access::read_only);
    ASSERT_TRUE(mapping);
    EXPECT_EQ(as_text(mapping->bytes()), text);
    EXPECT_EQ(*file_size(make_memory_with("empty", {})->get(), 0), 0U);
}

TEST(SharedMemory, FileSizeHasALimit) {
    const auto fd = make_memory_with("test", as_bytes("12345"));
    EXPECT_FALSE(file_size(fd->get(), 4));
    EXPECT_TRUE(file_size(fd->get(), 5));
    EXPECT_FALSE(file_size(-1, 5));
}

TEST(SharedMemory, AMappingOutlivesItsDescriptorAndMoves) {
    auto fd = *make_sealed_memory("test", size);
    Mapping first = *Mapping::map(fd.get(), size, Access::read_write);
    fd.reset();
    first.bytes()[0] = std::byte{9};
    Mapping second(std::move(first));
    EXPECT_TRUE(first.bytes().empty());  // NOLINT(bugprone-use-after-move): that it is empty is the promise
    Mapping third;
    third = std::move(second);
    ASSERT_EQ(third.bytes().size(), size);
    EXPECT_EQ(third.bytes()[0], std::byte{9});
    EXPECT_FALSE(Mapping::map(-1, size, Access::read_only));
}

}  // namespace
}  // namespace phalanx::os
