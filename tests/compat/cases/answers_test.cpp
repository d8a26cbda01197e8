#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

TEST(Answers, HeadsAndBodies) {
    compare({.cases = {
        {"plain", "<?php echo 'hello';"},
        {"nothing at all", "<?php"},
        {"text outside of php", "before <?= 1 + 1 ?> after\n"},
        {"an own header", "<?php header('X-Own: yes'); echo 1;"},
        {"the same header twice", "<?php header('X-A: 1'); header('X-A: 2', false); header('X-B: 1'); header('X-B: 2');"},
        {"a removed header", "<?php header_remove('X-Powered-By'); echo 1;"},
        {"an own content type", "<?php header('Content-Type: application/json'); echo '{}';"},
        {"a content type without charset", "<?php header('Content-type: text/plain'); echo 'x';"},
        {"cookies", "<?php setcookie('a', 'b c'); setrawcookie('d', 'e'); echo 1;"},
        {"a status by function", "<?php http_response_code(418); echo 'teapot';"},
        {"an unknown status", "<?php http_response_code(299); echo 'odd';"},
        {"a status line", "<?php header('HTTP/1.1 404 Nope'); echo 'x';"},
        {"a status line without words", "<?php header('HTTP/1.0 503'); echo 'x';"},
        {"an own Status header", "<?php header('X-1: a'); header('Status: 207 Many'); echo 'x';"},
        {"a redirect", "<?php header('Location: /elsewhere');"},
        {"a redirect with a status", "<?php header('Location: /elsewhere', true, 301);"},
        {"a demand for a password", "<?php header('WWW-Authenticate: Basic realm=x');"},
        {"304 has no content type", "<?php http_response_code(304);"},
        {"204", "<?php http_response_code(204);"},
        {"500 by hand", "<?php http_response_code(500); echo 'sorry';"},
        {"head", "<?php header('X-Own: yes'); echo 'not sent';", "", "HEAD"},
        {"options", "<?php echo $_SERVER['REQUEST_METHOD'];", "", "OPTIONS"},
        {"an invented method", "<?php echo $_SERVER['REQUEST_METHOD'];", "", "BREW"},
        {"no method", "<?php echo 'x';", "", "GET", {{"REQUEST_METHOD", std::nullopt}}},
        {"a long header", "<?php header('X-Long: ' . str_repeat('x', 9000)); echo 'y';"},
        {"100 headers", "<?php for ($i = 0; $i < 100; $i++) header(\"X-$i: $i\"); echo 'y';"},
        {"output in pieces", "<?php for ($i = 0; $i < 5; $i++) { echo $i; flush(); }"},
        {"200000 bytes", "<?php echo str_repeat('0123456789', 20000);"},
        {"bytes of every value", "<?php for ($i = 0; $i < 256; $i++) echo chr($i);"},
        {"output buffering", "<?php ob_start(); echo 'a'; header('X-Late: 1'); ob_end_flush(); echo 'b';"},
        {"shutdown function", "<?php register_shutdown_function(function () { echo ' bye'; }); echo 'hello';"},
        {"exit with a text", "<?php exit('leaving');"},
        {"exit with a code", "<?php echo 'x'; exit(255);"},
        {"finish, then go on", "<?php echo 'sent'; fastcgi_finish_request(); echo 'not sent'; header('X-Late: 1');"},
        {"finish twice", "<?php var_dump(fastcgi_finish_request()); fastcgi_finish_request();"},
        {"header callback", "<?php header_register_callback(function () { header('X-Called: yes'); }); echo 'x';"},
        {"headers already sent", "<?php echo 'x'; flush(); var_dump(headers_sent()); @header('X-Late: 1');"},
    }});
}

TEST(Answers, WhatTheClientSends) {
    compare({.scripts = {{"upload.php", "<?php foreach ($_FILES as $n => $f) echo $n, '=', $f['name'], ':', $f['size'], ':', "
                                        "md5_file($f['tmp_name']), \"\\n\"; var_dump($_POST);"}},
             .cases = {
        {"query", "<?php var_dump($_GET);", "?a=1&b[]=2&b[]=3&c%20d=%2B+x&e"},
        {"form", "<?php var_dump($_POST, file_get_contents('php://input'));", "", "POST", {}, "a=1&b=%41+c"},
        {"empty form", "<?php var_dump($_POST);", "", "POST", {}, ""},
        {"raw body", "<?php echo md5(file_get_contents('php://input'));", "", "PUT",
         {{"CONTENT_TYPE", "application/octet-stream"}}, std::string(100'000, 'q')},
        {"unread body", "<?php echo 'ignored';", "", "POST", {{"CONTENT_TYPE", "text/x"}}, std::string(50'000, 'q')},
        {"body without length", "<?php var_dump(file_get_contents('php://input'));", "", "POST",
         {{"CONTENT_LENGTH", std::nullopt}}, ""},
        {"cookies", "<?php var_dump($_COOKIE);", "", "GET", {{"HTTP_COOKIE", "a=1; b=2%203; c; a=4"}}},
        {"request order", "<?php var_dump($_REQUEST);", "?a=get&b=get", "POST", {}, "a=post&c=post"},
        {"one-byte body records", "<?php var_dump($_POST);", "", "POST", {}, "name=value", {.body = 1, .padding = 7}},
        {"small param records", "<?php var_dump($_GET, $_SERVER['DOCUMENT_URI']);", "?x=y", "GET", {}, {},
         {.params = 32, .padding = 3}},
        {"upload", "", "/upload.php", "POST", {{"CONTENT_TYPE", "multipart/form-data; boundary=XX"}},
         "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nfile "
         "body\r\n--XX\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\nvalue\r\n--XX--\r\n"},
        {"broken upload", "", "/upload.php", "POST", {{"CONTENT_TYPE", "multipart/form-data; boundary=XX"}},
         "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nno end"},
    }, .masks = {{"TEMP FILE", "/tmp/php[A-Za-z0-9]{6}"}}});
}

}  // namespace
}  // namespace phalanx::compat
