#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

/// Keeps the processor busy for as long as the limit lets it.
const std::string kBusy = "function busy() { for ($i = 0; ; $i++) $x = $i * 2; } ";

TEST(Limits, OfTime) {
    compare({.pool = {{"php_value[max_execution_time]", "1"},
                      {"php_value[max_input_time]", "3"},
                      {"php_value[hard_timeout]", "2"},
                      {"php_flag[display_errors]", "on"},
                      {"php_flag[log_errors]", "on"},
                      {"catch_workers_output", "yes"}},
             .cases = {
                 plain("a busy loop, function and destructor after it",
                       kBusy + "class D { function __destruct() { echo 'destroyed'; } } $d = new D; "
                               "register_shutdown_function(function () { echo 'function ', "
                               "error_get_last()['message']; }); busy();"),
                 plain("set again",
                       "set_time_limit(1); var_dump(set_time_limit(0), ini_get('max_execution_time'));"),
                 plain("none left for the next",
                       "var_dump(ini_get('max_execution_time'), ini_get('max_input_time'));"),
                 plain("after the answer", kBusy + "echo 'sent'; fastcgi_finish_request(); busy();"),
                 plain("well", "echo 'well';"),
             }});
}

/// As php.ini's are; with PHP's own max_input_time, -1, the engine reads them elsewhere.
TEST(Limits, OfTimeForAllPools) {
    for (const char* input_time : {"-1", "60"}) {
        SCOPED_TRACE(input_time);
        compare({.pool = {{"catch_workers_output", "yes"}},
                 .cases =
                     {
                         plain("a busy loop", kBusy + "busy();"),
                         plain("what is said", "var_dump(ini_get('max_execution_time'));"),
                         plain("another", kBusy + "busy();"),
                         plain("none",
                               "set_time_limit(0); $end = microtime(true) + 1.5; "
                               "while (microtime(true) < $end); echo 'done';"),
                         plain("a third", kBusy + "busy();"),
                     },
                 .arguments = {"-n", "-d", "max_execution_time=1", "-d",
                               std::string("max_input_time=") + input_time, "-d", "log_errors=1"}});
    }
}

TEST(Limits, OfMemoryAndDepth) {
    compare(
        {.pool = {{"php_admin_value[memory_limit]", "16M"},
                  {"php_flag[display_errors]", "on"},
                  {"php_value[pcre.jit]", "0"}},
         .cases =
             {
                 plain("too much at once", "echo strlen(str_repeat('x', 20 << 20));"),
                 plain("too much by and by", "$a = []; while (true) $a[] = str_repeat('x', 100000);"),
                 plain("too much for a buffer", "ob_start(); while (true) echo str_repeat('x', 100000);"),
                 plain("too much in a shutdown function",
                       "register_shutdown_function(function () { str_repeat('x', 20 "
                       "<< 20); }); echo 'x';"),
                 plain("too much, caught by a function",
                       "register_shutdown_function(function () { http_response_code(503); header('X-A: 1'); "
                       "echo "
                       "'sorry'; }); str_repeat('x', 20 << 20);"),
                 plain("a limit below what is used",
                       "var_dump(ini_set('memory_limit', '1K'), "
                       "ini_get('memory_limit'));"),
                 plain("odd limits",
                       "foreach (['-1', '0', 'x', '1G', '99999999999G'] as $l) "
                       "var_dump(@ini_set('memory_limit', $l));"),
                 plain("an allocation that cannot be", "str_repeat('x', PHP_INT_MAX);"),
                 plain("deep functions", "function f($n) { return $n ? f($n - 1) : 'deep'; } echo f(20000);"),
                 plain("deep expressions",
                       "eval('return ' . str_repeat('(', 2000) . '1' . str_repeat(')', 2000) . "
                       "';'); echo 'x';"),
                 plain("deep callbacks",
                       "function g($n) { return $n ? array_map('g', [$n - 1])[0] : 'deep'; } echo "
                       "g(2000);"),
                 plain("deep generators",
                       "function h($n) { if ($n) yield from h($n - 1); else yield 'deep'; } foreach "
                       "(h(500) as $v) echo $v;"),
                 plain("many fibers",
                       "$f = []; for ($i = 0; $i < 50; $i++) { $f[$i] = new Fiber(function () use ($i) { "
                       "return $i + Fiber::suspend(); }); $f[$i]->start(); } foreach ($f as $i => $x) { "
                       "$x->resume(1); echo $x->getReturn(), ' '; }"),
                 plain("fibers in fibers",
                       "function deeper($n) { if (!$n) return 'core'; $f = new Fiber('deeper'); "
                       "$f->start($n - 1); return $f->getReturn(); } echo deeper(20);"),
                 plain("a fiber's small stack",
                       "ini_set('fiber.stack_size', '1'); try { (new Fiber(fn() => "
                       "1))->start(); } catch (Throwable $e) { echo get_class($e), "
                       "$e->getMessage(); }"),
                 plain("backtracking",
                       "var_dump(preg_match('/(a+)+$/', str_repeat('a', 5000) . 'b'), "
                       "preg_last_error_msg());"),
                 plain("well", "echo 'well';"),
             },
         .masks = {{"BYTES", "[0-9]{6,}"}}});
}

