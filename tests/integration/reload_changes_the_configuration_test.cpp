#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class Reload : public SiteTest {
  protected:
    [[nodiscard]] bool all_gone(const std::vector<pid_t>& processes) {
        return eventually(kPatience, [&] {
            return std::none_of(processes.begin(), processes.end(), [](pid_t pid) { return is_alive(pid); });
        });
    }
};

TEST_F(Reload, TakesChangedSettingsWithNewProcesses) {
    site().script("x.php", "<?php echo getenv('COLOUR'), ini_get('memory_limit');");
    site().pool().set("env[COLOUR]", "red").set("php_value[memory_limit]", "32M");
    site().start();
    ASSERT_EQ(site().get("/x.php").body(), "red32M");
    const auto former = site().daemon().others();
    site()
        .pool()
        .set("env[COLOUR]", "blue")
        .set("php_value[memory_limit]", "64M")
        .set("pm.max_children", "3");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "blue64M");
    EXPECT_TRUE(all_gone(former)) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 3; }));
    EXPECT_EQ(site().get("/x.php").body(), "blue64M");
}

TEST_F(Reload, HupIsOneToo) {
    site().script("x.php", "<?php echo getenv('COLOUR');");
    site().pool().set("env[COLOUR]", "red");
    site().start();
    site().pool().set("env[COLOUR]", "blue");
    ASSERT_TRUE(site().reload("ready to handle connections", SIGHUP)) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "blue");
}

TEST_F(Reload, TakesEveryProcessManager) {
    site().script("pid.php", "<?php echo getmypid();");
    site().pool().set("pm", "dynamic").set("pm.start_servers", "2").set("pm.min_spare_servers", "1");
    site().pool().set("pm.max_spare_servers", "2");
    site().add_pool("lazy").set("pm", "ondemand");
    site().start();
    ASSERT_EQ(site().get("/pid.php", "lazy").status(), 200);
    const auto former = site().daemon().others();
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(all_gone(former)) << site().daemon().log();
    EXPECT_EQ(site().get("/pid.php").status(), 200);
    EXPECT_EQ(site().get("/pid.php", "lazy").status(), 200);
}

TEST_F(Reload, LetsRunningRequestsEnd) {
    site().script("slow.php", "<?php usleep(900000); echo getenv('COLOUR');");
    site().script("fast.php", "<?php echo getenv('COLOUR');");
    site().pool().set("env[COLOUR]", "red");
    site().start();
    FastCgiClient slow(site().address());
    ASSERT_TRUE(slow.send(site().request("/slow.php")));
    ASSERT_TRUE(eventually(kPatience, [&] { return site().get("/fast.php").body() == "red"; }));
    site().pool().set("env[COLOUR]", "blue");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/fast.php").body(), "blue") << "waits for the old worker";
    const Answer answer = slow.read_answer();
    EXPECT_EQ(answer.body(), "red") << answer;
}

TEST_F(Reload, EndsRequestsThatOutlastTheControlTimeout) {
    site().script("slow.php", "<?php file_put_contents('php://stderr', \"it has begun\\n\"); sleep(20);");
    site().pool().set("catch_workers_output", "yes");
    site().global().set("process_control_timeout", "1");
    site().start();
    FastCgiClient slow(site().address());
    ASSERT_TRUE(slow.send(site().request("/slow.php")));
    ASSERT_TRUE(site().daemon().wait_for_log("it has begun"));
    const auto former = site().daemon().others();
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(slow.read_answer().status() == 503);
    EXPECT_TRUE(all_gone(former));
}

TEST_F(Reload, IsNotHeldUpByAStoppedWorker) {
    site().script("x.php", "<?php echo getenv('COLOUR');");
    site().pool().set("pm.max_children", "1").set("env[COLOUR]", "red");
    site().global().set("process_control_timeout", "1");
    site().start();
    ASSERT_EQ(site().get("/x.php").body(), "red");
    const auto former = site().daemon().workers();
    ASSERT_EQ(former.size(), 1u);
    ASSERT_TRUE(stop_process(former[0]));
    site().pool().set("env[COLOUR]", "blue");
    EXPECT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "blue");
    EXPECT_TRUE(all_gone(former)) << site().daemon().log();
}

TEST_F(Reload, KeepsKeptConnections) {
    SKIP_UNLESS_PHALANX("closes them");
    site().script("x.php", "<?php echo getenv('COLOUR');");
    site().script("slow.php", "<?php usleep(500000); echo getenv('COLOUR');");
    site().pool().set("env[COLOUR]", "red");
    site().start();
    FastCgiClient idle(site().address());
    ASSERT_EQ(idle.exchange(site().request("/x.php").keep_connection()).body(), "red");
    FastCgiClient busy(site().address());
    ASSERT_TRUE(busy.send(site().request("/slow.php").keep_connection()));
    ASSERT_TRUE(eventually(kPatience, [&] { return site().get("/x.php").body() == "red"; }));
    site().pool().set("env[COLOUR]", "blue");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(idle.exchange(site().request("/x.php").keep_connection()).body(), "blue");
    EXPECT_EQ(busy.read_answer().body(), "red");
    EXPECT_EQ(busy.exchange(site().request("/x.php").keep_connection()).body(), "blue");
    EXPECT_EQ(idle.exchange(site().request("/x.php").keep_connection()).body(), "blue");
}

