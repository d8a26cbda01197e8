#include <csignal>
#include <cstdlib>

#include "harness/site.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

constexpr milliseconds kWhile{300};

/// A script goes on after fastcgi_finish_request(); the client's next request over the same connection is
/// another worker's affair.
class FreedConnection : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notes_.emplace(site());
        const std::string finish = notes_->php() + "echo getmypid(); fastcgi_finish_request(); ";
        site().script("finish.php", finish + "await('go'); note('went on ' . connection_status());");
        site().script("write.php",
                      finish +
                          "$files = []; for ($i = 0; $i < 8; ++$i) $files[] = fopen(__DIR__ . \"/f$i\", "
                          "'w'); echo str_repeat('x', 100000); flush(); note('wrote'); await('go');");
        site().script("body.php", finish + "note(file_get_contents('php://input')); await('go');");
        site().script("busy.php", notes_->php() + "note('busy'); await($_GET['until']); echo 'free';");
        site().script("count.php",
                      "<?php echo $_GET['n']; fastcgi_finish_request(); usleep(random_int(0, 30000));");
        site().script("pid.php", "<?php echo getmypid();");
    }
    void start(const char* workers = "2") {
        site().pool().set("pm.max_children", workers);
        site().start();
    }
    Request kept(const std::string& target, const std::string& method = "GET") {
        return site().request(target, method).keep_connection();
    }
    std::string exchange(FastCgiClient& client, const Request& request) {
        return client.exchange(request).body();
    }
    /// The worker of a script that goes on, and one that answers the next request meanwhile.
    void expect_another_worker_for_the_next(FastCgiClient& client, const std::string& first) {
        const Answer next = client.read_answer();
        EXPECT_EQ(next.status(), 200) << next;
        EXPECT_NE(next.body(), first);
        EXPECT_EQ(notes_->text().find("went on"), std::string::npos) << "the script had ended before";
    }
    void expect_script_ends() {
        notes_->allow("go");
        EXPECT_TRUE(notes_->wait_for("went on 0\n")) << notes_->text();
    }
    void expect_next_over_a_connection_of_the_masters() {
        FastCgiClient client(site().address());
        const std::string first = exchange(client, kept("/finish.php"));
        ASSERT_TRUE(client.send(kept("/pid.php")));
        expect_another_worker_for_the_next(client, first);
        expect_script_ends();
        EXPECT_NE(exchange(client, kept("/pid.php")), "");
    }

    std::optional<Notes> notes_;
};

TEST_F(FreedConnection, IsServedByAnotherWorkerWhileTheScriptRuns) {
    SKIP_UNLESS_PHALANX("the connection waits for the worker it began with");
    start();
    expect_next_over_a_connection_of_the_masters();
}

TEST_F(FreedConnection, IsServedByAnotherWorkerOverTcp) {
    SKIP_UNLESS_PHALANX("the connection waits for the worker it began with");
    site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
    site().pool().set("access.log", (site().files() / "access.log").string()).set("access.format", "%R %r");
    start();
    expect_next_over_a_connection_of_the_masters();
    EXPECT_TRUE(eventually(kPatience, [&] {
        return read_file(site().files() / "access.log").find("127.0.0.1 /finish.php\n") != std::string::npos;
    })) << "the log knows the client that has gone elsewhere";
}

TEST_F(FreedConnection, IsServedByAnotherWorkerWhereTheFirstHadAcceptedIt) {
    SKIP_UNLESS_PHALANX("the connection waits for the worker it began with");
    start();
    FastCgiClient one(site().address());
    FastCgiClient two(site().address());
    ASSERT_TRUE(one.send(kept("/busy.php?until=one")));
    ASSERT_TRUE(two.send(kept("/busy.php?until=two")));
    ASSERT_TRUE(notes_->wait_for("busy\nbusy\n"));
    // Nobody is idle: it lies in the kernel's queue until a worker takes it from there.
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(kept("/finish.php")));
    notes_->allow("one");
    const std::string first = client.read_answer().body();
    ASSERT_NE(first, "");
    ASSERT_TRUE(client.send(kept("/pid.php")));
    notes_->allow("two");
    expect_another_worker_for_the_next(client, first);
    EXPECT_EQ(one.read_answer().body(), "free");
    EXPECT_EQ(two.read_answer().body(), "free");
}

