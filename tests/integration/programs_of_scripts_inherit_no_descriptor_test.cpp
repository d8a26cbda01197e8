#include <sstream>

#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

struct Way {
    const char* name;
    const char* code;  ///< prints what this command prints: $list
};

constexpr std::array kWays{
    Way{"ShellExec", "echo shell_exec($list);"},
    Way{"Exec", "exec($list, $lines); echo implode(\"\\n\", $lines);"},
    Way{"System", "system($list);"},
    Way{"Passthru", "passthru($list);"},
    Way{"Popen", "$pipe = popen($list, 'r'); echo stream_get_contents($pipe); pclose($pipe);"},
    Way{"ProcOpen",
        "$program = proc_open(['ls', '-l', '/proc/self/fd'], [1 => ['pipe', 'w']], $pipes); "
        "echo stream_get_contents($pipes[1]);"},
};

class ProgramsOfScripts : public SiteTest, public testing::WithParamInterface<Way> {
  protected:
    /// How many descriptors are in what ls says.
    static int expect_no_other_descriptors(const std::string& listing) {
        std::istringstream lines(listing);
        int seen = 0;
        for (std::string line; std::getline(lines, line);) {
            const std::size_t arrow = line.find(" -> ");
            if (arrow == std::string::npos) continue;
            ++seen;
            const int number = std::atoi(line.c_str() + line.rfind(' ', arrow - 1));
            const std::string target = line.substr(arrow + 4);
            // ls itself has the folder open that it lists.
            EXPECT_TRUE(number <= 2 || (target.starts_with("/proc/") && target.ends_with("/fd"))) << line;
            EXPECT_FALSE(target.starts_with("socket:")) << line;
        }
        return seen;
    }
};

/// With everything open that a worker ever has: a body on its way, logs, output pipes, others' connections.
TEST_P(ProgramsOfScripts, InheritNoDescriptorBeyondStdio) {
    SKIP_UNLESS_PHALANX("the listening socket and the client's connection leak");
    site().script("list.php", std::string("<?php $list = 'ls -l /proc/self/fd'; ") + GetParam().code);
    site().script("hold.php", script_that_takes(20));
    site().add_pool("second");
    site().pool().set("access.log", (site().files() / "access.log").string());
    site().pool().set("catch_workers_output", "yes");
    site().start();
    RunningScript other(site().address(), site().request("/hold.php"));
    FastCgiClient parked(site().address());
    ASSERT_TRUE(parked.send("\1"));
    FastCgiClient client(site().address());
    Request request = site().request("/list.php", "PUT");
    const Answer answer = client.exchange(request.with_body(std::string(50'000, 'b')).keep_connection());
    EXPECT_GE(expect_no_other_descriptors(answer.body()), 4) << answer;
    const Answer again = client.exchange(site().request("/list.php").keep_connection());
    EXPECT_GE(expect_no_other_descriptors(again.body()), 4) << again;
}

INSTANTIATE_TEST_SUITE_P(By, ProgramsOfScripts, testing::ValuesIn(kWays),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace phalanx::harness