TEST_F(Reload, TakesHalfAHeadAlong) {
    SKIP_UNLESS_PHALANX("closes the connection");
    site().script("x.php", "<?php echo getenv('COLOUR');");
    site().pool().set("env[COLOUR]", "red");
    site().start();
    const std::string request = encode(site().request("/x.php"));
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(request.substr(0, request.size() / 2)));
    ASSERT_EQ(site().get("/x.php").body(), "red");
    site().pool().set("env[COLOUR]", "blue");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    ASSERT_TRUE(client.send(request.substr(request.size() / 2)));
    EXPECT_EQ(client.read_answer().body(), "blue");
}

TEST_F(Reload, StartsAddedPoolsAndEndsRemovedOnes) {
    site().script("x.php", "<?php echo getmypid();");
    site().add_pool("old");
    site().start();
    const std::filesystem::path old_socket = site().pool("old").value("listen");
    ASSERT_EQ(site().get("/x.php", "old").status(), 200);
    const auto leaving = site().daemon().workers("old");
    site().drop_pool("old");
    site().add_pool("new");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php", "new").status(), 200);
    EXPECT_EQ(site().get("/x.php").status(), 200);
    EXPECT_TRUE(all_gone(leaving));
    EXPECT_FALSE(std::filesystem::exists(old_socket));
}

TEST_F(Reload, MovesAPoolToAnotherAddress) {
    site().script("x.php", "<?php echo 'here';");
    site().start();
    const std::filesystem::path former = site().pool().value("listen");
    site().pool().set("listen", (site().files() / "other.sock").string());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "here");
    EXPECT_FALSE(std::filesystem::exists(former));
}

TEST_F(Reload, KeepsTheStatusListenerOfAPoolThatMoves) {
    SKIP_UNLESS_PHALANX("runs it in a pool of its own");
    site().script("x.php", "<?php echo 'here';");
    const std::string status = (site().files() / "status.sock").string();
    site().pool().set("pm.status_listen", status).set("pm.status_path", "/status");
    site().start();
    const auto says_status = [&] {
        return ask(Address::parse(status), site().request("/status")).body().find("pool:") !=
               std::string::npos;
    };
    ASSERT_TRUE(says_status());
    site().pool().set("listen", (site().files() / "other.sock").string());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "here");
    EXPECT_TRUE(says_status());
    // The two addresses change places.
    const std::string main = site().pool().value("listen");
    site().pool().set("listen", status).set("pm.status_listen", main);
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return site().get("/x.php").body() == "here"; }));
    site().daemon().signal(SIGTERM);
    ASSERT_TRUE(site().daemon().wait().has_value());
    EXPECT_FALSE(std::filesystem::exists(status));
    EXPECT_FALSE(std::filesystem::exists(main));
}

TEST_F(Reload, MovesToAPortAndBackWhileARequestRuns) {
    site().script("slow.php", "<?php usleep(1500000); echo 'slow';");
    site().script("x.php", "<?php echo 'here';");
    const std::string home = "127.0.0.1:" + std::to_string(free_tcp_port());
    site().pool().set("listen", home);
    site().start();
    FastCgiClient slow(site().address());
    ASSERT_TRUE(slow.send(site().request("/slow.php")));
    ASSERT_TRUE(eventually(kPatience, [&] { return site().get("/x.php").body() == "here"; }));
    site().pool().set("listen", "127.0.0.1:" + std::to_string(free_tcp_port()));
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    site().pool().set("listen", home);
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "here");
    EXPECT_EQ(slow.read_answer().body(), "slow");
    EXPECT_EQ(site().get("/x.php").body(), "here");
}

TEST_F(Reload, MakesARemovedSocketAgain) {
    site().script("x.php", "<?php echo 'here';");
    site().start();
    std::filesystem::remove(site().pool().value("listen"));
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "here");
    site().daemon().signal(SIGQUIT);
    ASSERT_TRUE(site().daemon().wait().has_value());
    EXPECT_FALSE(std::filesystem::exists(site().pool().value("listen")));
}

