#include "compat/comparison.hpp"

// One worker: what a request leaves behind, and what the next one finds.

namespace phalanx::compat {
namespace {

/// All that a script can look at and that an earlier one may have changed.
const std::string kLook = R"(
function look() {
    $ini = ini_get_all(null, true);
    $changed = [];
    foreach ($ini as $k => $v) if ($v['local_value'] !== $v['global_value']) $changed[$k] = $v['local_value'];
    return [
        'ini' => $changed, 'locale' => setlocale(LC_ALL, 0), 'folder' => getcwd(), 'umask' => sprintf('%o', umask()),
        'made' => [getenv('MADE'), getenv('PATH_MADE'), getenv('FIRST'), getenv('HOME')], 'code' => http_response_code(), 'headers' => headers_list(),
        'error' => error_get_last(), 'level' => ob_get_level(), 'handlers' => ob_list_handlers(),
        'zone' => date_default_timezone_get(), 'reporting' => error_reporting(), 'xml' => libxml_use_internal_errors(),
        'wrappers' => stream_get_wrappers(), 'filters' => stream_get_filters(), 'load' => spl_autoload_functions(), 'extensions' => spl_autoload_extensions(),
        'functions' => get_defined_functions()['user'], 'classes' => array_diff(get_declared_classes(), ['stdClass']) !== [] ? count(get_declared_classes()) : 0,
        'constants' => get_defined_constants(true)['user'] ?? [], 'files' => count(get_included_files()), 'globals' => array_keys($GLOBALS),
        'user' => [$_SERVER['PHP_AUTH_USER'] ?? null, $_SERVER['PHP_AUTH_PW'] ?? null, $_SERVER['PHP_AUTH_DIGEST'] ?? null],
        'abort' => [ignore_user_abort(), connection_status(), connection_aborted()], 'limit' => ini_get('max_execution_time'),
        'session' => [session_status(), session_id(), session_name(), session_module_name()], 'include' => get_include_path(),
        'assert' => ini_get('assert.active'), 'gc' => gc_enabled(), 'precision' => (string) (1 / 3), 'time' => time() - $_SERVER['REQUEST_TIME'] < 5,
        'request' => [$_GET, $_POST, $_COOKIE, array_keys($_FILES), file_get_contents('php://input')], 'locale_number' => sprintf('%.1f', 1.5) . localeconv()['decimal_point'],
        'resolved' => realpath_cache_size() > 0, 'rand' => function_exists('left_function'), 'peak' => memory_get_peak_usage() < 8 << 20, 'random' => mt_getrandmax(),
        'context' => stream_context_get_options(stream_context_get_default()), 'descriptors' => count(scandir('/proc/self/fd')) - count(scandir('/proc/self/fd')),
        'signals' => implode('', preg_grep('/^Sig(Ign|Blk|Cgt)/', file('/proc/self/status'))) === '' , 'priority' => explode(' ', file_get_contents('/proc/self/stat'))[18] < 1,
        'timers' => sys_get_temp_dir(), 'alternatives' => ini_get('include_path'), 'display' => ini_get('display_errors'),
    ];
}
)";

const std::string kShow = "<?php" + kLook + "print_r(look());";

/// A case that leaves something behind, and right after it one that looks.
void leave(std::vector<Case>& cases, const std::string& name, const std::string& code) {
    cases.push_back({name, "<?php " + code + " echo 'done';"});
    cases.push_back({name + ", then", kShow});
}

std::vector<Case> what_scripts_leave() {
    std::vector<Case> cases = {{"at first", kShow}};
    leave(cases, "ini values",
          "ini_set('precision', '3'); ini_set('memory_limit', '40M'); ini_set('include_path', "
          "'/x'); ini_set('error_log', '/dev/null'); ini_set('default_charset', 'x'); "
          "ini_set('user_agent', 'y'); error_reporting(0); set_time_limit(77);");
    leave(cases, "locales",
          "setlocale(LC_ALL, 'C.UTF-8', 'C.utf8'); date_default_timezone_set('Asia/Tokyo'); "
          "mt_srand(1); libxml_use_internal_errors(true);");
    leave(cases, "folder and mask", "chdir('/'); umask(0777);");
    leave(cases, "environment",
          "putenv('MADE=1'); putenv('FIRST=changed'); putenv('HOME'); putenv('TZ=Asia/Tokyo'); "
          "$_ENV['X'] = 1; $_SERVER['X'] = 1;");
    leave(cases, "heads",
          "header('X-Left: 1'); http_response_code(404); setcookie('a', 'b'); "
          "header_register_callback(function () { header('X-Called: 1'); });");
    leave(cases, "handlers",
          "set_error_handler(fn() => true); set_exception_handler(fn() => null); "
          "spl_autoload_register(fn($c) => null); spl_autoload_extensions('.x'); "
          "register_tick_function(fn() => null); assert_options(ASSERT_ACTIVE, 0); gc_disable();");
    leave(cases, "open buffers",
          "ob_start(); ob_start('strrev'); ob_implicit_flush(); output_add_rewrite_var('s', 1);");
    leave(cases, "streams",
          "class W {} stream_wrapper_register('left', 'W'); stream_wrapper_unregister('http'); "
          "stream_filter_register('left', 'php_user_filter'); "
          "stream_context_set_default(['http' => ['user_agent' => 'x']]); $GLOBALS['f'] = "
          "fopen('/dev/null', 'r'); $GLOBALS['p'] = pfsockopen('unix:///nonexistent');");
    leave(cases, "names",
          "function left_function() { static $n = 0; return ++$n; } class LeftClass { static $v = 1; } "
          "define('LEFT', 1); $GLOBALS['left'] = 1; left_function(); class_alias('LeftClass', 'L2');");
    leave(cases, "abort", "ignore_user_abort(true); ini_set('max_execution_time', '5');");
    leave(cases, "session",
          "session_name('left'); session_id('leftover'); session_save_path('/tmp'); "
          "session_set_cookie_params(99); session_cache_limiter('public');");
    leave(cases, "exit", "ob_start(); ini_set('precision', '2'); exit(3);");
    leave(cases, "fatal error", "ob_start(); ini_set('precision', '2'); chdir('/'); no_such();");
    leave(cases, "exception", "ob_start(fn($b) => \"<$b>\"); throw new Exception('x');");
    leave(cases, "memory limit",
          "ini_set('memory_limit', '4M'); $a = []; while (true) $a[] = str_repeat('x', 1000);");
    leave(cases, "deep recursion", "ini_set('memory_limit', '16M'); function f() { f(); } f();");
    leave(cases, "finished", "fastcgi_finish_request(); header('X-Late: 1'); ini_set('precision', '2');");
    leave(cases, "fiber and generator",
          "$GLOBALS['x'] = new Fiber(function () { Fiber::suspend(); }); $GLOBALS['x']->start(); "
          "exit;");
    leave(cases, "a child of its own", "shell_exec('exit 3'); $GLOBALS['p'] = popen('exec sleep 0.1', 'r');");
    Case user{"a user",
              "<?php echo $_SERVER['PHP_AUTH_USER'];",
              "?a=1",
              "POST",
              {{"HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"}, {"HTTP_COOKIE", "a=b"}},
              "c=d"};
    cases.push_back(user);
    cases.push_back({"a user, then", kShow});
    user.name = "a digest user";
    user.params[0].value = "Digest x=y";
    cases.push_back(user);
    cases.push_back({"a digest user, then", kShow});
    return cases;
}

TEST(Isolation, OfWhatScriptsLeave) {
    compare({.pool = {{"env[FIRST]", "one"}, {"php_admin_value[disable_functions]", "phpinfo"}},
             .cases = what_scripts_leave(),
             .masks = {{"BYTES", "[0-9]{6,}"}}});
}

TEST(Isolation, OfFilesAndSettings) {
    const std::string parts =
        "--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"1\"\r\n\r\none\r\n--XX--\r\n";
    const auto upload = [&](std::string name, const std::string& code) {
        return Case{std::move(name),
                    "<?php " + code,
                    "",
                    "POST",
                    {{"CONTENT_TYPE", "multipart/form-data; boundary=XX"}},
                    parts};
    };
    const std::string list =
        "<?php echo implode(' ', array_diff(scandir(ini_get('upload_tmp_dir')), ['.', '..']));";
    compare({.pool = {{"php_admin_value[upload_tmp_dir]", "{own}"}},
             .scripts = {{"sub/.user.ini", "precision=3\nauto_prepend_file=before.inc\n"},
                         {"sub/before.inc", "<?php echo 'before ';"},
                         {"sub/ask.php", "<?php echo ini_get('precision');"},
                         {"ask.php", "<?php echo ini_get('precision'), ini_get('auto_prepend_file');"}},
             .cases = {upload("upload, fatal error", "no_such();"),
                       {"files after an error", list},
                       upload("upload, exit", "exit;"),
                       {"files after an exit", list},
                       upload("upload, memory", "ini_set('memory_limit', '4M'); str_repeat('x', 9 << 20);"),
                       {"files after memory", list},
                       {"own ini", "", "/sub/ask.php"},
                       {"no own ini", "", "/ask.php"},
                       {"own ini again", "", "/sub/ask.php"},
                       {"refused", "", "/none.php"},
                       {"after a refusal", "", "/ask.php"},
                       {"denied", "", "/sub/.user.ini"},
                       {"after a denial", "", "/ask.php"}},
             .masks = {{"BYTES", "[0-9]{6,}"}}});
}

}  // namespace
}  // namespace phalanx::compat