TEST_F(FreedConnection, TakesWhatWasReadOfTheNextRequestAlong) {
    SKIP_UNLESS_PHALANX("the connection waits for the worker it began with");
    start();
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(encode(kept("/finish.php")) + encode(kept("/pid.php"))));
    expect_another_worker_for_the_next(client, client.read_answer().body());
    expect_script_ends();
}

TEST_F(FreedConnection, LeavesTheBodyToTheScript) {
    SKIP_UNLESS_PHALANX("the connection waits for the worker it began with");
    start();
    FastCgiClient client(site().address());
    const std::string body(5000, 'b');
    Request put = kept("/body.php", "PUT");
    ASSERT_TRUE(
        client.send(encode(put.with_body(body), {.body = 700, .padding = 5}) + encode(kept("/pid.php"))));
    expect_another_worker_for_the_next(client, client.read_answer().body());
    EXPECT_TRUE(notes_->wait_for(body + "\n")) << notes_->text().size();
    notes_->allow("go");
    EXPECT_NE(exchange(client, kept("/pid.php")), "");
}

TEST_F(FreedConnection, AnswersInOrder) {
    start();
    FastCgiClient at_once(site().address());
    FastCgiClient in_turns(site().address());
    std::string bytes;
    for (int n = 0; n < 20; ++n) bytes += encode(kept("/count.php?n=" + std::to_string(n)));
    ASSERT_TRUE(at_once.send(bytes));
    for (int n = 0; n < 20; ++n) {
        const std::string number = std::to_string(n);
        EXPECT_EQ(at_once.read_answer().body(), number);
        EXPECT_EQ(exchange(in_turns, kept("/count.php?n=" + number)), number);
    }
}

TEST_F(FreedConnection, WaitsForTheOnlyWorker) {
    start("1");
    FastCgiClient client(site().address());
    const std::string first = exchange(client, kept("/finish.php"));
    ASSERT_TRUE(client.send(kept("/pid.php")));
    EXPECT_FALSE(client.read_record(kWhile)) << "there is no other worker";
    notes_->allow("go");
    EXPECT_EQ(client.read_answer().body(), first);
}

TEST_F(FreedConnection, IsNotTouchedByAScriptThatWritesOn) {
    SKIP_UNLESS_PHALANX("the connection waits for the worker it began with");
    start();
    FastCgiClient client(site().address());
    const std::string first = exchange(client, kept("/write.php"));
    ASSERT_TRUE(notes_->wait_for("wrote\n"));
    ASSERT_TRUE(client.send(kept("/pid.php")));
    expect_another_worker_for_the_next(client, first);
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(read_file(site().root() / ("f" + std::to_string(i))), "") << "a file has its number";
    notes_->allow("go");
    EXPECT_NE(exchange(client, kept("/pid.php")), "");
}

TEST_F(FreedConnection, OutlivesItsFormerWorker) {
    SKIP_UNLESS_PHALANX("a worker that dies takes its connections along");
    start();
    std::string written;
    for (const int signal : {SIGKILL, SIGSEGV, SIGTERM}) {
        FastCgiClient client(site().address());
        const std::string first = exchange(client, kept("/write.php"));
        ASSERT_TRUE(notes_->wait_for(written += "wrote\n"));
        const pid_t worker = std::atoi(first.c_str());
        ASSERT_GT(worker, 1);
        ASSERT_EQ(::kill(worker, signal), 0);
        EXPECT_FALSE(client.read_record(kWhile)) << "signal " << signal;
        EXPECT_FALSE(client.wait_until_closed(milliseconds(0)));
        const std::string next = exchange(client, kept("/pid.php"));
        EXPECT_NE(next, first);
        EXPECT_NE(next, "") << "signal " << signal;
    }
}

}  // namespace
}  // namespace phalanx::harness
