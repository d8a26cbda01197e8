#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

const std::vector<Case> kHeads = {
    plain("codes", "var_dump(http_response_code(), http_response_code(404), http_response_code());"),
    plain("a code of 0", "var_dump(http_response_code(0));"),
    plain("a code below 100", "var_dump(http_response_code(99)); header('X-A: 1');"),
    plain("a large code", "var_dump(http_response_code(100200));"),
    plain("a negative code", "var_dump(http_response_code(-1));"),
    plain("a code by header()", "header('X-A: 1', true, 503); var_dump(http_response_code());"),
    plain("an empty header with a code", "header('', true, 503);"),
    plain("an informal code", "http_response_code(103); echo 'body';"),
    plain("continue", "http_response_code(100); echo 'body';"),
    plain("204 with a body", "http_response_code(204); echo 'body';"),
    plain("304 with a body", "http_response_code(304); header('ETag: \"x\"'); echo 'body';"),
    plain("304 with a type", "header('Content-Type: text/x'); http_response_code(304);"),
    plain("205", "http_response_code(205);"),
    plain("a status line, code later", "header('HTTP/1.1 404 Nope'); http_response_code(500);"),
    plain("a code, status line later", "http_response_code(500); header('HTTP/1.1 404 Nope');"),
    plain("two status lines", "header('HTTP/1.1 404 A'); header('HTTP/2 410 B');"),
    plain("a status line without number", "header('HTTP/1.1');"),
    plain("a status line of a word", "header('HTTP/1.1 abc def');"),
    plain("a status line in small letters", "header('http/1.1 404 Small');"),
    plain("a status line with blanks", "header('HTTP/1.1   404   Wide   ');"),
    plain("a status line of HTTP/1.0", "header('HTTP/1.0 403 Old words');"),
    plain("a long status line", "header('HTTP/1.1 404 ' . str_repeat('w', 3000));"),
    plain("a Status header in small letters", "header('status: 404 Small');"),
    plain("a Status header without number", "header('Status: none');"),
    plain("two Status headers", "header('Status: 404 A', false); header('Status: 410 B', false);"),
    plain("a Status header and a code", "http_response_code(500); header('Status: 404 Mine');"),
    plain("a Status header of 200", "http_response_code(500); header('Status: 200 OK');"),
    plain("a Status header removed", "header('Status: 404 Mine'); header_remove('Status');"),
    plain("location and a code before", "http_response_code(201); header('Location: /x');"),
    plain("location and 303", "header('Location: /x', true, 303);"),
    plain("location, then a code", "header('Location: /x'); http_response_code(200);"),
    plain("an empty location", "header('Location:');"),
    plain("location in small letters", "header('location: http://h/?a=b c');"),
    plain("location removed", "header('Location: /x'); header_remove('Location');"),
    plain("refresh", "header('Refresh: 0; url=/x');"),
    plain("a password and a code", "header('WWW-Authenticate: Basic', true, 403);"),
    plain("a line feed", "header(\"X-A: 1\\nX-B: 2\"); echo 'x';"),
    plain("carriage return, line feed", "header(\"X-A: 1\\r\\nX-B: 2\"); echo 'x';"),
    plain("a carriage return", "header(\"X-A: 1\\rX-B: 2\"); echo 'x';"),
    plain("a folded line", "header(\"X-A: 1\\r\\n 2\"); echo 'x';"),
    plain("a zero byte", "header(\"X-A: 1\\0X-B: 2\"); echo 'x';"),
    plain("line ends behind", "header(\"X-A: 1\\r\\n\"); header(\"X-B: 2 \\t \"); echo 'x';"),
    plain("line feeds in a status line", "header(\"HTTP/1.1 404 A\\nX-B: 2\"); echo 'x';"),
    plain("bytes", "header(\"X-A: \\x01\\x7f\\xff\"); header(\"X-\\xc3\\xa4: 1\"); echo 'x';"),
    plain("no colon",
          "header('X-A'); header(':'); header(': x'); header('  X-B: 1'); header('X-C : 2'); echo 'x';"),
    plain("no value", "header('X-A:'); header('X-B: '); header('X-C:1'); echo 'x';"),
    plain("names in any case",
          "header('x-a: 1'); header('X-A: 2'); header('X-a: 3', false); print_r(headers_list());"),
    plain("removed",
          "header('X-A: 1'); header('X-A: 2', false); header('X-AB: 3'); header_remove('x-a'); "
          "print_r(headers_list());"),
    plain("all removed", "header('X-A: 1'); header_remove(); print_r(headers_list());"),
    plain("removed with a colon",
          "header('X-A: 1'); header_remove('X-A:'); header_remove(''); print_r(headers_list());"),
    plain("the type removed", "header_remove('Content-Type'); header_remove('Content-type'); echo 'x';"),
    plain("the type set and removed",
          "header('Content-Type: a/b'); header_remove('Content-Type'); echo 'x';"),
    plain("type without charset", "header('Content-Type: text/css'); echo 'x';"),
    plain("type with a charset", "header('Content-Type: text/css; charset=x'); echo 'x';"),
    plain("type in capitals", "header('CONTENT-TYPE: TEXT/HTML'); echo 'x';"),
    plain("an empty type", "header('Content-Type:'); echo 'x';"),
    plain("type twice", "header('Content-Type: a/b'); header('Content-Type: c/d', false); echo 'x';"),
    plain("own length", "header('Content-Length: 1'); echo 'longer';"),
    plain("own server's headers",
          "header('Date: x'); header('Server: y'); header('Connection: close'); "
          "header('Transfer-Encoding: chunked'); echo 'x';"),
    plain("x-sendfile", "header('X-Accel-Redirect: /x'); header('X-Sendfile: /y');"),
    plain("a callback that fails", "header_register_callback(function () { no_such(); }); echo 'x';"),
    plain("a callback that prints", "header_register_callback(function () { echo 'early'; }); echo 'x';"),
    plain("two callbacks",
          "header_register_callback(fn() => header('X-A: 1')); header_register_callback(fn() => "
          "header('X-B: 1')); echo 'x';"),
    plain("a callback that changes the status",
          "header_register_callback(function () { http_response_code(404); header_remove('X-Powered-By'); "
          "}); echo 1;"),
    plain("cookies with everything",
          "setcookie('a', 'b;c', ['expires' => 86400, 'path' => '/p', 'domain' => 'd.e', 'secure' => true, "
          "'httponly' => true, 'samesite' => 'Strict']); setcookie('k', '', 1); setcookie('l'); "
          "setrawcookie('m', "
          "'n%o'); setcookie('p', 'q', 0, '/', '', true, true);"),
    plain(
        "cookies that are refused",
        "foreach (['a=b', 'c;d', '', \"e\\n\"] as $n) try { var_dump(setcookie($n, 'x')); } catch (Error $e) "
        "{ echo "
        "$e->getMessage(), \"\\n\"; } try { setcookie('a', 'b', ['none' => 1]); } catch (Error $e) { echo "
        "$e->getMessage(); } try { setrawcookie('a', 'b c'); } catch (Error $e) { echo $e->getMessage(); }"),
    plain("the same cookie twice",
          "setcookie('a', '1'); setcookie('a', '2'); header('Set-Cookie: a=3', false);"),
    plain("links",
          "header('Link: </a.css>; rel=preload', false); header('Link: </b.js>; rel=preload', false);"),
    plain("a list before the end",
          "header('X-A: 1'); setcookie('a', 'b'); http_response_code(404); "
          "print_r(headers_list()); print_r(error_get_last());"),
    plain("head's body is not made up", "header('X-A: 1');"),
    {"head with a code", "<?php http_response_code(404); header('Content-Length: 9'); echo 'not sent';", "",
     "HEAD"},
    {"head and what goes on",
     "<?php echo 'x'; flush(); file_put_contents('php://stderr', ''); "
     "header('X-Late: 1'); echo connection_status();",
     "", "HEAD"},
};

TEST(Heads, AsScriptsMakeThem) {
    compare({.pool = {{"php_flag[display_errors]", "on"}}, .cases = kHeads});
}

TEST(Heads, WithLinesOfHttp) {
    std::vector<Case> cases(kHeads.begin(), kHeads.begin() + 30);
    compare({.pool = {{"php_value[cgi.rfc2616_headers]", "1"},
                      {"php_value[cgi.nph]", "1"},
                      {"php_admin_flag[expose_php]", "off"},
                      {"php_value[default_mimetype]", "text/plain"},
                      {"php_value[default_charset]", "\"\""}},
             .cases = cases});
    compare({.pool = {{"php_value[default_mimetype]", "\"\""}, {"php_value[cgi.nph]", "1"}},
             .cases = {plain("no type", "echo 'x';"),
                       plain("a text type", "header('Content-Type: text/x'); echo 1;")}});
}

}  // namespace
}  // namespace phalanx::compat
