#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/child_process.hpp"
#include "harness/fastcgi_client.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// Whom strace makes a system call fail for, which one, and its how manieth call.
struct Failure {
    enum class Whose { Master, Template, ForksOfTemplate } whose;
    const char* call;
    int which;
};

std::ostream& operator<<(std::ostream& out, const Failure& failure) {
    return out << failure.call << " number " << failure.which << " of "
               << (failure.whose == Failure::Whose::Master ? "the master" : "the template");
}

bool is_traced(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("TracerPid:")) return std::stoi(line.substr(10)) != 0;
    }
    return false;
}

class FailedCalls : public SiteTest, public testing::WithParamInterface<Failure> {
  protected:
    static constexpr const char* kStrace = "/usr/bin/strace";

    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it has no template");
        SKIP_UNLESS_ROOT("other users' processes are traced");
        if (::access(kStrace, X_OK) != 0) GTEST_SKIP() << "needs strace";
        site().pool().set("catch_workers_output", "yes");
        status_ = (site().files() / "status.sock").string();
        site().pool().set("pm.status_path", "/status").set("pm.status_listen", status_);
        site().script("x.php", "<?php echo 'x';");
    }
    /// Begins to make calls fail; false where tracing is not allowed.
    bool begin(const Failure& failure) {
        const pid_t pid = failure.whose == Failure::Whose::Master ? site().daemon().pid()
                                                                  : site().daemon().templates().at(0);
        Command command;
        command.arguments = {
            kStrace,
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "inject=" + std::string(failure.call) + ":error=EAGAIN:when=" + std::to_string(failure.which),
            "-p",
            std::to_string(pid)};
        if (failure.whose == Failure::Whose::ForksOfTemplate) command.arguments.emplace_back("-f");
        // A sanitizer's own write, by which it looks whether memory is there, ends the process if it fails.
        if (failure.call == std::string_view("write"))
            command.arguments.insert(command.arguments.end(), {"-P", site().daemon().log_file().string()});
        command.output = command.errors = site().files() / "strace.log";
        strace_ = std::make_unique<ChildProcess>(command);
        return eventually(milliseconds(5000), [&] { return is_traced(pid) || !strace_->running(); }) &&
               strace_->running();
    }
    void end() { strace_.reset(); }
    /// Also as the master sees it.
    bool is_whole() {
        return eventually(kPatience, [&] {
            return site().daemon().workers().size() == 2 && site().daemon().templates().size() == 1 &&
                   ask(Address::unix_path(status_), site().request("/status"))
                           .body()
                           .find("total processes:      2") != std::string::npos;
        });
    }
    bool serves() {
        for (int i = 0; i < 10; ++i) {
            if (site().get("/x.php").body() != "x") return false;
        }
        return true;
    }

    /// A connection that finds no worker waiting.
    void connect_while_all_are_stopped() {
        const auto workers = site().daemon().workers();
        for (const pid_t worker : workers) ASSERT_TRUE(stop_process(worker));
        FastCgiClient client(site().address());
        ASSERT_TRUE(client.send(site().request("/x.php")));
        std::this_thread::sleep_for(milliseconds(50));
        for (const pid_t worker : workers) ASSERT_TRUE(signal_process(worker, SIGCONT));
        EXPECT_EQ(client.read_answer().body(), "x");
    }
    void replace_all(bool also_template) {
        for (const pid_t worker : site().daemon().workers()) EXPECT_TRUE(kill_process(worker));
        EXPECT_TRUE(is_whole()) << site().daemon().log();
        EXPECT_TRUE(serves()) << site().daemon().log();
        if (!also_template) return;
        const pid_t former = site().daemon().templates().at(0);
        EXPECT_TRUE(kill_process(former));
        EXPECT_TRUE(eventually(kPatience, [&] {
            const auto now = site().daemon().templates();
            return now.size() == 1 && now[0] != former;
        })) << site().daemon().log();
        EXPECT_TRUE(is_whole()) << site().daemon().log();
    }

  private:
    std::string status_;
    std::unique_ptr<ChildProcess> strace_;
};

TEST_P(FailedCalls, LeaveAPoolWhole) {
#ifdef PHALANX_SANITIZED
    if (GetParam().call == std::string_view("mmap"))
        GTEST_SKIP() << "the sanitizer ends a process that gets no memory";
#endif
    site().start();
    ASSERT_TRUE(is_whole());
    // The sanitizer of a build that has one learns by a pipe of its own what it may look at, the first time
    // it meets an object's type: not when the calls fail.
    replace_all(/*also_template=*/true);
    connect_while_all_are_stopped();
    if (!begin(GetParam())) GTEST_SKIP() << "tracing is not allowed";
    replace_all(GetParam().whose == Failure::Whose::Master);
    end();
    EXPECT_TRUE(serves()) << site().daemon().log();
}

using Whose = Failure::Whose;
INSTANTIATE_TEST_SUITE_P(
    Of, FailedCalls,
    testing::Values(Failure{Whose::Master, "socketpair", 1}, Failure{Whose::Master, "socketpair", 2},
                    Failure{Whose::Master, "pipe2", 1}, Failure{Whose::Master, "pipe2", 5},
                    Failure{Whose::Master, "memfd_create", 1}, Failure{Whose::Master, "sendmsg", 1},
                    Failure{Whose::Master, "sendmsg", 4}, Failure{Whose::Master, "epoll_ctl", 3},
                    Failure{Whose::Master, "epoll_ctl", 5}, Failure{Whose::Master, "epoll_ctl", 7},
                    Failure{Whose::Master, "accept4", 1},
                    Failure{Whose::Master, "fork,vfork,clone,clone3", 1},
                    Failure{Whose::Master, "pidfd_open", 1}, Failure{Whose::Master, "write", 1},
                    Failure{Whose::Master, "mmap", 1}, Failure{Whose::Template, "fork,vfork,clone,clone3", 1},
                    Failure{Whose::Template, "fork,vfork,clone,clone3", 2},
                    Failure{Whose::ForksOfTemplate, "fork,vfork,clone,clone3", 2},
                    Failure{Whose::ForksOfTemplate, "sendmsg", 1}));

}  // namespace
}  // namespace phalanx::harness
