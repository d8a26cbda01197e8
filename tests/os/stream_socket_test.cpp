#include "phalanx/os/stream_socket.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include "harness/temp_dir.hpp"
#include "os_test_support.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/listen_socket.hpp"
#include "phalanx/os/message_socket.hpp"
#include "socket_test_support.hpp"

namespace phalanx::os {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = ReadResult::State;

/// How long a call may wait that must not need to.
constexpr auto long_time = 20s;
constexpr auto short_time = 20ms;

class StreamSocket : public ::testing::Test {
  protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ours_.reset(ends[0]);
        theirs_.reset(ends[1]);
    }
    [[nodiscard]] int ours() const { return ours_.get(); }
    void they_write(std::string_view text) const { ASSERT_TRUE(write_all(theirs_.get(), text)); }
    [[nodiscard]] std::string text_of(const ReadResult& result) const {
        return as_text(std::span(room_).first(result.size));
    }
    UniqueFd ours_;
    UniqueFd theirs_;
    std::byte room_[16] = {};
};

TEST_F(StreamSocket, AwaitsBytesOrAMessage) {
    int channel[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    const UniqueFd inbox(channel[0]);
    UniqueFd outbox(channel[1]);
    EXPECT_EQ(await_bytes_or_message(ours(), inbox.get(), short_time), Came::nothing);
    they_write("abc");
    EXPECT_EQ(await_bytes_or_message(ours(), inbox.get(), long_time), Came::bytes);
    ASSERT_TRUE(write_all(outbox.get(), "message"));
    EXPECT_EQ(await_bytes_or_message(ours(), inbox.get(), long_time), Came::message);
    (void)read_available(ours(), room_);
    EXPECT_EQ(await_bytes_or_message(ours(), inbox.get(), long_time), Came::message);
}

TEST_F(StreamSocket, TheEndIsAwaitedToo) {
    int channel[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    const UniqueFd inbox(channel[0]);
    UniqueFd outbox(channel[1]);
    theirs_.reset();
    EXPECT_EQ(await_bytes_or_message(ours(), inbox.get(), long_time), Came::bytes);
    outbox.reset();
    EXPECT_EQ(await_bytes_or_message(ours(), inbox.get(), long_time), Came::message);
}

TEST_F(StreamSocket, PeekLooksAndReadTakes) {
    EXPECT_EQ(peek(ours(), room_).state, State::nothing);
    EXPECT_EQ(read_available(ours(), room_).state, State::nothing);
    they_write("abc");
    for (int i = 0; i < 2; ++i) {
        const auto seen = peek(ours(), room_);
        EXPECT_EQ(seen.state, State::bytes);
        EXPECT_EQ(text_of(seen), "abc");
    }
    EXPECT_EQ(text_of(read_available(ours(), room_)), "abc");
    EXPECT_EQ(peek(ours(), room_).state, State::nothing);
    they_write("0123456789abcdefXY");
    EXPECT_EQ(text_of(read_available(ours(), room_)), "0123456789abcdef");
    EXPECT_EQ(text_of(read_available(ours(), room_)), "XY");
}

TEST_F(StreamSocket, WhatWasSentIsReadBeforeTheEnd) {
    they_write("x");
    theirs_.reset();
    EXPECT_EQ(peek(ours(), room_).state, State::bytes);
    EXPECT_EQ(read_available(ours(), room_).state, State::bytes);
    EXPECT_EQ(peek(ours(), room_).state, State::end);
    EXPECT_EQ(read_available(ours(), room_).state, State::end);
    EXPECT_EQ(read_some(ours(), room_, long_time).state, State::end);
    EXPECT_EQ(read_available(-1, room_).state, State::end);
}

TEST_F(StreamSocket, ReadSomeGivesUpAfterItsLimit) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(read_some(ours(), room_, short_time).state, State::nothing);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, short_time);
    EXPECT_EQ(read_some(ours(), room_, 0ms).state, State::nothing);
}

TEST_F(StreamSocket, ReadSomeWaitsForTheFirstByte) {
    std::thread writer([this] {
        std::this_thread::sleep_for(short_time);
        they_write("late");
    });
    const auto result = read_some(ours(), room_, long_time);
    writer.join();
    EXPECT_EQ(text_of(result), "late");
}

