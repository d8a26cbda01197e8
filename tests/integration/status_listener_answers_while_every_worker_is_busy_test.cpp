#include <sys/resource.h>

#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// pm.status_listen: a second address with the status and ping pages.
class StatusListener : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        path_ = (site().files() / "status.sock").string();
        site().pool().set("pm.max_children", "1").set("pm.status_listen", path_);
        site().pool().set("pm.status_path", "/status").set("ping.path", "/ping");
        site().script("busy.php", script_that_takes(20));
        site().script("quick.php", "<?php echo 'quick';");
    }

    Answer page(const std::string& target, const std::string& method = "GET") {
        return ask(Address::unix_path(path_), site().request(target, method));
    }
    /// The value of one line of the status page.
    std::string value(const std::string& key) {
        const std::string body = page("/status").body();
        const std::size_t at = body.find("\n" + key + ":");
        if (at == std::string::npos) return "no such line in " + body;
        const std::size_t begin = body.find_first_not_of(' ', at + key.size() + 2);
        return body.substr(begin, body.find('\n', begin) - begin);
    }

    std::string path_;
};

TEST_F(StatusListener, AnswersInEveryFormatWhileEveryWorkerIsBusy) {
    site().start();
    const RunningScript busy(site().address(), site().request("/busy.php"));
    ASSERT_GT(busy.pid(), 0);
    EXPECT_EQ(page("/ping").body(), "pong");
    EXPECT_EQ(value("active processes"), "1");
    EXPECT_NE(page("/status?json&full").body().find("\"state\":\"Running\""), std::string::npos);
    EXPECT_NE(page("/status?full").body().find("pid:                  " + std::to_string(busy.pid())),
              std::string::npos);
    EXPECT_EQ(page("/status", "HEAD").body(), "");
    EXPECT_EQ(page("/status?openmetrics").header("Content-Type"),
              "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_F(StatusListener, ShowsTheFirstWorkersFromTheReadyLineOn) {
    SKIP_UNLESS_PHALANX("counts them a moment later");
    site().pool().set("pm.max_children", "4");
    site().start();
    EXPECT_EQ(value("total processes"), "4");
}

TEST_F(StatusListener, ShowsHowManyConnectionsWaitAtTheSocket) {
    SKIP_UNLESS_PHALANX("it knows nothing of Unix sockets' queues");
    site().pool().set("listen.backlog", "20");
    site().start();
    const RunningScript busy(site().address(), site().request("/busy.php"));
    EXPECT_EQ(value("listen queue len"), "20");
    std::vector<FastCgiClient> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.emplace_back(site().address());
        ASSERT_TRUE(waiting.back().send(site().request("/quick.php")));
    }
    EXPECT_TRUE(eventually(kPatience, [&] { return value("listen queue") == "3"; })) << value("listen queue");
    waiting.clear();
    EXPECT_EQ(value("max listen queue"), "3");
}

TEST_F(StatusListener, ShowsThatThePoolIsAtItsLimit) {
    site().pool().set("pm", "dynamic").set("pm.min_spare_servers", "1").set("pm.max_spare_servers", "1");
    site().start();
    EXPECT_EQ(value("max children reached"), "0");
    const RunningScript busy(site().address(), site().request("/busy.php"));
    EXPECT_TRUE(site().daemon().wait_for_log(
        "WARNING: [pool www] server reached pm.max_children setting (1), consider raising it"));
    EXPECT_TRUE(eventually(kPatience, [&] { return value("max children reached") == "1"; }));
    EXPECT_EQ(value("max active processes"), "1");
    EXPECT_EQ(value("idle processes"), "0");
    EXPECT_EQ(value("total processes"), "1");
}

TEST_F(StatusListener, ServesNothingElse) {
    site().start();
    const Answer missing = page("/nowhere.php");
    EXPECT_EQ(missing.status(), 404);
    EXPECT_EQ(missing.body(), "File not found.\n");
    EXPECT_EQ(missing.errors, "Primary script unknown");
    SKIP_UNLESS_PHALANX("it runs scripts too");
    EXPECT_EQ(page("/quick.php").status(), 404);
}

