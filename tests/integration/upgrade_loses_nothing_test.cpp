#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "harness/upgrade.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// The program's file was replaced: a reload executes the new one.
class Upgrade : public UpgradeTest {
  protected:
    void SetUp() override {
        UpgradeTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
        site().script("slow.php", script_that_takes(2));
        site().script("until.php", script_until_allowed());
    }
    /// What answers now.
    pid_t worker() { return std::atoi(site().get("/pid.php").body().c_str()); }
    bool is_one_of(pid_t pid, const std::vector<pid_t>& processes) {
        return std::find(processes.begin(), processes.end(), pid) != processes.end();
    }
};

TEST_F(Upgrade, KeepsTheProcessNumberAndRenewsEverythingElse) {
    const auto pid_file = site().files() / "master.pid";
    site().global().set("pid", pid_file.string());
    site().start();
    const auto former = site().daemon().others();
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_EQ(read_file(pid_file), std::to_string(site().daemon().pid()));
    EXPECT_TRUE(ends(former)) << site().daemon().log();
    EXPECT_FALSE(is_one_of(worker(), former));
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); })) << site().daemon().log();
    EXPECT_EQ(site().daemon().log().find("ERROR"), std::string::npos) << site().daemon().log();
    EXPECT_EQ(site().daemon().log().find("WARNING"), std::string::npos) << site().daemon().log();
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_FALSE(std::filesystem::exists(pid_file));
    EXPECT_FALSE(std::filesystem::exists(site().address().host()));
}

TEST_F(Upgrade, LeavesNoProcessAndNoDescriptorBehind) {
    site().start();
    const auto settled = [&] {
        return former_masters().empty() && site().daemon().workers().size() == 2 &&
               site().daemon().templates().size() == 1 && site().daemon().others().size() == 3;
    };
    const auto targets = [&] { return descriptor_targets(site().daemon().pid()).size(); };
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    ASSERT_TRUE(eventually(kPatience, settled)) << site().daemon().log();
    ASSERT_NE(worker(), 0);
    // What the first upgrade left open a moment longer may still be among them: three more leave no more.
    const std::size_t before = targets();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(upgrade()) << site().daemon().log();
        ASSERT_TRUE(eventually(kPatience, settled)) << i << ": " << site().daemon().log();
    }
    ASSERT_NE(worker(), 0);
    EXPECT_TRUE(eventually(kPatience, [&] { return targets() <= before; })) << targets() << ", " << before;
}

TEST_F(Upgrade, LetsRunningRequestsEnd) {
    site().start();
    RunningScript slow(site().address(), site().request("/until.php"));
    ASSERT_NE(slow.pid(), 0);
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    const pid_t next = worker();
    EXPECT_NE(next, 0);
    EXPECT_NE(next, slow.pid());
    EXPECT_TRUE(is_alive(slow.pid()));
    let_scripts_end(site());
    EXPECT_NE(slow.rest().output.find("done"), std::string::npos) << site().daemon().log();
    EXPECT_TRUE(ends({slow.pid()}));
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); })) << site().daemon().log();
}

TEST_F(Upgrade, EndsRequestsThatOutlastTheControlTimeout) {
    site().script("long.php", script_that_takes(20));
    site().global().set("process_control_timeout", "1");
    site().start();
    RunningScript slow(site().address(), site().request("/long.php"));
    ASSERT_NE(slow.pid(), 0);
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_TRUE(ends({slow.pid()})) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); })) << site().daemon().log();
}

TEST_F(Upgrade, KeepsKeptConnections) {
    site().start();
    const auto former_workers = site().daemon().workers();
    FastCgiClient idle(site().address());
    const pid_t former =
        std::atoi(idle.exchange(site().request("/pid.php").keep_connection()).body().c_str());
    ASSERT_NE(former, 0);
    FastCgiClient busy(site().address());
    ASSERT_TRUE(busy.send(site().request("/slow.php").keep_connection()));
    ASSERT_TRUE(busy.read_record());
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    const pid_t next = std::atoi(idle.exchange(site().request("/pid.php").keep_connection()).body().c_str());
    EXPECT_NE(next, 0) << site().daemon().log();
    EXPECT_NE(next, former);
    EXPECT_NE(busy.read_answer().output.find("done"), std::string::npos);
    // (Of which the new program starts one more now that a former worker is free to leave.)
    const Answer answer = busy.exchange(site().request("/pid.php").keep_connection());
    EXPECT_TRUE(is_one_of(std::atoi(answer.body().c_str()), site().daemon().workers()))
        << answer << site().daemon().log();
    EXPECT_FALSE(is_one_of(std::atoi(answer.body().c_str()), former_workers)) << answer;
    EXPECT_EQ(idle.exchange(site().request("/pid.php")).status(), 200);
}

