#include "compat/comparison.hpp"

// How scripts end, and what still happens then.

namespace phalanx::compat {
namespace {

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

const std::string kDestroyed =
    "class D { function __construct(public $n) {} function __destruct() { echo \"~$this->n \"; } } ";

const std::vector<Case> kExits = {
    plain("in an include", "include __DIR__ . '/leave.inc'; echo 'not reached';"),
    plain("in a function", "function f() { exit('f'); } echo 'x', f();"),
    plain("in a method called by the engine", "usort(...[[3, 1, 2], fn($a, $b) => exit('sorting')]);"),
    plain("in a generator", "function g() { yield 1; exit('g'); } foreach (g() as $v) echo $v;"),
    plain("in a fiber",
          "$f = new Fiber(function () { echo Fiber::suspend('s'); exit('fiber'); }); echo $f->start(); "
          "$f->resume('r'); echo 'not reached';"),
    plain("in a finally", "try { exit('try'); } finally { echo 'not run'; }"),
    plain("in a shutdown function",
          "register_shutdown_function(function () { echo 1; exit; }); register_shutdown_function(function () "
          "{ echo "
          "2; }); echo 0;"),
    plain("in a destructor", kDestroyed +
                                 "class E { function __destruct() { echo 'E'; exit('bye'); } } $d = new "
                                 "D('d'); $e = new E; $f = new D('f'); echo 'x';"),
    plain("in an error handler",
          "set_error_handler(function () { exit('handled'); }); echo $undefined; echo 'no';"),
    plain("in an exception handler",
          "set_exception_handler(function ($e) { exit($e->getMessage()); }); throw new "
          "Exception('e');"),
    plain("in an autoloader", "spl_autoload_register(function ($c) { exit(\"no $c\"); }); new Missing;"),
    plain("in a tick",
          "declare(ticks=1); register_tick_function(function () { static $n = 0; if (++$n > 2) "
          "exit('tick'); }); for ($i = 0; $i < 9; $i++) echo $i;"),
    plain("in a stream wrapper",
          "class W { public $context; function stream_open() { exit('opening'); } } "
          "stream_wrapper_register('w', "
          "'W'); fopen('w://x', 'r'); echo 'no';"),
    plain("in a __toString",
          "class S { function __toString(): string { exit('string'); } } echo new S, 'no';"),
    plain("of every kind", "register_shutdown_function(fn() => exit(300)); exit(1.5 > 1);"),
    plain("with an array", "exit([]);"),
    plain("after finish", "echo 'sent'; fastcgi_finish_request(); exit('no');"),
};

const std::vector<Case> kOrders = {
    plain("functions in order",
          "foreach ([1, 2, 3] as $n) register_shutdown_function(function () use ($n) { echo $n; "
          "if ($n === 2) register_shutdown_function(fn() => print 'nested'); });"),
    plain("function with arguments", "register_shutdown_function('printf', '%s-%s', 'a', 'b'); echo 'x';"),
    plain("a function that is none",
          "try { register_shutdown_function('no_such'); } catch (Error $e) { echo "
          "$e->getMessage(); }"),
    plain("functions, destructors, buffers",
          kDestroyed +
              "ob_start(fn($b) => \"[$b]\"); register_shutdown_function(fn() => print 'function '); $a = new "
              "D('a'); $b = new D('b'); $c = $a; static $s; $s = new D('static'); echo 'end ';"),
    plain("destructors of cycles", kDestroyed +
                                       "$a = new D('a'); $a->o = $a; $b = new D('b'); unset($a, $b); echo "
                                       "gc_collect_cycles(); $c = new D('c'); $c->o = $c;"),
    plain("destructors after exit",
          kDestroyed + "$a = new D('a'); (function () { $b = new D('b'); exit('x '); })();"),
    plain("destructors after an error", kDestroyed + "$a = new D('a'); no_such();"),
    plain("a destructor's folder",
          "class C { function __destruct() { echo getcwd() === __DIR__ ? 'same' : getcwd(); } "
          "} $c = new C;"),
    plain("a function's folder",
          "register_shutdown_function(function () { echo getcwd() === __DIR__ ? 'same' : "
          "getcwd(); });"),
    plain("a function after finish",
          "register_shutdown_function(function () { echo 'no'; header('X-Late: 1'); "
          "error_log('still logged'); }); fastcgi_finish_request();"),
    plain("a header in a function", "register_shutdown_function(fn() => header('X-Late: 1'));"),
    plain("a code in a function, output",
          "echo 'x'; register_shutdown_function(fn() => http_response_code(500));"),
    plain("sessions, functions",
          "session_cache_limiter(''); session_id('abc'); session_start(); "
          "register_shutdown_function(function () { var_dump(session_status()); });"),
    plain(
        "output of a destructor after the buffers",
        "class E { function __destruct() { ob_start(); echo 'late'; } } ob_start(); $GLOBALS['e'] = new E;"),
    plain("a fiber that never ends",
          "$f = new Fiber(function () { try { Fiber::suspend(); } finally { echo 'finally'; "
          "} }); $f->start(); echo 'main ';"),
    plain("a generator that never ends",
          "function g() { try { yield 1; } finally { echo 'finally'; } } $g = g(); "
          "echo $g->current();"),
    plain("weak maps and closures", kDestroyed +
                                        "$m = new WeakMap; $o = new D('o'); $m[$o] = new D('value'); "
                                        "unset($o); echo count($m);"),
};

const std::vector<Case> kErrors = {
    plain("an uncaught exception",
          "function f($x) { throw new LogicException('f', 3, new Exception('before')); } f(1);"),
    plain("an exception with a handler",
          "set_exception_handler(function ($e) { http_response_code(503); echo "
          "get_class($e), $e->getLine(); }); throw new TypeError('t');"),
    plain("a handler that throws",
          "set_exception_handler(function ($e) { throw new Exception('second', 0, $e); }); "
          "throw new Exception('first');"),
    plain("a handler for errors",
          "set_error_handler(function ($no, $m, $f, $l) { echo \"$no:$m:$l \"; return true; "
          "}); echo $u; trigger_error('w', E_USER_WARNING); [][0]; \"x\" + 0 ?? 1;"),
    plain("a handler that declines",
          "set_error_handler(fn() => false); echo $u; var_dump(error_get_last()['message']);"),
    plain("a handler that throws for a warning",
          "set_error_handler(function ($n, $m) { throw new ErrorException($m, 0, $n); }); try { echo $u; } "
          "catch "
          "(ErrorException $e) { echo 'caught ', $e->getMessage(); }"),
    plain("handlers put back",
          "set_error_handler(fn() => print 'A'); set_error_handler(fn() => print 'B'); echo $u; "
          "restore_error_handler(); echo $u; restore_error_handler(); restore_error_handler();"),
    plain("silenced",
          "echo @$u; @no_such_include; echo @file('/nonexistent') ? 1 : 0; print_r(error_get_last()); "
          "error_clear_last(); var_dump(error_get_last());"),
    plain("last error in a shutdown function",
          "register_shutdown_function(function () { $e = error_get_last(); echo $e['type'], "
          "strtok($e['message'], "
          "\"\\n\"); }); no_such();"),
    plain("a fatal error in a shutdown function",
          "register_shutdown_function(function () { echo 'a'; no_such(); echo 'b'; }); "
          "register_shutdown_function(fn() "
          "=> print 'c'); echo 'x';"),
    plain("a fatal error in a buffer's callback",
          "ob_start(function ($b) { return no_such($b); }); echo 'x';"),
    plain("a fatal error with buffers", "ob_start(); ob_start('strrev'); echo 'abc'; no_such();"),
    plain("a code before a fatal error", "http_response_code(404); no_such();"),
    plain("a header before a fatal error",
          "header('X-A: 1'); header('Content-Type: text/plain'); no_such();"),
    plain("an error while compiling an include", "include __DIR__ . '/broken.inc'; echo 'not reached';"),
    plain("an error in eval",
          "try { eval('if ('); } catch (ParseError $e) { echo $e->getMessage(), $e->getLine(); } "
          "eval('no_such();');"),
    plain("a class that cannot be", "class A extends Missing {}"),
    plain("an abstract class", "abstract class A { abstract function f(); } class B extends A {}"),
    plain("a redeclared function", "function strlen2() {} eval('function strlen2() {}');"),
    plain("an assertion",
          "ini_set('zend.assertions', '1'); try { assert(1 > 2); echo 'not on'; } catch (AssertionError "
          "$e) { echo $e->getMessage(); }"),
    plain("errors of every user kind",
          "foreach ([E_USER_NOTICE, E_USER_DEPRECATED, E_USER_WARNING] as $k) "
          "trigger_error(\"kind $k\", $k); trigger_error('x', E_USER_ERROR);"),
    plain("html in a message",
          "trigger_error('<b>&\"\\0\\n\\x01'); throw new Exception('<i>' . \"\\n\" . 'x');"),
    plain("error_log of every kind",
          "error_log('to the log'); error_log('to the sapi', 4); error_log('to a file', 3, "
          "'php://output'); error_log(\"a\\0b\\x01\\r\\nc\"); error_log('');"),
    plain("a stack of frames",
          "function f($n) { return $n ? f($n - 1) : no_such([1, 'a', null, new stdClass, 1.5], "
          "str_repeat('x', 40)); } f(3);"),
    plain("exception in a generator's end",
          "function g() { try { yield; } finally { throw new Exception('g'); } } $g = "
          "g(); $g->current(); unset($g);"),
    plain("a fiber's exception", "$f = new Fiber(function () { throw new Exception('f'); }); $f->start();"),
};

Group with(std::vector<Case> cases, const char* shown) {
    return {.pool = {{"php_flag[display_errors]", shown},
                     {"php_flag[log_errors]", shown == std::string("on") ? "off" : "on"}},
            .scripts = {{"leave.inc", "<?php exit('included');"}, {"broken.inc", "<?php\n if ("}},
            .cases = std::move(cases)};
}

TEST(Endings, Exits) {
    compare(with(kExits, "on"));
}

TEST(Endings, Orders) {
    compare(with(kOrders, "on"));
}

TEST(Endings, ErrorsShown) {
    Group group = with(kErrors, "on");
    group.pool.emplace_back("php_flag[html_errors]", "on");
    compare(group);
}

TEST(Endings, ErrorsLogged) {
    compare(with(kErrors, "off"));
}

}  // namespace
}  // namespace phalanx::compat
