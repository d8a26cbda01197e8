#include <fcntl.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// A socket that listens, as a service manager would pass it.
Descriptor listening_at(const Address& address) {
    sockaddr_storage storage{};
    const socklen_t length = address.fill(storage);
    Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    EXPECT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
    EXPECT_EQ(::listen(socket.get(), 16), 0);
    if (address.is_unix()) std::filesystem::permissions(address.host(), std::filesystem::perms::all);
    return socket;
}

class PassedSockets : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (!IsSkipped()) site().script("x.php", "<?php echo 'x';");
    }
    void pass(const Address& address, std::string_view name = "phalanx.socket") {
        kept_.push_back(listening_at(address));
        site().start_options().passed.push_back(kept_.back().get());
        names_ += (names_.empty() ? "" : ":") + std::string(name);
        site().start_options().environment = {{"LISTEN_FDNAMES", names_}};
    }
    Address other_path() { return Address::unix_path(site().files() / "other.sock"); }
    [[nodiscard]] std::string answer_at(const Address& address) {
        return ask(address, site().request("/x.php")).body();
    }
    [[nodiscard]] bool says(std::string_view text) { return site().daemon().wait_for_log(text); }

  private:
    std::vector<Descriptor> kept_;
    std::string names_;
};

TEST_F(PassedSockets, AreUsedForPoolsWithTheirAddress) {
    SKIP_UNLESS_PHALANX("knows no LISTEN_FDS");
    const Address tcp = Address::tcp("127.0.0.1", free_tcp_port());
    site().add_pool("port").set("listen", tcp.listen_value());
    pass(site().address());
    pass(tcp);
    // Somebody who came before the daemon did.
    const Descriptor early = connect_to(site().address());
    site().start();
    EXPECT_EQ(answer_at(site().address()), "x");
    EXPECT_EQ(answer_at(tcp), "x");
    EXPECT_TRUE(says("using inherited socket fd=")) << site().daemon().log();
    EXPECT_TRUE(early.is_open());
}

TEST_F(PassedSockets, AreUsedForThePoolOfTheirNameWhateverItsAddress) {
    SKIP_UNLESS_PHALANX("knows no LISTEN_FDS");
    pass(other_path(), "www");
    site().start();
    EXPECT_EQ(answer_at(other_path()), "x");
    EXPECT_FALSE(std::filesystem::exists(site().address().host()));
    EXPECT_TRUE(says("NOTICE: [pool www] listens at " + other_path().host() +
                     ", a socket that was passed under the pool's name, and not at " +
                     site().address().host()))
        << site().daemon().log();
    ASSERT_TRUE(site().reload());
    EXPECT_EQ(answer_at(other_path()), "x");
    EXPECT_FALSE(std::filesystem::exists(site().address().host()));
}

TEST_F(PassedSockets, WithThePoolsAddressComeBeforeThoseWithItsName) {
    SKIP_UNLESS_PHALANX("knows no LISTEN_FDS");
    pass(other_path(), "www");
    pass(site().address(), "anything");
    site().start();
    EXPECT_EQ(answer_at(site().address()), "x");
    EXPECT_TRUE(says("WARNING: the socket " + other_path().host() +
                     " (www) was passed to this program and is closed: no pool listens there"));
}

TEST_F(PassedSockets, ThatFitNoPoolAreClosedWithAWarning) {
    SKIP_UNLESS_PHALANX("knows no LISTEN_FDS");
    pass(other_path());
    site().start_options().passed.push_back(STDOUT_FILENO);
    site().start();
    EXPECT_EQ(answer_at(site().address()), "x");
    EXPECT_TRUE(says("WARNING: the socket " + other_path().host() +
                     " (phalanx.socket) was passed to this program and is closed: no pool listens there"));
    EXPECT_TRUE(
        says("WARNING: descriptor 4 () was passed to this program and is closed: it is no socket that "
             "listens"));
}

TEST_F(PassedSockets, KeepTheirFilesWhenItStops) {
    SKIP_UNLESS_PHALANX("knows no LISTEN_FDS");
    pass(site().address());
    site().start();
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_TRUE(std::filesystem::exists(site().address().host()));
}

TEST_F(PassedSockets, AreStillThereWhenAReloadWantsThemAgain) {
    SKIP_UNLESS_PHALANX("knows no LISTEN_FDS");
    site().add_pool("second").set("listen", other_path().host());
    pass(other_path());
    site().start();
    site().drop_pool("second");
    ASSERT_TRUE(site().reload());
    site().add_pool("second").set("listen", other_path().host());
    ASSERT_TRUE(site().reload("using inherited socket"));
    EXPECT_TRUE(eventually(kPatience, [&] { return answer_at(other_path()) == "x"; }));
}

/// php-fpm's own way, which units of the field use to activate it by a socket.
TEST_F(PassedSockets, AreFoundByPhpFpmsVariable) {
    const Descriptor socket = listening_at(site().address());
    site().start_options().passed = {socket.get()};
    site().start_options().environment = {{"FPM_SOCKETS", site().address().host() + "=3"}};
    site().start();
    EXPECT_EQ(answer_at(site().address()), "x");
    EXPECT_TRUE(says("using inherited socket fd=")) << site().daemon().log();
}

TEST_F(PassedSockets, AreNotHandedOnToScripts) {
    SKIP_UNLESS_PHALANX("leaves FPM_SOCKETS in the environment");
    site().script("env.php", "<?php echo json_encode([getenv('LISTEN_FDS'), getenv('FPM_SOCKETS')]);");
    site().pool().set("clear_env", "no");
    pass(site().address());
    site().start_options().environment.emplace_back("FPM_SOCKETS", site().address().host() + "=3");
    site().start();
    EXPECT_EQ(site().get("/env.php").body(), "[false,false]");
}

}  // namespace
}  // namespace phalanx::harness