TEST_F(Upgrade, TakesHalfAHeadAlong) {
    site().script("length.php", "<?php $n = 0; while (isset($_SERVER['LONG' . $n])) ++$n; echo $n;");
    site().start();
    // The second one takes several messages between the two masters.
    for (const int size : {1, 100}) {
        Request request = site().request("/length.php");
        for (int i = 0; i < size; ++i) request.set("LONG" + std::to_string(i), std::string(1'000, 'x'));
        const std::string bytes = encode(request);
        FastCgiClient client(site().address());
        const std::size_t first = bytes.size() - 200;
        ASSERT_TRUE(client.send(bytes.substr(0, first)));
        ASSERT_NE(worker(), 0);
        ASSERT_TRUE(upgrade()) << site().daemon().log();
        ASSERT_TRUE(client.send(bytes.substr(first)));
        EXPECT_EQ(client.read_answer().body(), std::to_string(size)) << site().daemon().log();
        ASSERT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); }));
    }
}

TEST_F(Upgrade, ServesThoseThatWaitInTheLineAndKeepsToMaxChildren) {
    site().pool().set("pm.max_children", "2").set("pm.status_path", "/status");
    site().start();
    std::atomic<bool> over = false;
    std::size_t most = 0;
    std::thread watch([&] {
        while (!over) {
            most = std::max(most, site().daemon().workers().size());
            std::this_thread::sleep_for(milliseconds(2));
        }
    });
    RunningScript one(site().address(), site().request("/slow.php"));
    RunningScript two(site().address(), site().request("/slow.php"));
    std::vector<std::unique_ptr<FastCgiClient>> waiting;
    for (int i = 0; i < 20; ++i) {
        waiting.push_back(std::make_unique<FastCgiClient>(site().address()));
        Request request = site().request("/pid.php");
        request.keep = i % 2 == 0;
        ASSERT_TRUE(waiting.back()->send(request));
    }
    const bool upgraded = upgrade();
    EXPECT_NE(one.rest().output.find("done"), std::string::npos);
    EXPECT_NE(two.rest().output.find("done"), std::string::npos);
    for (const auto& client : waiting) {
        const Answer answer = client->read_answer();
        EXPECT_EQ(answer.status(), 200) << answer;
    }
    over = true;
    watch.join();
    EXPECT_TRUE(upgraded) << site().daemon().log();
    EXPECT_LE(most, 2u);
}

TEST_F(Upgrade, ServesThoseThatWaitInTheirOrder) {
    const auto folder = site().files().open_folder("order");
    site().script("order.php", "<?php file_put_contents('" + (folder / "order").string() +
                                   "', $_SERVER['QUERY_STRING'] . ' ', FILE_APPEND);");
    site().pool().set("pm.max_children", "1");
    site().start();
    RunningScript running(site().address(), site().request("/slow.php"));
    std::vector<std::unique_ptr<FastCgiClient>> waiting;
    std::string expected;
    for (int i = 0; i < 15; ++i) {
        expected += std::to_string(i) + " ";
        waiting.push_back(std::make_unique<FastCgiClient>(site().address()));
        ASSERT_TRUE(waiting.back()->send(site().request("/order.php?" + std::to_string(i))));
        // Each into the line of the former program before the next one comes: of several that come while it
        // accepts, the one whose request was not there yet at its first look is the last.
        std::this_thread::sleep_for(milliseconds(20));
    }
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    for (const auto& client : waiting) EXPECT_EQ(client->read_answer().status(), 200);
    EXPECT_EQ(read_file(folder / "order"), expected);
    EXPECT_NE(running.rest().output.find("done"), std::string::npos);
}

