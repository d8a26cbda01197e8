#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

/// Everything a script sees, in order, without what is different each time or Phalanx's own.
constexpr const char* kDump =
    "<?php foreach ($_SERVER as $k => $v) if (strncmp($k, 'REQUEST_TIME', 12) && $k !== 'PHALANX_QUEUE_USEC')"
    " echo $k, '=', print_r($v, true), \"\\n\";";

TEST(Environment, ServerVariables) {
    compare({.pool = {{"env[FIRST]", "one"}, {"env[SECOND]", "two"}},
             .cases = {
                 {"all of them", kDump},
                 {"basic password", kDump, "", "GET", {{"HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNzOndvcmQ="}}},
                 {"basic in capitals", kDump, "", "GET", {{"HTTP_AUTHORIZATION", "BASIC dXNlcjpwYXNz"}}},
                 {"broken basic", kDump, "", "GET", {{"HTTP_AUTHORIZATION", "Basic !!!"}}},
                 {"digest", kDump, "", "GET", {{"HTTP_AUTHORIZATION", "Digest username=\"x\""}}},
                 {"bearer", kDump, "", "GET", {{"HTTP_AUTHORIZATION", "Bearer token"}}},
                 {"httpoxy",
                  "<?php var_dump(getenv('HTTP_PROXY'), isset($_SERVER['HTTP_PROXY']));",
                  "",
                  "GET",
                  {{"HTTP_PROXY", "http://evil"}}},
                 {"a value with every byte", kDump, "", "GET", {{"HTTP_X", "a\x01\x7f\xff b"}}},
                 {"a value with a zero byte", kDump, "", "GET", {{"HTTP_X", std::string("a\0b", 3)}}},
                 {"odd names", kDump, "", "GET", {{"X.Y", "1"}, {"X Y", "2"}, {"X[Y]", "3"}, {"", "4"}}},
                 {"a long value",
                  "<?php echo strlen($_SERVER['HTTP_X']);",
                  "",
                  "GET",
                  {{"HTTP_X", std::string(20'000, 'v')}}},
                 {"names like the pool's",
                  kDump,
                  "",
                  "GET",
                  {{"FIRST", "mine"}, {"USER", "me"}, {"PHP_SELF", "self"}}},
                 {"order of $_ENV",
                  "<?php ini_set('variables_order', 'E'); unset($_ENV['PHALANX_QUEUE_USEC']); "
                  "print_r(array_keys($_ENV));"},
                 {"getenv",
                  "<?php var_dump(getenv('FIRST'), getenv('REQUEST_URI'), getenv('NONE'), count(getenv()) > "
                  "10);"},
                 {"putenv", "<?php putenv('MADE=1'); var_dump(getenv('MADE'), getenv('MADE', true));"},
                 {"https", kDump, "", "GET", {{"HTTPS", "on"}, {"SERVER_PORT", "443"}}},
                 {"argv", "<?php var_dump($_SERVER['argv'] ?? null, $_SERVER['argc'] ?? null);", "?a+b"},
             }});
}

TEST(Environment, Headers) {
    constexpr const char* kHeaders = "<?php foreach (getallheaders() as $k => $v) echo \"$k: $v\\n\";";
    compare(
        {.cases = {
             {"usual ones", kHeaders, "", "GET", {{"HTTP_ACCEPT_LANGUAGE", "en"}, {"HTTP_X_FOO_bar", "1"}}},
             {"of a form", kHeaders, "", "POST", {}, "a=b"},
             {"odd ones",
              kHeaders,
              "",
              "GET",
              {{"HTTP_", "bare"}, {"HTTP__X", "2"}, {"CONTENT_MD5", "3"}, {"HTTPX", "4"}}},
             {"same function", "<?php var_dump(apache_request_headers() === getallheaders());"},
         }});
}

TEST(Environment, SettingsInTheRequest) {
    constexpr const char* kAsk =
        "<?php var_dump(ini_get('memory_limit'), ini_get('precision'), ini_get('file_uploads'));";
    // One request per worker: php-fpm lets such settings live on in the worker, Phalanx ends them with the
    // request.
    compare(
        {.pool = {{"php_admin_value[memory_limit]", "64M"},
                  {"php_value[precision]", "9"},
                  {"pm.max_requests", "1"}},
         .cases =
             {
                 {"none", kAsk},
                 {"value", kAsk, "", "GET", {{"PHP_VALUE", "precision=3\nmemory_limit = \"32M\""}}},
                 {"admin value", kAsk, "", "GET", {{"PHP_ADMIN_VALUE", "file_uploads=0"}}},
                 {"unknown", kAsk, "", "GET", {{"PHP_VALUE", "no.such.entry=1"}}},
                 {"an array", kAsk, "", "GET", {{"PHP_VALUE", "x[]=1"}}},
                 {"a section", kAsk, "", "GET", {{"PHP_VALUE", "[x]\nprecision=2"}}},
                 {"a name alone at the end", kAsk, "", "GET", {{"PHP_VALUE", "precision=3\nmemory_limit"}}},
                 {"a comment at the end", kAsk, "", "GET", {{"PHP_VALUE", "precision=;"}}},
                 {"quotes that stay open", kAsk, "", "GET", {{"PHP_VALUE", "precision=\"5"}}},
                 {"brackets alone", kAsk, "", "GET", {{"PHP_VALUE", "precision[]"}}},
                 {"a value that is not taken", kAsk, "", "GET", {{"PHP_VALUE", "memory_limit=1"}}},
                 {"an empty one", kAsk, "", "GET", {{"PHP_ADMIN_VALUE", "include_path="}}},
                 {"an extension that is there", kAsk, "", "GET", {{"PHP_VALUE", "extension=ctype"}}},
                 {"a system entry as a value", kAsk, "", "GET", {{"PHP_VALUE", "file_uploads=1"}}},
             },
         .masks = {{"CONNECTION", "connection (kept|closed)"}},
         .log = Log::Ignore});
}

TEST(Environment, UserIniFiles) {
    compare({.scripts = {{".user.ini", "precision = 4\n"},
                         {"sub/.user.ini", "memory_limit = 40M\n"},
                         {"ask.php", "<?php echo ini_get('precision'), ini_get('memory_limit');"},
                         {"sub/ask.php", "<?php echo ini_get('precision'), ini_get('memory_limit');"}},
             .cases = {{"at the root", "", "/ask.php"},
                       {"below", "", "/sub/ask.php"},
                       {"root below", "", "/sub/ask.php", "GET", {{"DOCUMENT_ROOT", "{root}/sub"}}},
                       {"no root", "", "/sub/ask.php", "GET", {{"DOCUMENT_ROOT", std::nullopt}}},
                       {"another root", "", "/sub/ask.php", "GET", {{"DOCUMENT_ROOT", "/var/empty"}}}}});
}

}  // namespace
}  // namespace phalanx::compat