TEST_F(StatusListener, TakesWhateverFormTheRequestHas) {
    SKIP_UNLESS_PHALANX("it keeps such connections");
    site().start();
    FastCgiClient pieces(Address::unix_path(path_));
    for (const char byte : encode(site().request("/ping"))) ASSERT_TRUE(pieces.send(std::string(1, byte)));
    EXPECT_EQ(pieces.read_answer().body(), "pong");
    FastCgiClient keeping(Address::unix_path(path_));
    ASSERT_TRUE(keeping.send(site().request("/ping").keep_connection()));
    EXPECT_EQ(keeping.read_answer().body(), "pong");
    EXPECT_TRUE(keeping.wait_until_closed());
    FastCgiClient asking(Address::unix_path(path_));
    ASSERT_TRUE(asking.send(record(RecordType::GetValues, 0, name_value("FCGI_MPXS_CONNS", "")) +
                            encode(site().request("/ping"))));
    EXPECT_EQ(asking.read_answer().body(), "pong");
    FastCgiClient garbage(Address::unix_path(path_));
    ASSERT_TRUE(garbage.send("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(garbage.wait_until_closed());
    EXPECT_EQ(page("/ping").body(), "pong");
}

TEST_F(StatusListener, ListensOverTcpToAllowedClientsOnly) {
    const Address allowed = Address::tcp("127.0.0.1", free_tcp_port());
    site().pool().set("pm.status_listen", allowed.listen_value()).set("listen.allowed_clients", "127.0.0.1");
    site().start();
    EXPECT_EQ(ask(allowed, site().request("/ping")).body(), "pong");
    site().end();
    site().pool().set("listen.allowed_clients", "127.0.0.2");
    site().start();
    EXPECT_TRUE(ask(allowed, site().request("/ping")).closed);
}

TEST_F(StatusListener, RestsWhileThereAreNoDescriptors) {
    SKIP_UNLESS_PHALANX("its workers take such connections");
    site().start();
    ASSERT_EQ(site().get("/quick.php").body(), "quick");
    // The sanitizer of a build that has one takes two descriptors itself, the first time it meets an object's
    // type at a place: not when there are none.
    EXPECT_EQ(page("/ping").body(), "pong");
    EXPECT_FALSE(FastCgiClient(Address::unix_path(path_)).wait_until_closed(kWatch));
    EXPECT_EQ(page("/ping").body(), "pong");
    const pid_t master = site().daemon().pid();
    const auto few = static_cast<rlim_t>(open_descriptors(master).value_or(0) + 10);
    rlimit before{};
    ASSERT_EQ(::prlimit(master, RLIMIT_NOFILE, nullptr, &before), 0);
    const rlimit limited{few, before.rlim_max};
    ASSERT_EQ(::prlimit(master, RLIMIT_NOFILE, &limited, nullptr), 0);
    std::vector<FastCgiClient> silent;
    for (int i = 0; i < 40; ++i) silent.emplace_back(Address::unix_path(path_));
    const auto cpu = process_stat(master)->own_cpu;
    std::this_thread::sleep_for(milliseconds(1000));
    EXPECT_LT(process_stat(master)->own_cpu - cpu, milliseconds(300)) << "the master spins";
    silent.clear();
    const Answer after = page("/ping");
    EXPECT_EQ(after.body(), "pong") << "it has not recovered: " << after << site().daemon().log();
}

/// Whoever may connect there is not to take the descriptors of the pools.
TEST_F(StatusListener, HasABoundOfItsOwn) {
    site().start();
    const pid_t master = site().daemon().pid();
    const auto before = open_descriptors(master).value_or(0);
    std::vector<FastCgiClient> silent;
    for (int i = 0; i < 300; ++i) silent.emplace_back(Address::unix_path(path_));
    EXPECT_TRUE(eventually(kPatience, [&] { return open_descriptors(master).value_or(0) >= before + 256; }));
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_LE(open_descriptors(master).value_or(0), before + 260);
    EXPECT_EQ(site().get("/quick.php").body(), "quick");
    silent.clear();
    EXPECT_EQ(page("/ping").body(), "pong") << site().daemon().log();
}

TEST_F(StatusListener, GoesWithTheDaemonAndLeavesNoDescriptorBehind) {
    site().start();
    ASSERT_EQ(site().get("/quick.php").body(), "quick");  // all that a worker takes is open
    const auto before = open_descriptors(site().daemon().pid());
    for (int i = 0; i < 50; ++i) ASSERT_EQ(page("/ping").body(), "pong");
    EXPECT_TRUE(eventually(kPatience, [&] {
        return open_descriptors(site().daemon().pid()).value_or(0) <= before.value_or(0);
    }));
    EXPECT_TRUE(std::filesystem::exists(path_));
    site().daemon().signal(SIGQUIT);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace phalanx::harness
