#include <algorithm>
#include <csignal>
#include <sstream>
#include <thread>

#include "compat/comparison.hpp"
#include "compat/logged_daemon.hpp"

namespace phalanx::compat {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

/// Says `count` messages of `size` bytes, in writes of `piece` bytes (0: whole), each message ended as `end`
/// says: not at all, by a newline, between messages only, with empty lines around, or by a pause.
constexpr const char* kSpeaker = R"(<?php
$stream = fopen('php://' . ($_GET['to'] ?? 'stderr'), 'w');
for ($i = 0; $i < (int)($_GET['count'] ?? 1); $i++) {
    $text = str_repeat(chr(97 + $i), (int)$_GET['size']);
    $last = $i == ($_GET['count'] ?? 1) - 1;
    if ($_GET['end'] == 'newline' || $_GET['end'] == 'between' && !$last) $text .= "\n";
    if ($_GET['end'] == 'empty') $text = "\n$text\n\n";
    $piece = (int)($_GET['piece'] ?? 0);
    foreach ($piece ? str_split($text, $piece) : [$text] as $part) {
        fwrite($stream, $part);
        if ($piece) usleep(200);
    }
    if ($_GET['end'] == 'pause') usleep(1000);
}
// The end of a request, told on standard error, ends what is not yet read of standard output.
if (($_GET['to'] ?? '') == 'stdout') usleep(30000);
echo 'said';
)";

struct OutputSettings {
    std::string log_limit;
    std::string buffering;
    std::string decorate;
};

/// The last output of a worker reaches the log a little later than its answer the client.
void await_silence(harness::Site& site) {
    const auto said_so_far = [&site] { return site.daemon().log().size(); };
    for (std::size_t before = 0; before != said_so_far();) {
        before = said_so_far();
        std::this_thread::sleep_for(harness::milliseconds(40));
    }
}

/// The daemon's whole standard error after one worker has answered all these.
std::string said(const harness::DaemonProgram& program, const OutputSettings& settings,
                 const std::vector<std::string>& queries) {
    harness::Site site(program);
    site.global().set("log_limit", settings.log_limit).set("log_buffering", settings.buffering);
    site.pool().set("pm.max_children", "1").set("catch_workers_output", "yes");
    site.pool().set("decorate_workers_output", settings.decorate);
    site.script("speak.php", kSpeaker);
    site.start();
    for (const std::string& query : queries) {
        EXPECT_EQ(site.get("/speak.php?" + query).body(), "said") << query;
        // Without buffering php-fpm mixes what it has not read in time with what comes next.
        if (settings.buffering == "no") await_silence(site);
    }
    await_silence(site);
    site.daemon().signal(SIGTERM);
    (void)site.daemon().wait();
    return masked(site.daemon().log(), site);
}

void compare_output(const OutputSettings& settings, const std::vector<std::string>& queries) {
    EXPECT_EQ(said(*harness::installed_php_fpm(), settings, queries),
              said(*harness::driven_daemon(), settings, queries));
}

std::string query_of(std::size_t size, const std::string& end, std::size_t count, std::size_t piece = 0,
                     const std::string& to = "stderr") {
    return "size=" + std::to_string(size) + "&end=" + end + "&count=" + std::to_string(count) +
           "&piece=" + std::to_string(piece) + "&to=" + to;
}

const std::vector<std::string> kEnds{"nothing", "newline", "between", "empty", "pause"};

/// Every size around a limit and php-fpm's own buffers, every end, one message and several, whole and in
/// pieces.
std::vector<std::string> buffered_queries() {
    std::vector<std::string> queries;
    for (const std::size_t size : {0u,    1u,    80u,   436u,  437u,  510u,  511u,  512u,  947u,  948u,
                                   949u,  1000u, 1013u, 1022u, 1023u, 1024u, 1025u, 1896u, 1972u, 1973u,
                                   2047u, 2048u, 2049u, 2500u, 8115u, 8116u, 8117u, 8191u, 8192u, 10000u}) {
        for (const std::string& end : kEnds) queries.push_back(query_of(size, end, 1));
    }
    for (const std::size_t size : {80u, 1000u, 1024u, 2500u, 10000u}) {
        for (const std::string& end : kEnds) {
            queries.push_back(query_of(size, end, 3));
        }
    }
    for (const std::size_t size : {80u, 1000u, 1024u, 2500u}) {
        for (const std::size_t piece : {7u, 100u, 1023u, 1024u}) {
            if (size / piece > 150) continue;
            queries.push_back(query_of(size, "nothing", 2, piece));
            queries.push_back(query_of(size, "newline", 2, piece));
        }
    }
    return queries;
}

