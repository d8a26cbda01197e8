#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

Case with(std::string name, const std::string& code, const std::string& cookie = {},
          const std::string& query = {}) {
    Case one{std::move(name), "<?php " + code, query};
    if (!cookie.empty()) one.params.push_back({"HTTP_COOKIE", cookie});
    return one;
}

const std::string kId = "abcdefghijklmnopqrstuvwx01";
const std::string kCookie = "PHPSESSID=" + kId;
/// What is in the folder, in the order of what the files hold: their names are random.
const std::string kFiles =
    "foreach (glob(session_save_path() . '/sess_*') as $f) $l[] = file_get_contents($f) . sprintf(' %o ', "
    "fileperms($f)) . "
    "basename($f); sort($l); echo implode(\"\\n\", $l);";

const Mask kIds{"SESSION ID", "[a-z0-9,-]{26,32}"};

TEST(Sessions, InFiles) {
    compare(
        {.pool = {{"php_value[session.save_path]", "{own}"},
                  {"php_value[session.gc_probability]", "0"},
                  {"php_flag[display_errors]", "on"}},
         .cases =
             {
                 with("a new one", "session_start(); $_SESSION['n'] = 1; echo strlen(session_id()), SID;"),
                 with("a chosen one", "session_id('" + kId +
                                          "'); session_start(); $_SESSION['n'] = 1; echo "
                                          "session_id();"),
                 with("the chosen one again", "session_start(); echo ++$_SESSION['n'];", kCookie),
                 with("and again",
                      "session_start(); echo ++$_SESSION['n']; session_write_close(); "
                      "$_SESSION['n'] = 99; var_dump(session_status());",
                      kCookie),
                 with("read and closed", "session_start(['read_and_close' => true]); echo $_SESSION['n']++;",
                      kCookie),
                 with("aborted", "session_start(); $_SESSION['n'] = 77; session_abort();", kCookie),
                 with("reset", "session_start(); $_SESSION['n'] = 78; session_reset(); echo $_SESSION['n'];",
                      kCookie),
                 with("files", kFiles),
                 with("written after exit", "session_start(); $_SESSION['exit'] = 'kept'; exit;", kCookie),
                 with("written after an error", "session_start(); $_SESSION['error'] = 'kept'; no_such();",
                      kCookie),
                 with("written after the answer",
                      "session_start(); fastcgi_finish_request(); $_SESSION['late'] = 'kept';", kCookie),
                 with("all that was kept", "session_start(); print_r($_SESSION); echo session_encode();",
                      kCookie),
                 with("an id by query",
                      "ini_set('session.use_only_cookies', '0'); session_start(); echo session_id();", "",
                      "?PHPSESSID=" + kId),
                 with("a broken id", "session_start(); echo session_id() === '../x' ? 'taken' : 'new';",
                      "PHPSESSID=../x"),
                 with("an empty id", "session_start(); echo session_id() === '' ? 'taken' : 'new';",
                      "PHPSESSID="),
                 with("an id that is a list", "session_start(); echo gettype(session_id());",
                      "PHPSESSID[]=x"),
                 with("an unknown id", "session_start(); echo session_id();",
                      "PHPSESSID=zzzzzzzzzzzzzzzzzzzzzzzzzz"),
                 with("an unknown id, strictly",
                      "ini_set('session.use_strict_mode', '1'); session_start(); echo session_id() === "
                      "'zyyyyyyyyyyyyyyyyyyyyyyyyz' ? 'taken' : 'new';",
                      "PHPSESSID=zyyyyyyyyyyyyyyyyyyyyyyyyz"),
                 with("a new id",
                      "session_start(); $old = session_id(); var_dump(session_regenerate_id(true), "
                      "session_id() !== $old, $_SESSION['n']);",
                      kCookie),
                 with("destroyed", "session_start(); var_dump(session_destroy(), session_id(), $_SESSION);",
                      kCookie),
                 with("started too late", "echo 'x'; flush(); var_dump(session_start());"),
                 with("started twice", "session_start(); session_start();", kCookie),
                 with("another name", "session_name('mine'); session_start(); echo session_name();",
                      "mine=abcdef"),
                 with("cookie's attributes",
                      "session_set_cookie_params(['lifetime' => 0, 'path' => '/p', 'domain' => 'd', 'secure' "
                      "=> true, "
                      "'httponly' => true, 'samesite' => 'Lax']); session_start();"),
                 with("cache limiters",
                      "foreach (['public', 'private', 'private_no_expire', 'nocache'] as $l) { "
                      "session_cache_limiter($l); session_start(); session_write_close(); "
                      "print_r(preg_grep('/^Last|"
                      "Expires: [^T]/', headers_list(), PREG_GREP_INVERT)); }",
                      kCookie),
                 with("an own handler",
                      R"(class H implements SessionHandlerInterface {
function open($p, $n): bool { echo "open $n "; return true; } function close(): bool { echo 'close '; return true; }
function read($i): string|false { echo 'read '; return 'a|i:1;'; } function write($i, $d): bool { echo "write $d "; return true; }
function destroy($i): bool { echo 'destroy '; return true; } function gc($t): int|false { echo 'gc '; return 1; } }
ob_start(); session_set_save_handler(new H, true); session_start(); $_SESSION['a']++; echo 'end ';)"),
                 with("an own handler that fails",
                      "ob_start(); session_set_save_handler(fn() => false, fn() => true, fn() => '', fn() => "
                      "false, fn() => true, "
                      "fn() => 0); var_dump(session_start());"),
                 with("collected",
                      "touch(session_save_path() . '/sess_old00000000000000000000000', time() - 9999); "
                      "session_start(); var_dump(session_gc());"),
                 with("broken contents",
                      "file_put_contents(session_save_path() . '/sess_broken', 'x|O:3:\"'); "
                      "session_id('broken'); var_dump(session_start(), $_SESSION);"),
                 with("nowhere to write", "session_save_path('/nonexistent'); var_dump(session_start());"),
             },
         .masks = {
             kIds,
             {"EXPIRES", "(Expires|Last-Modified): [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[^\r\n]*"}}});
}

