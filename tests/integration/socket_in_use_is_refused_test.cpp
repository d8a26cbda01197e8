#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class SocketInUse : public SiteTest {};

TEST_F(SocketInUse, IsLeftToItsOwner) {
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    Site second(*driven_daemon());
    second.pool().set("listen", site().address().listen_value());
    Daemon& refused = second.launch();
    EXPECT_EQ(refused.wait(), (ExitStatus{78, 0}));
    const std::string text = "Another FPM instance seems to already listen on " + site().address().host();
    EXPECT_NE(refused.log().find(text), std::string::npos) << refused.log();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

TEST_F(SocketInUse, APortInUseIsRefusedToo) {
    const auto address = Address::tcp("127.0.0.1", free_tcp_port());
    site().script("hello.php", "<?php echo 'hello';");
    site().pool().set("listen", address.listen_value());
    site().start();
    Site second(*driven_daemon());
    second.pool().set("listen", address.listen_value());
    Daemon& refused = second.launch();
    EXPECT_EQ(refused.wait(), (ExitStatus{78, 0}));
    const std::string text = "unable to bind listening socket for address '" + address.listen_value() +
                             "': Address already in use (98)";
    EXPECT_NE(refused.log().find(text), std::string::npos) << refused.log();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

}  // namespace
}  // namespace phalanx::harness
