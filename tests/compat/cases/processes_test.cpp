#include "compat/comparison.hpp"

// Programs that scripts start.

namespace phalanx::compat {
namespace {

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

/// What a program finds of its surroundings.
constexpr const char* kLook = R"sh(#!/bin/sh
echo "arguments: $*"
echo "folder: $(pwd)"
env | LC_ALL=C sort | grep -v '^_=\|^PWD=\|^OLDPWD='
grep -E '^(Sig(Ign|Blk|Cgt)|Umask|NoNewPrivs|Seccomp|Groups|Uid|Gid|Cap)' /proc/self/status
for f in 0 1 2; do
    echo "$f: $(readlink /proc/$$/fd/$f | sed 's/[0-9][0-9]*/N/')"
done
ulimit -a | grep -v 'pending\|stack'
)sh";

TEST(Processes, StartedByScripts) {
    compare(
        {.pool = {{"env[FIRST]", "one"}, {"php_flag[display_errors]", "on"}},
         .scripts = {{"look.sh", kLook}},
         .cases =
             {
                 plain("shell_exec", "echo shell_exec('sh ' . __DIR__ . '/look.sh a b');"),
                 plain("after putenv",
                       "putenv('FIRST=two'); putenv('MADE=1'); putenv('HOME'); echo shell_exec('env | "
                       "LC_ALL=C sort | grep -v ^_=');"),
                 plain("exec", "echo exec('echo a; echo \" b \"; exit 3', $o, $c); var_dump($o, $c);"),
                 plain("system", "echo '[', system('echo a; echo b; exit 4', $c), ']', $c;"),
                 plain("passthru",
                       "header('X-A: 1'); passthru('printf \"a\\000b\\n\"; exit 5', $c); echo $c;"),
                 plain("backticks", "echo `echo x; echo y >&2`; var_dump(`false`, `exit 1`);"),
                 plain("nothing there",
                       "exec('/nonexistent/program', $o, $c); var_dump($o, $c); "
                       "var_dump(shell_exec('/nonexistent'));"),
                 plain("an empty command",
                       "try { exec(''); } catch (Error $e) { echo $e->getMessage(); } try { "
                       "exec(\"a\\0b\"); } catch (Error $e) { echo $e->getMessage(); }"),
                 plain("quoted",
                       "echo escapeshellarg(\"a'b\\xff\\xc3\\xa4\"), escapeshellcmd('a;b`c$d\"e'), "
                       "exec('echo ' . "
                       "escapeshellarg('a b'));"),
                 plain("killed by a signal",
                       "exec('kill -9 $$', $o, $c); var_dump($c); $p = proc_open('kill -15 $$', "
                       "[], $_); usleep(100000); print_r(array_diff_key(proc_get_status($p), "
                       "['pid' => 1])); var_dump(proc_close($p));"),
                 plain("popen to read",
                       "$p = popen('echo x; exit 7', 'r'); echo fgets($p); var_dump(pclose($p));"),
                 plain("popen to write",
                       "$p = popen('cat > /dev/null; exit 8', 'w'); fwrite($p, 'x'); "
                       "var_dump(pclose($p));"),
                 plain("popen in odd ways",
                       "try { var_dump(@popen('echo', 'x')); } catch (Error $e) { echo "
                       "$e->getMessage(); }"),
                 plain("proc_open with all", R"($p = proc_open('cat; echo $A $FIRST >&2; pwd; exit 9',
[['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes, '/tmp', ['A' => 'b']); fwrite($pipes[0], "in\n"); fclose($pipes[0]);
echo stream_get_contents($pipes[1]), stream_get_contents($pipes[2]), proc_close($p);)"),
                 plain("proc_open of a list",
                       "$p = proc_open(['printf', '%s|', 'a b', '$x'], [1 => ['pipe', 'w']], "
                       "$pipes); echo stream_get_contents($pipes[1]), proc_close($p);"),
                 plain("proc_open to files",
                       "$f = tempnam(sys_get_temp_dir(), 'x'); $p = proc_open('echo out; echo err >&2', [1 "
                       "=> ['file', $f, 'w'], 2 => ['redirect', 1]], $pipes); echo "
                       "proc_close($p), file_get_contents($f); unlink($f);"),
                 plain("proc_open with null",
                       "$p = proc_open('readlink /proc/self/fd/0', [['null'], ['pipe', 'w']], "
                       "$pipes); echo stream_get_contents($pipes[1]); proc_close($p);"),
                 plain("proc_open with a socket",
                       "$p = proc_open('cat', [['pipe', 'r'], ['socket']], $pipes); "
                       "fwrite($pipes[0], 'via'); fclose($pipes[0]); echo "
                       "stream_get_contents($pipes[1]), proc_close($p);"),
                 plain("proc_open with a terminal",
                       "$p = @proc_open('tty', [['pty'], ['pty'], ['pty']], $pipes); "
                       "var_dump(is_resource($p)); print_r(error_get_last());"),
                 plain("proc_terminate",
                       "$p = proc_open(['sleep', '30'], [], $_); var_dump(proc_terminate($p, 15), "
                       "proc_close($p));"),
                 plain("standard streams that are inherited",
                       "$p = proc_open('for f in 0 1 2; do readlink "
                       "/proc/$$/fd/$f; done >&3', [3 => ['pipe', 'w']], "
                       "$pipes); echo preg_replace('/[0-9]+/', 'N', "
                       "stream_get_contents($pipes[3])); proc_close($p);"),
                 plain("left running", "$p = popen('sleep 0.2 &', 'r'); pclose($p); echo 'at once';"),
                 plain("of the worker itself",
                       "echo preg_replace('/\\d+/', 'N', readlink('/proc/self/fd/0') . "
                       "readlink('/proc/self/fd/1')), "
                       "preg_match('/^php-fpm: pool www/', file_get_contents('/proc/self/cmdline')), "
                       "implode(preg_grep('/^(Sig(Blk|Ign)|Umask|Cap|NoNew|Groups)/', "
                       "file('/proc/self/status')));"),
             },
         .masks = {{"open files SOME", "open files +\\(-n\\) [0-9]+"}}});
}

TEST(Processes, OfWorkers) {
    compare(
        {.cases =
             {
                 plain("identity",
                       "var_dump(posix_getuid() === posix_geteuid(), posix_getgroups(), get_current_user(), "
                       "posix_getlogin(), posix_getpwuid(posix_getuid())['name'], posix_isatty(0), "
                       "posix_getsid(0) > 1, posix_getrlimit()['soft openfiles'], "
                       "posix_getrlimit()['soft core'], posix_times()['ticks'] > 0);"),
                 plain("leaving by signal is refused", "var_dump(posix_kill(1, 0), posix_errno());"),
             },
         .arguments = {}});
}

/// Requests that nobody has answered have a line in Phalanx's access log.
const Mask kLostRequests{"", "[^\n]* 502\n"};

TEST(Processes, WorkersThatScriptsEnd) {
    std::vector<Case> cases;
    for (const char* const signal :
         {"SIGSEGV", "SIGTERM", "SIGINT", "SIGUSR1", "SIGHUP", "SIGABRT", "SIGBUS"}) {
        const std::string name = signal;
        Case ended = plain(
            name,
            "echo 'begun'; posix_kill(getmypid(), array_search('" + name +
                "', [1 => 'SIGHUP', 2 => 'SIGINT', 6 => 'SIGABRT', 7 => 'SIGBUS', 9 => 'SIGKILL', 10 => "
                "'SIGUSR1', 11 => 'SIGSEGV', 15 => 'SIGTERM'])); echo 'still there';");
        ended.differs = "the client gets 502, not a bare close";
        cases.push_back(ended);
        cases.push_back(plain(name + ", then", "echo 'well';"));
    }
    for (const char* const harmless : {"13", "17", "18", "28", "3"}) {
        cases.push_back(plain(
            std::string("signal ") + harmless,
            "echo 'begun'; posix_kill(getmypid(), " + std::string(harmless) + "); echo 'still there';"));
    }
    cases.push_back(plain("then", "echo 'well';"));
    // A worker that leaves after QUIT hands its clients' connections on, where php-fpm closes them.
    compare({.cases = cases,
             .masks = {{"CONNECTION", "connection (kept|closed)"}, kLostRequests},
             .arguments = {}});
}

TEST(Processes, Mail) {
    compare(
        {.pool = {{"php_admin_value[sendmail_path]", "\"/bin/sh {root}/send.sh {own} -t\""},
                  {"php_value[mail.add_x_header]", "on"},
                  {"php_admin_value[mail.log]", "{own}/mail.log"},
                  {"php_flag[display_errors]", "on"}},
         .scripts = {{"send.sh",
                      "#!/bin/sh\ncat > \"$1/mail\"; echo \"$2|$3|$4\" >> \"$1/mail\"; test ! -e "
                      "\"$1/fail\"\n"},
                     {"show.inc", "<?php return file_get_contents(dirname(ini_get('mail.log')) . '/mail');"}},
         .cases = {
             plain("plain", "var_dump(mail('a@b', 'subject', \"line\\n.\\nend\")); echo include 'show.inc';"),
             plain("with headers",
                   "var_dump(mail('a@b', 's', 'm', ['From' => 'c@d', 'Cc' => 'e@f'], '-fg@h')); echo "
                   "include 'show.inc';"),
             plain(
                 "injection",
                 "try { var_dump(mail(\"a@b\\nBcc: x\", \"s\\r\\nX: y\", 'm', \"From: a\\r\\n\\r\\nb\")); } "
                 "catch (Error $e) { echo $e->getMessage(); } echo include 'show.inc';"),
             plain("long subjects", "mail('a@b', str_repeat('ä ', 60), 'm'); echo include 'show.inc';"),
             plain("a failing program",
                   "touch(dirname(ini_get('mail.log')) . '/fail'); var_dump(mail('a@b', 's', 'm'));"),
             plain("its log",
                   "echo preg_replace('/^\\[.*?\\]/m', '[TIME]', file_get_contents(ini_get('mail.log')));"),
         }});
}

}  // namespace
}  // namespace phalanx::compat
