#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "compat/comparison.hpp"
#include "harness/eventually.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::compat {
namespace {

using harness::Site;

/// Slow scripts: what each is doing after a second.
const std::vector<std::pair<std::string, std::string>>& scripts() {
    static const std::vector<std::pair<std::string, std::string>> list{
        {"calls.php",
         "<?php class K { function m($n) { return $n ? $this->m($n - 1) : inner(); }\n"
         " static function s() { return (new K)->m(2); } }\n"
         "function inner() { sleep(3); return 1; }\nfunction gen() { yield K::s(); }\n"
         "$f = function () { foreach (gen() as $x) echo $x; };\neval('array_map($f, [1]);');"},
        {"include.php", "<?php include __DIR__ . '/included.inc';"},
        {"shutdown.php", "<?php register_shutdown_function(function () { usleep(3000000); }); echo 'x';"},
        {"buffer.php",
         "<?php ob_start(function ($b) { usleep(3000000); return $b; }); echo 'x';\nob_end_flush();"},
        {"destructor.php",
         "<?php class D { function __destruct() { usleep(3000000); } }\n$d = new D;\n$d = null; echo 'x';"},
        {"iterators.php",
         "<?php function slow() { usleep(3000000); yield 1; }\nforeach (new IteratorIterator(slow()) as $x) "
         "echo $x;"},
        {"fiber.php", "<?php $f = new Fiber(function () { usleep(3000000); });\n$f->start(); echo 'x';"},
        {"reading.php",
         "<?php $s = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);\nstream_set_timeout($s[0], "
         "3, "
         "0);\nfread($s[0], 10);"},
        {"names.php",
         "<?php $n = str_repeat('n', 1500);\neval(\"function $n() { usleep(3000000); }\");\n$n();"},
        {"top.php", "<?php usleep(3000000); echo 'x';"},
        {"query.php", "<?php usleep(3000000); echo 'x';"},
    };
    return list;
}

struct Logs {
    std::string slow;
    std::string error;
};

/// Parts that begin with a line that begins so (an empty one: that is empty), sorted.
std::string in_order(const std::string& text, const std::string& beginning) {
    std::vector<std::string> parts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const bool begins = beginning.empty() ? line.empty() : line.starts_with(beginning);
        if (begins || parts.empty()) parts.emplace_back();
        parts.back() += line + "\n";
    }
    std::sort(parts.begin(), parts.end());
    std::string joined;
    for (const std::string& part : parts) joined += part;
    return joined;
}

Logs logs_of(const harness::DaemonProgram& program, const std::string& depth) {
    Site site(program);
    const auto slow_log = site.files() / "slow.log";
    site.pool().set("slowlog", slow_log.string()).set("request_slowlog_timeout", "1");
    site.pool().set("pm.max_children", std::to_string(scripts().size()));
    site.pool().set("request_slowlog_trace_depth", depth);
    site.script("included.inc", "<?php\nfunction f() { usleep(3000000); }\nf(); echo 'x';");
    for (const auto& [name, code] : scripts()) site.script(name, code);
    site.start();
    // All at once, each in a worker of its own; the entries are put in order afterwards.
    std::vector<harness::FastCgiClient> clients;
    for (const auto& [name, code] : scripts()) {
        clients.emplace_back(site.address());
        clients.back().send(site.request("/" + name + (name == "query.php" ? "?a=1&b=%20" : "")));
    }
    for (auto& client : clients) EXPECT_TRUE(client.read_answer().complete());
    site.daemon().signal(SIGTERM);
    (void)site.daemon().wait();
    const std::vector<Mask> masks{{"ADDRESS", "0x[0-9a-f]{16}"},
                                  {"SLOW", "slow \\([0-9.]+ sec\\)"},
                                  {"about to trace", "about to trace [0-9]+"},
                                  {"finished trace", "finished trace of [0-9]+"}};
    return {in_order(masked(harness::read_file(slow_log), site, masks), ""),
            in_order(masked(site.daemon().log(), site, masks), "[LOG TIME]")};
}

void compare_logs(const std::string& depth) {
    SKIP_UNLESS_BOTH();
    const Logs original = logs_of(*harness::installed_php_fpm(), depth);
    if (original.error.find("ptrace") != std::string::npos)
        GTEST_SKIP() << "php-fpm may not trace here: " << original.error;
    const Logs tested = logs_of(*harness::driven_daemon(), depth);
    EXPECT_EQ(original.slow, tested.slow);
    EXPECT_EQ(original.error, tested.error);
}

TEST(SlowLog, HasPhpFpmsEntriesAndLines) {
    compare_logs("20");
}

TEST(SlowLog, HasPhpFpmsDepth) {
    compare_logs("3");
}

}  // namespace
}  // namespace phalanx::compat