class OutputLimit : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(OutputLimit, WrapsLongLines) {
    SKIP_UNLESS_BOTH();
    compare_output({std::get<0>(GetParam()), "yes", std::get<1>(GetParam())}, buffered_queries());
}

TEST_P(OutputLimit, WrapsStandardOutputToo) {
    SKIP_UNLESS_BOTH();
    std::vector<std::string> queries;
    // All end in a newline: how the streams' unfinished lines follow each other is a matter of time.
    for (const std::size_t size : {1u, 80u, 948u, 949u, 1000u, 1023u, 1024u, 2500u, 10000u})
        queries.push_back(query_of(size, "newline", 2, 0, "stdout"));
    compare_output({std::get<0>(GetParam()), "yes", std::get<1>(GetParam())}, queries);
}

/// Without buffering php-fpm loses the end of a line that is one byte too long, counted by the pieces it
/// reads (docs/compatibility.md): of the sizes around the limits only those are asked for where it does not.
TEST_P(OutputLimit, WrapsTheSameWithoutBuffering) {
    SKIP_UNLESS_BOTH();
    std::vector<std::size_t> sizes{0, 1, 80, 300, 700};
    if (std::stoi(std::get<0>(GetParam())) >= 1024) sizes.insert(sizes.end(), {1000, 2500, 3100});
    std::vector<std::string> queries;
    for (const std::size_t size : sizes) {
        for (const char* end : {"nothing", "newline", "empty"}) queries.push_back(query_of(size, end, 1));
    }
    for (const char* end : {"newline", "between", "empty"}) queries.push_back(query_of(80, end, 4));
    queries.push_back(query_of(80, "newline", 3, 0, "stdout"));
    compare_output({std::get<0>(GetParam()), "no", std::get<1>(GetParam())}, queries);
}

INSTANTIATE_TEST_SUITE_P(Of, OutputLimit,
                         testing::Combine(testing::Values("512", "1000", "1024", "1050", "1500", "2048",
                                                          "8000", "8192"),
                                          testing::Values("yes", "no")),
                         [](const auto& chosen) {
                             return std::string(std::get<0>(chosen.param)) +
                                    (std::string(std::get<1>(chosen.param)) == "yes" ? "Decorated" : "Raw");
                         });

/// What php-fpm does without buffering, and why it is not done here: lines of several workers, and those that
/// are one byte too long, run into one another.
TEST(OutputWithoutBuffering, KeepsItsLinesWhole) {
    SKIP_UNLESS_BOTH();
    const OutputSettings settings{"1024", "no", "no"};
    const std::vector<std::string> queries{query_of(1024, "newline", 1)};
    const std::string whole(1023, 'a');
    EXPECT_NE(said(*harness::installed_php_fpm(), settings, queries).find(whole + "a\n"), std::string::npos);
    EXPECT_NE(said(*harness::driven_daemon(), settings, queries).find(whole + "\na\n"), std::string::npos);
}

// What scripts write, and how; the log is compared as a whole.
const std::vector<Case> kSpeakers = {
    {"both streams",
     "<?php foreach (['out' => \"a\\nb\", 'err' => 'c', 'out ' => 'd'] as $to => $text) {"
     " file_put_contents('php://std' . trim($to), $text); usleep(30000); }"},
    {"standard output alone", "<?php file_put_contents('php://stdout', 'no newline');"},
    {"programs", "<?php echo shell_exec('echo to-err >&2; echo to-out; printf partial >&2');"},
    {"descriptors", "<?php file_put_contents('php://fd/2', 'two'); file_put_contents('php://fd/1', 'one');"},
    {"a file's name", "<?php file_put_contents('/dev/stderr', \"by name\\n\");"},
    {"error_log()",
     "<?php error_log('plain'); error_log(\"more\\nlines\\n\\nhere\"); error_log(str_repeat('x', 3000));"
     " error_log(''); error_log('to the SAPI', 4);"},
    {"warnings", "<?php ini_set('log_errors', 1); echo $undefined; trigger_error('own', E_USER_DEPRECATED);"},
    {"a fatal error", "<?php ini_set('log_errors', 1); no_such_function();"},
    {"an exception", "<?php ini_set('log_errors', 1); throw new Exception(\"two\\nlines\");"},
    {"after the answer",
     "<?php file_put_contents('php://stderr', 'one'); fastcgi_finish_request();"
     " file_put_contents('php://stderr', 'two'); error_log('three');"},
    {"at shutdown",
     "<?php register_shutdown_function(function () { file_put_contents('php://stderr', 'late'); });"
     " file_put_contents('php://stderr', 'early');"},
    {"exit 255", "<?php file_put_contents('php://stderr', 'bye'); exit(255);"},
    {"a forged marker", "<?php file_put_contents('php://stderr', \"abc\\0fscf\\0def\");"},
    {"a forged marker on standard output", "<?php file_put_contents('php://stdout', \"ab\\0fscf\\0cd\\n\");"},
    {"markers alone", "<?php file_put_contents('php://stderr', \"\\0fscf\\0\\0fscf\\0x\\0fscf\\0\");"},
    {"a marker where a buffer ends",
     "<?php foreach ([1013, 1018, 1021, 1022, 1023, 1024] as $size)"
     " file_put_contents('php://stderr', str_repeat('a', $size) . \"Q\\0fscf\\0uark\\n\");"},
    {"tabs, quotes and backslashes", "<?php file_put_contents('php://stderr', \"a\\tb\\\"c\\\\d'\\n\");"},
    {"refused", "", "/nothing.inc"},
    {"missing", "", "/nothing.php"},
};