TEST_F(Upgrade, TakesHundredsOfPools) {
    constexpr int kPools = 300;
    for (int i = 0; i < kPools; ++i) site().add_pool("pool" + std::to_string(i)).set("pm", "ondemand");
    site().start();
    FastCgiClient kept(site().address("pool7"));
    ASSERT_EQ(kept.exchange(site().request("/pid.php").keep_connection()).status(), 200);
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); })) << site().daemon().log();
    EXPECT_EQ(kept.exchange(site().request("/pid.php").keep_connection()).status(), 200);
    for (const char* pool : {"pool0", "pool7", "pool299"})
        EXPECT_EQ(site().get("/pid.php", pool).status(), 200);
}

TEST_F(Upgrade, ComesTwiceOnlyOnceTheFormerProgramHasEnded) {
    site().start();
    RunningScript slow(site().address(), site().request("/until.php"));
    ASSERT_NE(slow.pid(), 0);
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    replace_program();
    EXPECT_TRUE(site().reload("takes over once the former program's processes have ended"));
    EXPECT_FALSE(runs_new_program(site().daemon().pid()));
    let_scripts_end(site());
    EXPECT_NE(slow.rest().output.find("done"), std::string::npos);
    EXPECT_TRUE(eventually(kPatience, [&] { return runs_new_program(site().daemon().pid()); }))
        << site().daemon().log();
    EXPECT_NE(worker(), 0);
}

TEST_F(Upgrade, StartsAddedPoolsAndEndsRemovedOnes) {
    site().add_pool("old");
    site().start();
    const std::filesystem::path old_socket = site().pool("old").value("listen");
    const auto leaving = site().daemon().workers("old");
    FastCgiClient kept(site().address("old"));
    ASSERT_EQ(kept.exchange(site().request("/pid.php").keep_connection()).status(), 200);
    site().drop_pool("old");
    site().add_pool("new");
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_EQ(site().get("/pid.php", "new").status(), 200);
    EXPECT_TRUE(ends(leaving)) << site().daemon().log();
    EXPECT_TRUE(kept.wait_until_closed());
    EXPECT_FALSE(std::filesystem::exists(old_socket));
}

TEST_F(Upgrade, TakesEveryProcessManager) {
    site().pool().set("pm", "dynamic").set("pm.start_servers", "2").set("pm.min_spare_servers", "1");
    site().pool().set("pm.max_spare_servers", "2");
    site().add_pool("lazy").set("pm", "ondemand");
    site().add_pool("asleep").set("pm", "ondemand");
    site().start();
    ASSERT_EQ(site().get("/pid.php", "lazy").status(), 200);
    const auto former = site().daemon().others();
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_TRUE(ends(former)) << site().daemon().log();
    EXPECT_TRUE(site().daemon().templates("asleep").empty());
    for (const char* pool : {"www", "lazy", "asleep"}) EXPECT_EQ(site().get("/pid.php", pool).status(), 200);
}

TEST_F(Upgrade, CountsOn) {
    site().pool().set("pm.status_path", "/status");
    site().start();
    for (int i = 0; i < 5; ++i) ASSERT_NE(worker(), 0);
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] {
        return former_masters().empty() &&
               site().get("/status").body().find("accepted conn:        1\n") == std::string::npos;
    }));
    const std::string status = site().get("/status").body();
    const std::size_t at = status.find("accepted conn:");
    ASSERT_NE(at, std::string::npos) << status;
    EXPECT_GE(std::atoi(status.c_str() + at + 14), 6) << status;
}

TEST_F(Upgrade, LeavesThePoolToTheFormerProgramUntilTheNewOneCanServe) {
    site().with_opcache();
    site().start();
    const pid_t former = worker();
    site().script("preload.php", "<?php throw new Exception('the cause of it');");
    site().pool().set("php_admin_value[opcache.preload]", (site().root() / "preload.php").string());
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    ASSERT_TRUE(site().daemon().wait_for_log("the cause of it")) << site().daemon().log();
    EXPECT_NE(worker(), 0) << site().daemon().log();
    // Workers that end meanwhile are replaced by the former program.
    ASSERT_TRUE(kill_process(former));
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 2; }))
        << site().daemon().log();
    const auto served = site().daemon().workers();
    EXPECT_TRUE(is_one_of(worker(), served));
    // The next configuration takes over from it.
    site().pool().remove("php_admin_value[opcache.preload]");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); })) << site().daemon().log();
    const pid_t next = worker();
    EXPECT_NE(next, 0) << site().daemon().log();
    EXPECT_FALSE(is_one_of(next, served));
}