TEST_F(Reload, CountsOn) {
    SKIP_UNLESS_PHALANX("begins to count anew");
    site().pool().set("pm.status_path", "/status");
    site().script("x.php", "<?php echo 'x';");
    site().start();
    for (int i = 0; i < 5; ++i) ASSERT_EQ(site().get("/x.php").body(), "x");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] {
        const std::string page = site().get("/status").body();
        const std::size_t place = page.find("accepted conn:");
        return place != std::string::npos && std::stoi(page.substr(place + 14)) >= 6;
    })) << site().get("/status").body();
}

TEST_F(Reload, ManySignalsEndInOneGeneration) {
    site().script("x.php", "<?php echo getenv('N');");
    site().start();
    for (int n = 0; n < 100; ++n) {
        site().pool().set("env[N]", "\"" + std::to_string(n) + "\"");
        site().files().write("php-fpm.conf", site().config().text());
        ASSERT_TRUE(site().daemon().signal(SIGUSR2));
        if (n % 10 == 0) ::usleep(3000);
    }
    EXPECT_TRUE(eventually(kPatience, [&] { return site().get("/x.php").body() == "99"; }))
        << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] {
        return site().daemon().workers().size() == 2 && site().daemon().templates().size() == 1;
    })) << site().daemon().log();
}

TEST_F(Reload, LeaksNothing) {
    site().script("x.php", "<?php echo 'x';");
    site().start();
    ASSERT_TRUE(site().reload());
    const auto settled = [&] {
        return eventually(kPatience, [&] { return site().daemon().others().size() == 3; });
    };
    ASSERT_TRUE(settled());
    // The former generation's descriptors go with the next maintenance.
    const auto descriptors = [&] { return open_descriptors(site().daemon().pid()).value_or(0); };
    ::usleep(1'200'000);
    const std::size_t before = descriptors();
    for (int n = 0; n < 15; ++n) {
        ASSERT_TRUE(site().reload()) << n;
        ASSERT_EQ(site().get("/x.php").body(), "x");
    }
    ASSERT_TRUE(settled());
    EXPECT_TRUE(eventually(kPatience, [&] { return descriptors() <= before; }))
        << descriptors() << " descriptors, " << before << " before";
}

TEST_F(Reload, WritesARemovedPidFileAgain) {
    const auto file = site().files() / "master.pid";
    site().global().set("pid", file.string());
    site().start();
    ASSERT_TRUE(std::filesystem::remove(file));
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(read_file(file), std::to_string(site().daemon().pid()));
}

/// As /var/run is mostly /run.
TEST_F(Reload, KeepsASocketUnderAnotherNameOfItsFolder) {
    SKIP_UNLESS_PHALANX("ends");
    const auto folder = site().files().open_folder("run");
    const auto other_name = site().files() / "var-run";
    std::filesystem::create_symlink(folder, other_name);
    site().pool().set("listen", (other_name / "www.sock").string());
    site().start();
    site().script("x.php", "<?php echo 'x';");
    FastCgiClient kept(site().address());
    ASSERT_EQ(kept.exchange(site().request("/x.php").keep_connection()).body(), "x");
    site().pool().set("listen", (folder / "www.sock").string());
    for (int round = 0; round < 2; ++round) {
        ASSERT_TRUE(site().reload()) << site().daemon().log();
        EXPECT_EQ(site().get("/x.php").body(), "x");
        EXPECT_EQ(kept.exchange(site().request("/x.php").keep_connection()).body(), "x");
    }
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_FALSE(std::filesystem::exists(folder / "www.sock"));
}

/// As /var/run is mostly /run.
TEST_F(Reload, KeepsThePidFileUnderAnotherNameOfItsFolder) {
    SKIP_UNLESS_PHALANX("writes it anew, whatever the name");
    const auto folder = site().files() / "run";
    const auto other_name = site().files() / "var-run";
    std::filesystem::create_directory(folder);
    std::filesystem::create_symlink(folder, other_name);
    site().global().set("pid", (other_name / "master.pid").string());
    site().start();
    site().global().set("pid", (folder / "master.pid").string());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(read_file(folder / "master.pid"), std::to_string(site().daemon().pid()));
    site().global().set("pid", (site().files() / "elsewhere.pid").string());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return !std::filesystem::exists(folder / "master.pid"); }));
    EXPECT_EQ(read_file(site().files() / "elsewhere.pid"), std::to_string(site().daemon().pid()));
}

TEST_F(Reload, StopsOfEveryKindEndIt) {
    for (const int signal : {SIGQUIT, SIGTERM, SIGINT}) {
        site().start();
        ASSERT_TRUE(site().daemon().signal(SIGUSR2));
        ASSERT_TRUE(site().daemon().signal(signal));
        const auto status = site().daemon().wait();
        ASSERT_TRUE(status.has_value()) << site().daemon().log();
        EXPECT_EQ(status->code, 0) << site().daemon().log();
        EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others().empty(); }));
    }
}

}  // namespace
}  // namespace phalanx::harness