/// A client that goes while its script runs, and what the script has noted of it.
void gone(std::vector<Case>& cases, const std::string& name, const std::string& code,
          std::string differs = {}) {
    const std::string note =
        "function note($t) { file_put_contents(getenv('OWN') . '/notes', \"$t\\n\", FILE_APPEND); } "
        "function send() { for ($i = 0; $i < 8; $i++) { echo str_repeat('x', 100000); flush(); "
        "usleep(5000); } } note('begun'); ";
    Case leaving = plain(name, note + code);
    leaving.leaves = true;
    cases.push_back(leaving);
    cases.push_back(
        plain(name + ", noted", "readfile(getenv('OWN') . '/notes'); unlink(getenv('OWN') . '/notes');"));
    cases.back().differs = std::move(differs);
}

TEST(Limits, ClientsThatGo) {
    std::vector<Case> cases;
    gone(cases, "stopped",
         "register_shutdown_function(function () { note('stopped ' . connection_status() . "
         "connection_aborted()); }); usleep(50000); send(); note('not reached');");
    gone(cases, "going on",
         "ignore_user_abort(true); usleep(50000); send(); note('still there ' . connection_status() . "
         "connection_aborted());");
    gone(cases, "no output", "usleep(100000); note('unaware ' . connection_status());");
    gone(cases, "destructors",
         "class D { function __destruct() { note('destroyed'); } } $d = new D; usleep(50000); "
         "send(); note('not reached');");
    const std::string ends = "php-fpm ends a script that flushes or prints much after its answer";
    gone(cases, "finished first",
         "fastcgi_finish_request(); usleep(50000); echo 'x'; note('finished ' . "
         "connection_status());");
    gone(cases, "much after finishing",
         "fastcgi_finish_request(); usleep(50000); echo str_repeat('x', 100000); note('went on');", ends);
    gone(cases, "flushed after finishing",
         "fastcgi_finish_request(); usleep(50000); flush(); note('went on');", ends);
    gone(cases, "output in buffers",
         "ob_start(); usleep(50000); send(); note('buffered ' . ob_get_level());");
    compare({.pool = {{"env[OWN]", "{own}"}}, .cases = cases, .log = Log::Ignore});
}

/// What a script sees after its answer has ended, over a connection that is kept.
TEST(Limits, AfterTheAnswer) {
    const std::string tell =
        "file_put_contents(getenv('OWN') . '/told', connection_status() . connection_aborted() . "
        "ignore_user_abort() . json_encode([headers_sent(), ob_get_level(), http_response_code()]) . "
        "file_get_contents('php://input'));";
    const Case told = plain("told", "readfile(getenv('OWN') . '/told');");
    std::vector<Case> cases;
    for (const char* const setting : {"", "ignore_user_abort(true); "}) {
        Case late = plain("its state" + std::string(setting),
                          setting + std::string("echo 'x'; fastcgi_finish_request(); echo 'y'; ") + tell);
        cases.push_back(late);
        cases.push_back(told);
        late.name += ", a body";
        late.method = "PUT";
        late.body = std::string(3000, 'b');
        late.sizes.body = 1000;
        cases.push_back(late);
        cases.push_back(told);
    }
    cases.push_back(plain("in a shutdown function", "register_shutdown_function(function () { " + tell +
                                                        " }); echo 'x'; fastcgi_finish_request();"));
    cases.push_back(told);
    compare({.pool = {{"env[OWN]", "{own}"}}, .cases = cases});
}

}  // namespace
}  // namespace phalanx::compat