TEST(Sessions, ThatStartThemselves) {
    compare(
        {.pool = {{"php_value[session.save_path]", "{own}"},
                  {"php_value[session.auto_start]", "1"},
                  {"php_value[session.use_trans_sid]", "1"},
                  {"php_value[session.use_only_cookies]", "0"},
                  {"php_value[session.gc_probability]", "1"},
                  {"php_value[session.gc_divisor]", "1"},
                  {"php_value[session.upload_progress.min_freq]", "0"},
                  {"php_flag[display_errors]", "on"}},
         .cases =
             {with("a new one", "var_dump(session_status(), strlen(session_id())); $_SESSION['n'] = 1;"),
              with("a known one", "var_dump($_SESSION, session_id(), SID); echo '<a href=\"x\">y</a>';",
                   kCookie),
              with("by query", "var_dump(session_id(), SID); echo '<a href=\"x\">y</a>';", "",
                   "?PHPSESSID=" + kId),
              {"an upload's progress",
               "<?php print_r(array_map(fn($u) => array_diff_key($u, ['start_time' => 1]), $_SESSION)); "
               "print_r($_POST);",
               "",
               "POST",
               {{"CONTENT_TYPE", "multipart/form-data; boundary=XX"}, {"HTTP_COOKIE", kCookie}},
               "--XX\r\nContent-Disposition: form-data; name=\"PHP_SESSION_UPLOAD_PROGRESS\"\r\n\r\nmine\r\n"
               "--XX\r\nContent-Disposition: form-data; name=\"a\"; "
               "filename=\"1\"\r\n\r\none\r\n--XX--\r\n"}},
         .masks = {kIds, {"TEMP FILE", "/tmp/php[A-Za-z0-9]{6}"}, {"TIME", "1[0-9]{9}"}}});
}

}  // namespace
}  // namespace phalanx::compat