TEST_F(StreamSocket, SendAllSendsEveryPieceInOrder) {
    std::string first = "first ";
    std::string large(4'000'000, 'x');
    std::string last = " last";
    iovec pieces[] = {
        {first.data(), first.size()}, {nullptr, 0}, {large.data(), large.size()}, {last.data(), last.size()}};
    std::string received;
    std::thread reader([&] { received = read_to_end(theirs_.get()); });
    EXPECT_EQ(send_all(ours(), pieces, long_time), Delivery::whole);
    ours_.reset();
    reader.join();
    EXPECT_EQ(received.size(), first.size() + large.size() + last.size());
    EXPECT_EQ(received, first + large + last);
}

TEST_F(StreamSocket, SendAllGivesUpOnAPeerThatTakesNothing) {
    std::string large(4'000'000, 'x');
    iovec pieces[] = {{large.data(), large.size()}};
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(send_all(ours(), pieces, short_time), Delivery::stalled);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, short_time);
}

// poll(2) says that a Unix socket has room when three quarters of its buffer are free. This peer takes too
// little for that within the limit.
TEST_F(StreamSocket, SendAllGoesOnWithAPeerThatTakesLittleAtATime) {
    constexpr auto limit = 2500ms;
    std::string large(1'000'000, 'x');
    iovec pieces[] = {{large.data(), large.size()}};
    std::atomic<bool> hurry = false;
    std::thread reader([&] {
        std::string room(50'000, ' ');
        while (::read(theirs_.get(), room.data(), room.size()) > 0) {
            if (!hurry) std::this_thread::sleep_for(1s);
        }
    });
    std::thread clock([&] {
        std::this_thread::sleep_for(2 * limit);
        hurry = true;
    });
    EXPECT_EQ(send_all(ours(), pieces, limit), Delivery::whole);
    ours_.reset();
    reader.join();
    clock.join();
}

TEST_F(StreamSocket, SendAllToAGonePeerFailsWithoutASignal) {
    theirs_.reset();
    std::string text = "x";
    EXPECT_EQ(in_child([&] {
                  ::signal(SIGPIPE, SIG_DFL);
                  iovec pieces[] = {{text.data(), text.size()}};
                  return send_all(ours(), pieces, long_time) == Delivery::gone ? 0 : 1;
              }),
              0);
    EXPECT_EQ(send_all(ours(), {}, short_time), Delivery::whole) << "nothing to send";
}

TEST_F(StreamSocket, EndConnectionIsSeenThroughDuplicates) {
    const UniqueFd copy(::dup(ours()));
    end_connection(copy.get());
    EXPECT_EQ(read_available(theirs_.get(), room_).state, State::end);
    EXPECT_EQ(read_available(ours(), room_).state, State::end);
}

TEST_F(StreamSocket, AcceptedConnectionsAreBlockingAndCloseOnExec) {
    const harness::TempDir folder;
    const std::string path = folder / "s";
    const auto listening = listen_at({ListenAddress::Kind::unix_path, path, "", 0}, path, 5, {});
    const UniqueFd client = connect_to_path(path);
    const Accepted accepted = accept_connection(listening->fd.get());
    ASSERT_EQ(accepted.state, Accepted::State::connection);
    EXPECT_TRUE(is_close_on_exec(accepted.fd.get()));
    EXPECT_EQ(::fcntl(accepted.fd.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(StreamSocket, AcceptTellsThatNoDescriptorIsLeft) {
    const harness::TempDir folder;
    const std::string path = folder / "s";
    const auto listening = listen_at({ListenAddress::Kind::unix_path, path, "", 0}, path, 5, {});
    const UniqueFd client = connect_to_path(path);
    EXPECT_EQ(in_child([&] {
                  if (!limit_descriptors_to_those_open()) return 1;
                  return accept_connection(listening->fd.get()).state == Accepted::State::exhausted ? 0 : 2;
              }),
              0);
    EXPECT_EQ(accept_connection(listening->fd.get()).state, Accepted::State::connection);
}

/// A listener and the two ends of one connection to it.
struct Tcp {
    explicit Tcp(const std::string& listen_host, const std::string& client_host) {
        auto made = listen_at({ListenAddress::Kind::tcp, "", listen_host, 0}, "ADDRESS", 5, {});
        if (!made) return;
        listener = std::move(made->fd);
        client = connect_to_tcp(client_host, port_of(listener.get()));
        accepted = accept_from_tcp(listener.get());
    }
    UniqueFd listener, client, accepted;
};

TEST(AcceptedFrom, IsTrueForTheListenersOwnConnectionsOnly) {
    const harness::TempDir folder;
    const auto listen = [&](const char* name) {
        const std::string path = folder / name;
        return listen_at({ListenAddress::Kind::unix_path, path, "", 0}, path, 5, {});
    };
    const auto one = listen("one");
    const auto other = listen("another");
    const UniqueFd client = connect_to_path(folder / "one");
    const Accepted accepted = accept_connection(one->fd.get());
    EXPECT_TRUE(is_accepted_from(accepted.fd.get(), one->fd.get()));
    EXPECT_FALSE(is_accepted_from(accepted.fd.get(), other->fd.get()));
    EXPECT_FALSE(is_accepted_from(client.get(), one->fd.get())) << "the client's end";
    EXPECT_FALSE(is_accepted_from(one->fd.get(), one->fd.get())) << "the listener itself";

    int ends[2];
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
        ASSERT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
        const UniqueFd first(ends[0]);
        const UniqueFd second(ends[1]);
        EXPECT_FALSE(is_accepted_from(first.get(), one->fd.get())) << type;
    }
    const auto file = open_for_reading("/dev/null");
    EXPECT_FALSE(is_accepted_from(file->get(), one->fd.get()));
    EXPECT_FALSE(is_accepted_from(-1, one->fd.get()));
    const Tcp tcp("127.0.0.1", "127.0.0.1");
    EXPECT_FALSE(is_accepted_from(tcp.accepted.get(), one->fd.get()));
    EXPECT_TRUE(is_accepted_from(tcp.accepted.get(), tcp.listener.get()));
    EXPECT_FALSE(is_accepted_from(tcp.client.get(), tcp.listener.get()));
}

TEST(CloseIfHarmless, ClosesWhatIsTheKernelsOwnAndGivesFilesBack) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const UniqueFd written(pipe[1]);
    EXPECT_FALSE(close_if_harmless(UniqueFd(pipe[0])));
    EXPECT_FALSE(close_if_harmless(UniqueFd(::memfd_create("strange", MFD_CLOEXEC))));
    const harness::TempDir files;
    const UniqueFd file(::open((files / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(file);
    EXPECT_TRUE(close_if_harmless(UniqueFd(::dup(file.get()))));
}

TEST(CloseWithoutLingering, DoesNotWaitForAPeerThatTakesNothing) {
    Tcp tcp("127.0.0.1", "127.0.0.1");
    ASSERT_TRUE(tcp.accepted);
    const linger wait_long{1, 20};
    ASSERT_EQ(::setsockopt(tcp.accepted.get(), SOL_SOCKET, SO_LINGER, &wait_long, sizeof wait_long), 0);
    std::string large(8'000'000, 'x');
    iovec pieces[] = {{large.data(), large.size()}};
    ASSERT_EQ(send_all(tcp.accepted.get(), pieces, short_time), Delivery::stalled);
    const auto begin = std::chrono::steady_clock::now();
    close_without_lingering(std::move(tcp.accepted));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

/// A connection whose close(2) would wait for 20 s, unless somebody else has it too.
UniqueFd lingering_end_of(Tcp& tcp) {
    const linger wait_long{1, 20};
    (void)::setsockopt(tcp.accepted.get(), SOL_SOCKET, SO_LINGER, &wait_long, sizeof wait_long);
    std::string large(8'000'000, 'x');
    iovec pieces[] = {{large.data(), large.size()}};
    EXPECT_EQ(send_all(tcp.accepted.get(), pieces, short_time), Delivery::stalled);
    return std::move(tcp.accepted);
}

/// Sends it so that the message has its last reference.
void pass(const UniqueFd& socket, UniqueFd descriptor) {
    const int fds[] = {descriptor.get()};
    ASSERT_EQ(send_message(socket.get(), as_bytes("x"), {}, fds, Waiting::no), SendResult::sent);
}

TEST_F(StreamSocket, DescriptorsThatComeAlongAreClosedWithoutWaiting) {
    Tcp tcp("127.0.0.1", "127.0.0.1");
    UniqueFd lingering = lingering_end_of(tcp);
    const auto begin = std::chrono::steady_clock::now();
    const auto before = open_descriptors();
    pass(theirs_, std::move(lingering));
    EXPECT_EQ(peek(ours(), room_).state, State::bytes);
    EXPECT_EQ(text_of(read_available(ours(), room_)), "x");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(open_descriptors().size(), before.size() - 1) << "the one that was passed";
}

TEST_F(StreamSocket, DescriptorsLeftUnreadAreNotWaitedForAtTheEnd) {
    Tcp tcp("127.0.0.1", "127.0.0.1");
    pass(theirs_, lingering_end_of(tcp));
    const auto begin = std::chrono::steady_clock::now();
    close_without_lingering(std::move(ours_));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(StreamSocket, NorAreThoseInTheQueueOfOneThatWasPassed) {
    Tcp tcp("127.0.0.1", "127.0.0.1");
    auto inner = make_message_pair();
    ASSERT_TRUE(inner);
    ASSERT_EQ(::send(inner->there.get(), "", 0, 0), 0) << "an empty message is not the end of the queue";
    pass(inner->there, lingering_end_of(tcp));
    pass(theirs_, std::move(inner->here));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(text_of(read_available(ours(), room_)), "x");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST(PeerIp, IsTheAddressInText) {
    EXPECT_EQ(peer_ip(Tcp("127.0.0.1", "127.0.0.1").accepted.get()), "127.0.0.1");
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd first(ends[0]);
    const UniqueFd second(ends[1]);
    EXPECT_EQ(peer_ip(first.get()), "");
    if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
    EXPECT_EQ(peer_ip(Tcp("", "127.0.0.1").accepted.get()), "127.0.0.1") << "mapped";
    EXPECT_EQ(peer_ip(Tcp("", "::1").accepted.get()), "::1");
}

bool admits(const char* list, int connection) {
    std::vector<std::string> complaints;
    return AllowedClients(list, complaints).admits(connection);
}

TEST(AllowedClients, AreComparedWhole) {
    const Tcp v4("127.0.0.1", "127.0.0.1");
    EXPECT_TRUE(admits("127.0.0.1", v4.accepted.get()));
    EXPECT_TRUE(admits(" \t10.0.0.1,127.0.0.1", v4.accepted.get()));
    EXPECT_TRUE(admits("::ffff:127.0.0.1", v4.accepted.get()));
    for (const char* list : {"127.0.0.2", "127.0.0.0", "126.0.0.1", "::1", "::7f00:1"}) {
        EXPECT_FALSE(admits(list, v4.accepted.get())) << list;
    }
}

TEST(AllowedClients, SixteenBytesOfIpv6AndMappedIpv4) {
    if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
    const Tcp v6("", "::1");
    ASSERT_TRUE(v6.accepted);
    EXPECT_TRUE(admits("::1", v6.accepted.get()));
    for (const char* list : {"::2", "::", "::1:1", "1::1", "::1:0:1", "8000::1", "0.0.0.1", "127.0.0.1"}) {
        EXPECT_FALSE(admits(list, v6.accepted.get())) << list;
    }
    const Tcp mapped("", "127.0.0.1");
    EXPECT_TRUE(admits("127.0.0.1", mapped.accepted.get()));
    EXPECT_FALSE(admits("127.0.0.2", mapped.accepted.get()));
}

TEST(AllowedClients, AListWithoutAnAddressAdmitsNobodyByTcp) {
    const Tcp tcp("127.0.0.1", "127.0.0.1");
    for (const char* list : {"", "any", "localhost", "127.0.0.0/8"}) {
        std::vector<std::string> complaints;
        EXPECT_FALSE(AllowedClients(list, complaints).admits(tcp.accepted.get())) << list;
        EXPECT_THAT(complaints,
                    ElementsAre("Wrong IP address '" + std::string(list) + "' in listen.allowed_clients",
                                "There are no allowed addresses"));
    }
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd first(ends[0]);
    const UniqueFd second(ends[1]);
    EXPECT_TRUE(admits("", first.get()));
    EXPECT_FALSE(admits("127.0.0.1", -1));
}

TEST(AllowedClients, BadItemsAreToldAndGoodOnesKept) {
    std::vector<std::string> complaints;
    const Tcp tcp("127.0.0.1", "127.0.0.1");
    EXPECT_TRUE(AllowedClients("127.0.0.1, ::1,x", complaints).admits(tcp.accepted.get()));
    EXPECT_THAT(complaints, ElementsAre("Wrong IP address ' ::1' in listen.allowed_clients",
                                        "Wrong IP address 'x' in listen.allowed_clients"));
    complaints.clear();
    const AllowedClients good("127.0.0.1,::1", complaints);
    EXPECT_THAT(complaints, IsEmpty());
}

}  // namespace
}  // namespace phalanx::os