TEST(CaughtOutput, OfEveryKind) {
    compare({.pool = {{"catch_workers_output", "yes"}, {"php_flag[display_errors]", "off"}},
             .scripts = {{"nothing.inc", "x"}},
             .cases = kSpeakers});
}

TEST(CaughtOutput, OfEveryKindWithoutDecoration) {
    compare({.pool = {{"catch_workers_output", "yes"},
                      {"decorate_workers_output", "no"},
                      {"php_flag[display_errors]", "off"}},
             .scripts = {{"nothing.inc", "x"}},
             .cases = kSpeakers});
}

TEST(CaughtOutput, IsNotThereUnlessItIsAskedFor) {
    compare({.pool = {{"php_flag[display_errors]", "off"}},
             .scripts = {{"nothing.inc", "x"}},
             .cases = kSpeakers});
}

TEST(CaughtOutput, OfPhpGoesToItsOwnLogWhereThereIsOne) {
    compare({.pool = {{"catch_workers_output", "yes"},
                      {"php_admin_value[error_log]", "{own}/php.log"},
                      {"php_flag[display_errors]", "off"}},
             .scripts = {{"nothing.inc", "x"}},
             .cases = [] {
                 std::vector<Case> cases = kSpeakers;
                 cases.push_back({"the log",
                                  "<?php echo preg_replace(['/^\\[[^]]*\\]/m', '/ in .*/m'], '', "
                                  "file_get_contents(ini_get('error_log')));"});
                 return cases;
             }()});
}

/// PHP's own messages are not held back by log_level, they only lose their level.
TEST(CaughtOutput, OfPhpIsWrittenWhateverTheLevel) {
    SKIP_UNLESS_BOTH();
    for (const char* level : {"notice", "warning", "error", "alert"}) {
        compare_daemons(level, [&](LoggedDaemon& daemon) {
            daemon.site().global().set("log_level", level);
            daemon.site().pool().set("catch_workers_output", "yes").set("decorate_workers_output", "no");
            daemon.site().pool().set("php_admin_value[no.such.value]", "1");
            daemon.site().script("say.php",
                                 "<?php error_log('said'); error_log(str_repeat('x', 1100)); no_function();");
            daemon.site().script("refused.inc", "");
            daemon.start({"-F", "-O"});
            std::string seen;
            for (const char* script : {"/say.php", "/refused.inc", "/missing.php"})
                seen += daemon.site().get(script).errors + "\n";
            EXPECT_TRUE(daemon.wait_for("xxxx"));
            // The last of them, where it is written.
            (void)daemon.wait_for("has been denied", harness::milliseconds(500));
            daemon.stop();
            return seen + daemon.errors();
        });
    }
}

/// With log_level = debug a message names the place in the program that said it.
TEST(CaughtOutput, NamesItsPlaceWhenDebugging) {
    SKIP_UNLESS_BOTH();
    compare_daemons("debug", [&](LoggedDaemon& daemon) {
        daemon.site().global().set("log_level", "debug");
        daemon.site().pool().set("catch_workers_output", "yes").set("decorate_workers_output", "no");
        daemon.site().script("say.php", "<?php error_log('said');");
        daemon.site().script("refused.inc", "");
        daemon.start({"-F", "-O"});
        for (const char* script : {"/say.php", "/refused.inc", "/missing.php"}) (void)daemon.ask(script);
        (void)daemon.wait_for("Primary script unknown");
        daemon.stop();
        std::string said;
        std::istringstream log(daemon.errors());
        for (std::string line; std::getline(log, line);) {
            std::replace(line.begin(), line.end(), '\0', ' ');
            if (line.starts_with("NOTICE: ") || line.starts_with("DEBUG: ")) said += line + "\n";
        }
        // php-fpm has a stray byte, whatever was there, before a short message of PHP's.
        return masked(said, std::vector<Mask>{{"PLACE(), line N: PHP", "[a-z_]+\\(\\), line [0-9]+: .?PHP"},
                                              {"PLACE(), line N:", "[a-z_]+\\(\\), line [0-9]+:"}});
    });
}

