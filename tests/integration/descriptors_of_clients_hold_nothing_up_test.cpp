#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <cstring>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// An answer within this did not wait for a socket that lingers.
constexpr milliseconds kAtOnce{5'000};
constexpr int kLingerSeconds = 30;

/// A TCP connection whose close(2) waits, because nobody reads what was sent.
class LingeringConnection {
  public:
    LingeringConnection() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_storage address{};
        const Address server = Address::tcp("127.0.0.1", free_tcp_port());
        const socklen_t size = server.fill(address);
        EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listener_.get(), 1), 0);
        end_ = connect_to(server);
        const linger wait{1, kLingerSeconds};
        EXPECT_EQ(::setsockopt(end_.get(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait), 0);
        const std::string much(65'536, 'x');
        // Until nothing goes any more: a full buffer alone may empty itself into the other side's.
        while (wait_for(end_.get(), POLLOUT, Clock::now() + kWatch)) {
            (void)!::send(end_.get(), much.data(), much.size(), MSG_NOSIGNAL);
        }
    }

    /// Sends it along with a byte; the receiver has the last reference then.
    void pass_over(const Descriptor& socket) {
        char byte = '\x01';
        iovec piece{&byte, 1};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        const int number = end_.get();
        std::memcpy(CMSG_DATA(rights), &number, sizeof number);
        EXPECT_EQ(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), 1);
        end_.close();
    }

  private:
    Descriptor listener_;
    Descriptor end_;
};

class DescriptorsOfClients : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("one of its workers waits");
        site().pool().set("pm.max_children", "1");
        site().script("hello.php", "<?php echo 'hello';");
        site().start();
    }
    /// They find what was done all at once.
    template <typename Action>
    void while_all_sleep(Action&& action) {
        std::vector<pid_t> all = site().daemon().workers();
        all.push_back(site().daemon().pid());
        for (const pid_t pid : all) ASSERT_TRUE(stop_process(pid));
        action();
        for (const pid_t pid : all) ASSERT_TRUE(signal_process(pid, SIGCONT));
    }
    void expect_prompt_answers() {
        const auto begin = Clock::now();
        for (int i = 0; i < 4; ++i) EXPECT_EQ(site().get("/hello.php").body(), "hello");
        EXPECT_LT(Clock::now() - begin, kAtOnce);
    }
};

TEST_F(DescriptorsOfClients, HoldNothingUpWhenTheyAreRead) {
    LingeringConnection lingering;
    const Descriptor client = connect_to(site().address());
    while_all_sleep([&] { lingering.pass_over(client); });
    expect_prompt_answers();
}

TEST_F(DescriptorsOfClients, HoldNothingUpBehindNonsense) {
    LingeringConnection lingering;
    Descriptor client = connect_to(site().address());
    while_all_sleep([&] {
        // Nonsense, upon which the rest is not read.
        EXPECT_EQ(::send(client.get(), "GET / HTTP/1.1\r\n", 16, MSG_NOSIGNAL), 16);
        lingering.pass_over(client);
        client.close();
    });
    expect_prompt_answers();
}

}  // namespace
}  // namespace phalanx::harness