/// A generation that has not come to serve when the program is executed.
TEST_F(Upgrade, LeavesOutAGenerationThatNeverCame) {
    site().with_opcache();
    site().start();
    site().script("preload.php", "<?php throw new Exception('the cause of it');");
    site().pool().set("php_admin_value[opcache.preload]", (site().root() / "preload.php").string());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    const auto former = site().daemon().others();
    ASSERT_NE(worker(), 0);
    site().pool().remove("php_admin_value[opcache.preload]");
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_TRUE(ends(former)) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); })) << site().daemon().log();
    EXPECT_NE(worker(), 0) << site().daemon().log();
}

TEST_F(Upgrade, KeepsToProcessMax) {
    site().add_pool("second");
    site().global().set("process.max", "4");
    site().start();
    RunningScript one(site().address(), site().request("/slow.php"));
    RunningScript two(site().address("second"), site().request("/slow.php"));
    std::atomic<bool> over = false;
    std::size_t most = 0;
    std::thread watch([&] {
        while (!over) {
            most =
                std::max(most, site().daemon().workers().size() + site().daemon().workers("second").size());
            std::this_thread::sleep_for(milliseconds(2));
        }
    });
    const bool upgraded = upgrade();
    EXPECT_NE(worker(), 0);
    EXPECT_NE(one.rest().output.find("done"), std::string::npos);
    EXPECT_NE(two.rest().output.find("done"), std::string::npos);
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); }));
    over = true;
    watch.join();
    EXPECT_TRUE(upgraded) << site().daemon().log();
    EXPECT_LE(most, 4u);
    EXPECT_TRUE(eventually(kPatience, [&] {
        return site().daemon().workers().size() == 2 && site().daemon().workers("second").size() == 2;
    })) << site().daemon().log();
}

/// Sockets that a service manager has lent are found by their names again, and left alone.
TEST_F(Upgrade, PassesOnWhatWasPassed) {
    const std::string path = site().files() / "lent.sock";
    const Address lent = Address::unix_path(path);
    sockaddr_storage storage{};
    const socklen_t length = lent.fill(storage);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
    ASSERT_EQ(::listen(socket.get(), 16), 0);
    std::filesystem::permissions(path, std::filesystem::perms::all);
    site().start_options().passed = {socket.get()};
    site().start_options().environment = {{"LISTEN_FDNAMES", "www"}};
    site().start();
    const auto answers = [&] { return ask(lent, site().request("/pid.php")).status() == 200; };
    ASSERT_TRUE(answers());
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(upgrade()) << site().daemon().log();
        ASSERT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); }));
        EXPECT_TRUE(answers()) << site().daemon().log();
    }
    EXPECT_FALSE(std::filesystem::exists(site().address().host()));
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_TRUE(std::filesystem::exists(path));
}

/// In the background; nobody waits for a report any more.
TEST_F(Upgrade, StaysInTheBackground) {
    const auto pid_file = site().files() / "master.pid";
    site().global().set("pid", pid_file.string()).set("daemonize", "yes");
    site().global().set("error_log", (site().files() / "error.log").string());
    site().files().write("php-fpm.conf", site().config().text());
    Command command;
    command.arguments = {program().string(), "-n", "-D", "-y", (site().files() / "php-fpm.conf").string()};
    command.output = site().files() / "output";
    command.errors = site().files() / "errors";
    ChildProcess start(command);
    ASSERT_EQ(start.wait(), (ExitStatus{0, 0}));
    const pid_t master = std::atoi(read_file(pid_file).c_str());
    const pid_t former = worker();
    ASSERT_NE(former, 0);
    replace_program();
    ASSERT_TRUE(signal_process(master, SIGUSR2));
    ASSERT_TRUE(eventually(kPatience, [&] { return runs_new_program(master) && !is_alive(former); }))
        << read_file(site().files() / "error.log");
    EXPECT_NE(worker(), 0);
    EXPECT_EQ(read_file(pid_file), std::to_string(master));
    ASSERT_TRUE(signal_process(master, SIGTERM));
    EXPECT_TRUE(eventually(kPatience, [&] { return !is_alive(master); }));
    EXPECT_FALSE(std::filesystem::exists(pid_file));
    EXPECT_EQ(read_file(command.errors), "");
}

}  // namespace
}  // namespace phalanx::harness
