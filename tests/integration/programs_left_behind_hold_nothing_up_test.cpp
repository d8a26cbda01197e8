#include <sys/wait.h>

#include <csignal>
#include <tuple>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// A way to leave a program behind; the code prints its process number.
struct Way {
    const char* name;
    const char* code;
    bool has_own_output;  ///< not that of the worker
};

constexpr std::array kWays{
    Way{"InTheBackground", "exec('sleep 300 >/dev/null 2>&1 & echo $!', $lines); echo $lines[0];", true},
    Way{"InASessionOfItsOwn", "exec('setsid sleep 300 >/dev/null 2>&1 & echo $!', $lines); echo $lines[0];",
        true},
    Way{"ByPopen", "$pipe = popen('sleep 300 >/dev/null 2>&1 & echo $!', 'r'); echo fgets($pipe);", true},
    Way{"WithTheWorkersOutput",
        "$program = proc_open(['sleep', '300'], [], $pipes); echo proc_get_status($program)['pid'];", false},
    Way{"WithTheWorkersOutputInASessionOfItsOwn",
        "$program = proc_open(['setsid', 'sleep', '300'], [], $pipes); "
        "echo proc_get_status($program)['pid'];",
        false},
};

/// Ends the program with the test, whoever is its parent by then.
class LeftBehind {
  public:
    explicit LeftBehind(pid_t pid) : pid_(pid) {}
    ~LeftBehind() {
        if (!runs()) return;
        kill_process(pid_);
        ::waitpid(pid_, nullptr, WNOHANG);
    }
    LeftBehind(const LeftBehind&) = delete;
    LeftBehind& operator=(const LeftBehind&) = delete;

    /// A shell or setsid may still be on its way to become it.
    [[nodiscard]] bool has_begun() const {
        return eventually(kPatience, [this] { return runs(); });
    }
    [[nodiscard]] bool runs() const { return is_alive(pid_) && command_line(pid_) == "sleep 300"; }
    [[nodiscard]] std::map<int, std::string> descriptors() const { return descriptor_targets(pid_); }

  private:
    pid_t pid_;
};

using Case = std::tuple<Way, const char*, int>;

/// One worker, which leaves after three requests; the second leaves a program behind.
class ProgramLeftBehind : public SiteTest, public testing::WithParamInterface<Case> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("leave.php", std::string("<?php ") + way().code);
        site().script("pid.php", "<?php echo getmypid();");
        site().pool().set("pm.max_children", "1").set("pm.max_requests", "3");
        site().pool().set("catch_workers_output", std::get<1>(GetParam()));
        site().start();
    }
    static const Way& way() { return std::get<Way>(GetParam()); }

    pid_t pid_from(const char* target) { return std::atoi(site().get(target).body().c_str()); }

    void expect_only_standard_descriptors(const LeftBehind& program, pid_t worker) {
        if (!drives_phalanx()) return;  // php-fpm: the listening socket and the client's connection too
        std::map<int, std::string> expected = descriptor_targets(worker);
        if (expected.empty()) return;  // not ours to look into
        expected.erase(expected.upper_bound(2), expected.end());
        if (way().has_own_output) expected = {{0, "/dev/null"}, {1, "/dev/null"}, {2, "/dev/null"}};
        // While it is being started, its libraries are open for a moment.
        (void)eventually(kPatience, [&] { return program.descriptors() == expected; });
        EXPECT_EQ(program.descriptors(), expected);
    }
    /// Another daemon takes over the same socket path.
    void expect_another_start() {
        Site next(site().start_options().program, site().root());
        next.pool().set("listen", site().pool().value("listen"));
        next.start();
        EXPECT_GT(std::atoi(next.get("/pid.php").body().c_str()), 0);
    }
};

TEST_P(ProgramLeftBehind, HoldsNothingUp) {
    const pid_t first_worker = pid_from("/pid.php");
    ASSERT_GT(first_worker, 0);
    const LeftBehind program(pid_from("/leave.php"));
    ASSERT_TRUE(program.has_begun()) << "the script did not answer";
    // Not before: a worker may serve its first client before the master has read its hello.
    const std::size_t descriptors = open_descriptors(site().daemon().pid()).value_or(0);
    expect_only_standard_descriptors(program, first_worker);

    EXPECT_EQ(pid_from("/pid.php"), first_worker);
    const pid_t second_worker = pid_from("/pid.php");
    EXPECT_GT(second_worker, 0);
    EXPECT_NE(second_worker, first_worker);
    const std::string line = "child " + std::to_string(first_worker) + " exited with code 0";
    EXPECT_TRUE(site().daemon().wait_for_log(line)) << site().daemon().log();
    EXPECT_TRUE(program.runs()) << "it is nobody's to end";
    EXPECT_TRUE(eventually(
        kPatience, [&] { return open_descriptors(site().daemon().pid()).value_or(0) <= descriptors; }))
        << "the master holds " << open_descriptors(site().daemon().pid()).value_or(0) << " instead of "
        << descriptors;

    site().daemon().signal(std::get<int>(GetParam()));
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0})) << site().daemon().log();
    EXPECT_TRUE(program.runs()) << "it is nobody's to end";
    expect_another_start();
}

std::string name_of(const testing::TestParamInfo<Case>& each) {
    const auto& [way, caught, signal] = each.param;
    return std::string(way.name) + (caught[0] == 'y' ? "Caught" : "") + (signal == SIGQUIT ? "Quit" : "Term");
}

INSTANTIATE_TEST_SUITE_P(Started, ProgramLeftBehind,
                         testing::Combine(testing::ValuesIn(kWays), testing::Values("no", "yes"),
                                          testing::Values(SIGQUIT, SIGTERM)),
                         name_of);

}  // namespace
}  // namespace phalanx::harness
