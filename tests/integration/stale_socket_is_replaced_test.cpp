#include <sys/stat.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class StaleSocket : public SiteTest {};

TEST_F(StaleSocket, IsReplaced) {
    site().script("hello.php", "<?php echo 'hello';");
    const Address address = site().address();
    {
        sockaddr_storage storage{};
        const socklen_t length = address.fill(storage);
        const Descriptor left_behind(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(left_behind.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
    }
    ASSERT_TRUE(std::filesystem::is_socket(address.host()));
    site().start();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

TEST_F(StaleSocket, OfAKilledMasterIsReplaced) {
    site().script("hello.php", "<?php echo 'hello';");
    site().start().signal(SIGKILL);
    site().daemon().wait();
    site().end();
    ASSERT_TRUE(std::filesystem::is_socket(site().address().host()));
    site().start();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

}  // namespace
}  // namespace phalanx::harness
