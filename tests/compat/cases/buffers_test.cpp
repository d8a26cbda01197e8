#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

Case accepting(std::string name, const std::string& code, std::string encodings = "gzip, deflate, br") {
    return {std::move(name), "<?php " + code, "", "GET", {{"HTTP_ACCEPT_ENCODING", std::move(encodings)}}};
}

TEST(Buffers, OfEveryKind) {
    compare(
        {.pool = {{"php_flag[display_errors]", "on"}},
         .cases = {
             plain("a callback",
                   "ob_start(fn($b, $p) => \"[$p:$b]\"); echo 'a'; ob_flush(); echo 'b'; ob_clean(); "
                   "echo 'c';"),
             plain("a callback at the very end", "ob_start('strrev'); echo 'abc';"),
             plain("a callback that fails", "ob_start(fn() => false); echo 'as it is';"),
             plain("a callback that throws",
                   "ob_start(function ($b) { throw new Exception('x'); }); echo 'a';"),
             plain("a callback that prints",
                   "ob_start(function ($b) { echo 'inner'; return $b; }); echo 'a';"),
             plain("a callback that buffers",
                   "ob_start(function ($b) { ob_start(); return $b; }); echo 'a';"),
             plain("a callback that exits", "ob_start(function ($b) { exit('bye'); }); echo 'a';"),
             plain("a callback that sets headers",
                   "ob_start(function ($b) { header('X-Length: ' . strlen($b)); http_response_code(202); "
                   "return $b; "
                   "}); echo 'abc';"),
             plain("a callback that is none", "var_dump(ob_start('no_such')); echo 'a';"),
             plain("nested",
                   "ob_start(fn($b) => \"<1$b>\"); ob_start(fn($b) => \"<2$b>\"); echo 'x'; "
                   "ob_end_flush(); echo 'y'; echo ob_get_level();"),
             plain("left open", "ob_start(); ob_start(); ob_start(); echo 'x';"),
             plain("in chunks",
                   "ob_start(fn($b) => \"[$b]\", 4); foreach (['ab', 'cd', 'efghij', 'k'] as $s) echo "
                   "$s;"),
             plain("not to be removed",
                   "ob_start(fn($b) => $b, 0, 0); echo 'x'; var_dump(ob_end_clean(), ob_get_clean(), "
                   "ob_flush());"),
             plain("status of all",
                   "ob_start(); ob_start('strrev'); echo 'x'; $s = ob_get_status(true); "
                   "ob_end_clean(); ob_end_clean(); print_r($s); print_r(ob_list_handlers());"),
             plain("none there",
                   "var_dump(ob_get_clean(), ob_get_level(), ob_get_contents(), ob_end_flush());"),
             plain("implicit flush",
                   "ob_implicit_flush(); echo 'a'; var_dump(headers_sent($f, $l), basename($f), $l);"),
             plain("sent where",
                   "echo 'x';\n\nflush(); header('X-Late: 1'); var_dump(headers_sent($f, $l), basename($f), "
                   "$l);"),
             plain("sent by a function", "function f() {\necho 'x'; flush(); }\nf(); setcookie('a', 'b');"),
             plain("sent by length", "echo str_repeat('x', 10000); header('X-Late: 1');"),
             plain("rewritten urls",
                   "output_add_rewrite_var('s', '1'); echo '<a href=\"x.php\">x</a><form></form>';"),
             plain("print and friends",
                   "print('a'); printf('%s', 'b'); vprintf('%d', [3]); print_r('d'); "
                   "readfile(__DIR__ . '/inc.txt'); passthru('echo f');"),
             plain("php output stream",
                   "ob_start(fn($b) => \"[$b]\"); $f = fopen('php://output', 'w'); "
                   "fwrite($f, 'a'); fclose($f); file_put_contents('php://output', 'b');"),
             plain("flush of each", "echo 'a'; flush(); ob_start(); echo 'b'; flush(); ob_flush(); flush();"),
             plain("highlighted", "highlight_string('<?php echo 1; ?>');"),
             accepting("ob_gzhandler", "ob_start('ob_gzhandler'); echo str_repeat('zip ', 500);"),
             accepting("ob_gzhandler, not wanted", "ob_start('ob_gzhandler'); echo 'plain';", "identity"),
             accepting("ob_gzhandler, deflate", "ob_start('ob_gzhandler'); echo str_repeat('zip ', 500);",
                       "deflate"),
             accepting("ob_gzhandler, nothing", "ob_start('ob_gzhandler');"),
             accepting("zlib by ini_set",
                       "ini_set('zlib.output_compression', '1'); echo str_repeat('zip ', 500);"),
         }});
}

const std::vector<Case> kCompressed = {
    accepting("gzip", "echo str_repeat('zip ', 5000);"),
    accepting("deflate", "echo str_repeat('zip ', 5000);", "deflate"),
    accepting("neither", "echo str_repeat('zip ', 5000);", "br"),
    accepting("refused", "echo str_repeat('zip ', 5000);", "gzip;q=0"),
    accepting("empty", "http_response_code(204);"),
    accepting("own length", "header('Content-Length: 3'); echo 'abc';"),
    accepting("own encoding", "header('Content-Encoding: x'); echo 'abc';"),
    accepting("flushed", "echo 'a'; ob_flush(); flush(); echo 'b';"),
    accepting("switched off", "ini_set('zlib.output_compression', 'off'); echo 'abc';"),
    accepting("switched off too late",
              "echo 'a'; flush(); var_dump(ini_set('zlib.output_compression', 'off'));"),
    accepting("not modified", "http_response_code(304);"),
    accepting("a fatal error", "echo 'a'; no_such_function();"),
    accepting("levels", "echo ob_get_level(), json_encode(ob_list_handlers());"),
    accepting("exit", "exit('leaving');"),
    plain("no word of encodings", "echo str_repeat('zip ', 5000);"),
};

TEST(Buffers, Compressed) {
    compare({.pool = {{"php_flag[zlib.output_compression]", "on"}}, .cases = kCompressed});
}

TEST(Buffers, ByDefault) {
    const std::vector<Case> cases = {
        plain("late header", "echo 'x'; header('X-Late: 1'); var_dump(headers_sent(), ob_get_level());"),
        plain("longer than the buffer", "echo str_repeat('x', 5000); header('X-Late: 1');"),
        plain("flush", "echo 'x'; flush(); header('X-Late: 1'); var_dump(headers_sent());"),
        plain("both flushes", "echo 'x'; ob_flush(); flush(); var_dump(headers_sent());"),
        plain("cleaned", "echo 'x'; while (ob_get_level()) ob_end_clean(); echo 'y';"),
        plain("an error", "echo 'x'; no_such_function();"),
        plain("finished", "echo 'x'; fastcgi_finish_request(); echo 'y'; var_dump(ob_get_level());"),
        plain("handlers", "print_r(ob_list_handlers());"),
    };
    compare({.pool = {{"php_value[output_buffering]", "4096"}, {"php_flag[display_errors]", "on"}},
             .cases = cases});
    compare({.pool = {{"php_flag[output_buffering]", "on"}, {"php_value[output_handler]", "strrev"}},
             .cases = cases});
    compare({.pool = {{"php_flag[implicit_flush]", "on"}}, .cases = cases});
}

}  // namespace
}  // namespace phalanx::compat