TEST(CaughtOutput, OfADyingWorkerComesBeforeItsEnd) {
    SKIP_UNLESS_BOTH();
    const std::pair<const char*, const char*> scripts[] = {{"stderr", "dying"},
                                                           {"stdout", "dying"},
                                                           {"stderr", "dying\\n"},
                                                           {"stderr", "many\\nlines\\nand one"}};
    for (const auto& [to, text] : scripts) {
        for (const char* decorate : {"yes", "no"}) {
            compare_daemons(text, [&, to = to, text = text](LoggedDaemon& daemon) {
                daemon.site().pool().remove("access.log").set("catch_workers_output", "yes");
                daemon.site().pool().set("decorate_workers_output", decorate);
                daemon.site().script("die.php", "<?php file_put_contents('php://" + std::string(to) +
                                                    "', \"" + text + "\"); exec('kill -9 ' . getmypid());");
                daemon.start({"-F", "-O"});
                (void)daemon.ask("/die.php");
                (void)daemon.wait_for("started");
                daemon.stop();
                if (daemon.site().start_options().program.is_phalanx) {
                    EXPECT_LT(daemon.errors().find(std::string(text).substr(0, 4)),
                              daemon.errors().find("exited on signal 9"))
                        << daemon.errors();
                }
                // Whether text and end are read at once, and the line then says so, is a matter of time; with
                // php-fpm even which of the two comes first.
                return sorted_lines(masked(daemon.errors(), daemon.site(), {{"", ", pipe is closed"}}));
            });
        }
    }
}

TEST(CaughtOutput, IsTheWorkersOwnBytesWithoutDecoration) {
    compare(
        {.pool = {{"catch_workers_output", "yes"}, {"decorate_workers_output", "no"}},
         .cases = {
             {"colours",
              "<?php file_put_contents('php://stderr', \"\\x1b[31mred\\x1b[0m\\ttab\\rx\\n\"); echo 1;"},
             {"zero byte at the limit",
              "<?php file_put_contents('php://stderr', str_repeat('a', 1021) . \"\\0fabc\\n\"); echo 1;"}}});
}

/// Controls are escaped (docs/compatibility.md): no line can be forged.
TEST(CaughtOutput, CannotForgeALine) {
    compare(
        {.pool = {{"catch_workers_output", "yes"}},
         .cases = {{"controls",
                    "<?php file_put_contents('php://stderr', \"a\\x1b[31mb\\rc\\x7fd\\0e\\n\"); echo 1;"}},
         .masks = {{"a[ESC][31mb[CR]c[DEL]d", "a(\x1b|\\\\x1B)\\[31mb(\r|\\\\x0D)c(\x7f|\\\\x7F)d"},
                   // A text ends for a pattern at its first zero byte.
                   {"", "\\\\x00.*$"}}});
}

TEST(CaughtOutput, OfSeveralBusyWorkersIsWholeAndInOrder) {
    SKIP_UNLESS_BOTH();
    for (const auto& program : {*harness::installed_php_fpm(), *harness::driven_daemon()}) {
        harness::Site site(program);
        site.pool().set("pm.max_children", "3").set("catch_workers_output", "yes");
        // More than 1 MB each.
        site.script("much.php",
                    "<?php $to = fopen('php://stderr', 'w'); for ($i = 0; $i < 12000; $i++)"
                    " fwrite($to, sprintf(\"%s %05d %s\\n\", $_GET['w'], $i, str_repeat('z', 90)));");
        site.start();
        std::vector<std::thread> clients;
        for (const char* who : {"a", "b", "c"})
            clients.emplace_back([&site, who] { (void)site.get(std::string("/much.php?w=") + who); });
        for (std::thread& client : clients) client.join();
        for (const char* who : {"a", "b", "c"})
            EXPECT_TRUE(site.daemon().wait_for_log("\"" + std::string(who) + " 11999 "));
        const std::string log = site.daemon().log();
        for (const char* who : {"a", "b", "c"}) {
            std::size_t at = 0;
            for (int i = 0; i < 12000 && at != log.npos; ++i) {
                char line[128];
                std::snprintf(line, sizeof line, "said into stderr: \"%s %05d %s\"\n", who, i,
                              std::string(90, 'z').c_str());
                at = log.find(line, at);
            }
            EXPECT_NE(at, log.npos) << who;
        }
    }
}

}  // namespace
}  // namespace phalanx::compat
