#include "phalanx/os/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness/temp_dir.hpp"
#include "os_test_support.hpp"
#include "phalanx/os/epoll_set.hpp"

namespace phalanx::os {
namespace {

TEST(Descriptor, EveryNewOneIsCloseOnExec) {
    const harness::TempDir folder;
    const auto pipe = make_pipe();
    const auto eventfd = make_eventfd();
    const auto log = open_for_append(folder / "log");
    const auto reader = open_for_reading(folder / "log");
    const auto set = EpollSet::create();
    for (const int fd : {pipe->read_end.get(), pipe->write_end.get(), eventfd->get(), log->get(),
                         reader->get(), set->fd()}) {
        EXPECT_TRUE(is_close_on_exec(fd)) << fd;
    }
}

TEST(Descriptor, EventfdCountsWithoutWaiting) {
    const auto fd = make_eventfd();
    std::uint64_t count = 0;
    EXPECT_EQ(::read(fd->get(), &count, sizeof count), -1);
    EXPECT_EQ(errno, EAGAIN);
    ASSERT_EQ(::eventfd_write(fd->get(), 2), 0);
    ASSERT_EQ(::eventfd_write(fd->get(), 3), 0);
    ASSERT_EQ(::read(fd->get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
    EXPECT_EQ(count, 5U);
}

TEST(Descriptor, LogsAreAppendedToAndPrivate) {
    const harness::TempDir folder;
    const auto path = folder / "log";
    for (const char* text : {"one ", "two"}) {
        const auto log = open_for_append(path);
        ASSERT_TRUE(log);
        EXPECT_TRUE(write_all(log->get(), text));
    }
    EXPECT_EQ(harness::read_file(path), "one two");
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U & ~0600U, 0U);
    const auto missing = open_for_reading(folder / "none");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ENOENT);
}

TEST(Descriptor, LogsCanBeDescriptorsThatHaveNoNameToOpen) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd here(ends[0]), there(ends[1]);
    const auto log = open_for_append("/proc/self/fd/" + std::to_string(there.get()));
    ASSERT_TRUE(log);
    EXPECT_TRUE(is_close_on_exec(log->get()));
    EXPECT_TRUE(write_all(log->get(), "x"));
    char byte = 0;
    EXPECT_EQ(::read(here.get(), &byte, 1), 1);
    EXPECT_EQ(open_for_append("/proc/self/fd/987654").error().code, ENOENT);
}

TEST(Descriptor, LogsDoNotWaitForThePipesReader) {
    const harness::TempDir folder;
    const auto path = folder / "pipe";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(open_for_append(path).error().code, ENXIO);
    const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    // What is not to be refused waits for the reader, as any writer to a pipe does.
    const auto waits = open_for_append(path);
    const auto refuses = open_for_append(path, WhenFull::refuse);
    ASSERT_TRUE(waits && refuses);
    EXPECT_EQ(::fcntl(waits->get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(refuses->get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Descriptor, PlacedOnesOutliveExec) {
    const auto fd = make_eventfd();
    constexpr int number = 200;
    ASSERT_TRUE(place_at(fd->get(), number));
    const UniqueFd placed(number);
    EXPECT_FALSE(is_close_on_exec(number));
    EXPECT_TRUE(is_close_on_exec(fd->get()));
    ASSERT_TRUE(place_at(fd->get(), fd->get()));
    EXPECT_FALSE(is_close_on_exec(fd->get()));
    EXPECT_FALSE(place_at(-1, number));
    EXPECT_FALSE(place_at(-1, -1));
}

TEST(Descriptor, NonBlockingIsAnAddedFlag) {
    const auto pipe = make_pipe();
    ASSERT_TRUE(set_non_blocking(pipe->read_end.get()));
    char byte = 0;
    EXPECT_EQ(::read(pipe->read_end.get(), &byte, 1), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_FALSE(set_non_blocking(-1));
}

TEST(Descriptor, TheSoftLimitRisesToTheHardOne) {
    EXPECT_EQ(in_child([] {
                  rlimit limit{64, 0};
                  rlimit before{};
                  ::getrlimit(RLIMIT_NOFILE, &before);
                  limit.rlim_max = before.rlim_max;
                  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
                  if (raise_descriptor_limit() != 64) return 2;
                  ::getrlimit(RLIMIT_NOFILE, &limit);
                  return limit.rlim_cur == before.rlim_max ? 0 : 3;
              }),
              0);
}

TEST(Descriptor, OneMoreCanBeOpenedUpToTheLimit) {
    EXPECT_TRUE(can_open_descriptor());
    EXPECT_EQ(in_child([] {
                  if (!limit_descriptors_to_those_open()) return 1;
                  if (can_open_descriptor()) return 2;
                  const rlimit none{0, 0};
                  if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 3;
                  return can_open_descriptor() ? 4 : 0;
              }),
              0);
}

TEST(EpollSet, TellsKeysOfWhatIsReady) {
    auto set = EpollSet::create();
    ASSERT_TRUE(set);
    const auto one = make_eventfd();
    const auto two = make_eventfd();
    constexpr std::uint64_t large_key = 0xFFFF'0000'0000'0001U;
    ASSERT_TRUE(set->add(one->get(), EPOLLIN, 7));
    ASSERT_TRUE(set->add(two->get(), EPOLLIN, large_key));
    EXPECT_FALSE(set->add(two->get(), EPOLLIN, 9)) << "it is there already";

    epoll_event room[4];
    EXPECT_TRUE(set->ready(room).empty());
    ::eventfd_write(two->get(), 1);
    const auto ready = set->ready(room);
    ASSERT_EQ(ready.size(), 1U);
    EXPECT_EQ(ready[0].data.u64, large_key);

    set->modify(two->get(), 0, large_key);
    EXPECT_TRUE(set->ready(room).empty());
    set->modify(two->get(), EPOLLIN, 8);
    ASSERT_EQ(set->ready(room).size(), 1U);
    EXPECT_EQ(room[0].data.u64, 8U);
    set->remove(two->get());
    EXPECT_TRUE(set->ready(room).empty());
}

}  // namespace
}  // namespace phalanx::os
