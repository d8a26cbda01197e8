#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

constexpr const char* kSuperglobals =
    "<?php foreach (['_GET', '_POST', '_COOKIE', '_REQUEST'] as $n) { echo $n, json_encode($GLOBALS[$n] ?? "
    "null), "
    "\"\\n\"; } var_dump(isset($_SERVER['REQUEST_URI']), isset($_ENV['REQUEST_URI']), isset($_ENV['HOME']), "
    "isset($_SERVER['HOME']), isset($_SERVER['PHP_SELF']), isset($_SERVER['REQUEST_TIME_FLOAT']));";

Case everything(std::string name, std::string code = kSuperglobals) {
    return {std::move(name), std::move(code), "?x=get&g=1", "POST", {{"HTTP_COOKIE", "x=cookie; c=1"}},
            "x=post&p=1"};
}

Case cookie(std::string name, std::string value) {
    return {std::move(name), "<?php var_dump($_COOKIE);", "", "GET", {{"HTTP_COOKIE", std::move(value)}}};
}

Case query(std::string name, std::string text) {
    return {std::move(name), "<?php var_dump($_GET, $_SERVER['QUERY_STRING'], $_SERVER['argv'] ?? null);",
            "?" + std::move(text)};
}

Case user(std::string name, std::string value) {
    return {std::move(name),
            "<?php foreach (['PHP_AUTH_USER', 'PHP_AUTH_PW', 'PHP_AUTH_DIGEST', 'AUTH_TYPE', 'REMOTE_USER', "
            "'HTTP_AUTHORIZATION'] as $k) echo $k, '=', json_encode($_SERVER[$k] ?? null), \"\\n\";",
            "",
            "GET",
            {{"HTTP_AUTHORIZATION", std::move(value)}}};
}

TEST(Input, Cookies) {
    compare({.cases = {
                 cookie("empty", ""),
                 cookie("blanks", " ; ;;a=1;  b = 2 ;c"),
                 cookie("no value", "a=; b; =c"),
                 cookie("quotes", R"(a="b c"; d='e')"),
                 cookie("encoded", "a%20b=c%3Bd; e+f=g+h; i.j=1; k l=2"),
                 cookie("arrays", "a[]=1; a[]=2; b[x]=3; c[=4; d]=5"),
                 cookie("twice", "a=1; a=2; A=3"),
                 cookie("prefixes", "__Host-a=1; __Secure-b=2; __Host%2Dc=3; .d=4; _=5"),
                 cookie("odd bytes", "a=\xff\x01; b=\xc3\xa4; c=%00x"),
                 cookie("commas", "a=1, b=2; c=3,d=4"),
                 cookie("many equals", "a=b=c==; d==e"),
                 cookie("long", "a=" + std::string(20'000, 'c')),
             }});
}

TEST(Input, Queries) {
    compare({.cases = {
                 query("nothing", ""),
                 query("separators", "&&a=1&&b=2;c=3&"),
                 query("odd names", "a.b=1&c d=2&%20e=3&f%00g=4&[h]=5&i[=6&j[k=7&l[m]n=8"),
                 query("arrays", "a[]=1&a[]=2&a[5]=3&a[]=4&b[x][y][]=5&b=6&c[0x1]=7&c[-1]=8"),
                 query("broken codes", "a=%&b=%4&c=%zz&d=%41%"),
                 query("utf-8", "\xc3\xa4=\xc3\xb6&%C3%A4=%FF"),
                 query("words for argv", "one+two%20three+four"),
                 query("an equals sign in words", "one+a=b"),
                 query("globals", "GLOBALS[x]=1&_SERVER[a]=2&this=3&_GET=4"),
                 query("question marks", "a=1?b=2??"),
                 {"not the target's", "<?php var_dump($_GET);", "?a=1", "GET", {{"QUERY_STRING", "b=2"}}},
                 {"no query at all",
                  "<?php var_dump($_GET, $_SERVER['argc'] ?? null);",
                  "",
                  "GET",
                  {{"QUERY_STRING", std::nullopt}}},
             }});
}

TEST(Input, Users) {
    compare({.cases = {
                 user("no colon", "Basic dXNlcg=="),
                 user("no password", "Basic dXNlcjo="),
                 user("no user", "Basic OnBhc3M="),
                 user("only a colon", "Basic Og=="),
                 user("two blanks", "Basic  dXNlcjpwYXNz"),
                 user("a blank before", " Basic dXNlcjpwYXNz"),
                 user("no padding", "Basic dXNlcjpwYXM"),
                 user("a zero byte inside", "Basic dQBzZXI6cAB3"),
                 user("utf-8", "Basic w6Q6w7Y="),
                 user("nothing behind", "Basic "),
                 user("a word alone", "Basic"),
                 user("empty", ""),
                 user("digest in capitals", "DIGEST username=\"x\", realm=\"y\""),
                 user("digest", "Digest username=\"x\", nonce=\"\\\"\""),
                 user("negotiate", "Negotiate abc"),
                 {"given by the server",
                  "<?php var_dump($_SERVER['PHP_AUTH_USER'], $_SERVER['REMOTE_USER']);",
                  "",
                  "GET",
                  {{"PHP_AUTH_USER", "u"}, {"REMOTE_USER", "r"}, {"AUTH_TYPE", "Basic"}}},
                 {"given twice",
                  "<?php var_dump($_SERVER['PHP_AUTH_USER']);",
                  "",
                  "GET",
                  {{"PHP_AUTH_USER", "u"}, {"HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"}}},
                 {"redirected",
                  "<?php var_dump($_SERVER['PHP_AUTH_USER'] ?? null);",
                  "",
                  "GET",
                  {{"REDIRECT_HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"}}},
                 {"nobody next", "<?php var_dump($_SERVER['PHP_AUTH_USER'] ?? null);"},
             }});
}

TEST(Input, Filters) {
    compare(
        {.cases = {
             everything("input", R"(<?php var_dump(filter_input(INPUT_GET, 'g', FILTER_VALIDATE_INT),
filter_input(INPUT_POST, 'x'), filter_input(INPUT_COOKIE, 'c'), filter_input(INPUT_SERVER, 'REQUEST_METHOD'),
filter_input(INPUT_SERVER, 'PHP_SELF'), filter_input(INPUT_SERVER, 'HTTP_PROXY'), filter_input(INPUT_ENV, 'HOME'),
filter_input(INPUT_GET, 'none'), filter_has_var(INPUT_SERVER, 'REQUEST_TIME'), filter_has_var(INPUT_ENV, 'USER'),
filter_input_array(INPUT_POST), filter_input(INPUT_SERVER, 'SCRIPT_NAME'), filter_input(INPUT_SERVER, 'FCGI_ROLE'));)"),
             everything("server, then environment",
                        "<?php echo count($_SERVER) - count($_ENV), json_encode(array_diff_key($_SERVER, "
                        "$_ENV)), implode(' ', array_keys($_ENV)); var_dump(filter_input(INPUT_ENV, 'USER'), "
                        "isset($_ENV['PHP_SELF']));"),
             everything("environment, then server",
                        "<?php echo count($_ENV) - count($_SERVER), implode(' ', array_keys($_ENV)), ' ', "
                        "implode(' ', array_keys($_SERVER)); var_dump(filter_input(INPUT_ENV, 'USER'), "
                        "filter_input(INPUT_SERVER, 'REQUEST_METHOD'));"),
             everything("changed globals",
                        "<?php $_GET['g'] = 2; unset($_POST); var_dump(filter_input(INPUT_GET, 'g'), "
                        "filter_input(INPUT_POST, 'x'));"),
             {.name = "httpoxy in headers",
              .code = "<?php print_r(getallheaders());",
              .params = {{"HTTP_PROXY", "http://evil"}},
              .differs = "HTTP_PROXY is hidden everywhere"},
             {"httpoxy",
              R"(<?php foreach (getallheaders() as $k => $v) if ($k !== 'Host') echo "$k=$v ";
var_dump($_SERVER['HTTP_PROXY'] ?? 0, $_ENV['HTTP_PROXY'] ?? 0, $_SERVER['HTTP_PROXY_X'], $_SERVER['http_proxy'] ?? 0);)",
              "",
              "GET",
              {{"HTTP_PROXY_X", "1"}, {"http_proxy", "2"}}},
         }});
}

TEST(Input, OrderOfVariables) {
    compare({.pool = {{"php_value[variables_order]", "EGPCS"},
                      {"php_value[request_order]", "CGP"},
                      {"php_admin_flag[auto_globals_jit]", "off"},
                      {"php_value[max_input_vars]", "5"},
                      {"php_value[max_input_nesting_level]", "2"},
                      {"php_flag[display_errors]", "on"}},
             .cases = {
                 everything("all"),
                 {"too many", "<?php echo count($_GET);", "?a=1&b=2&c=3&d=4&e=5&f=6&g=7"},
                 {"too many in a list", "<?php print_r($_GET);", "?a[]=1&a[]=2&a[]=3&a[]=4&a[]=5&a[]=6"},
                 {"too many posted", "<?php print_r($_POST);", "", "POST", {}, "a=1&b=2&c=3&d=4&e=5&f=6"},
                 {"too many cookies",
                  "<?php print_r($_COOKIE);",
                  "",
                  "GET",
                  {{"HTTP_COOKIE", "a=1;b=2;c=3;d=4;e=5;f=6"}}},
                 {"too deep", "<?php print_r($_GET);", "?a[b]=1&c[d][e]=2&f[g][h][i]=3"},
                 {"by names that are put together",
                  "<?php $n = '_SERVER'; var_dump(isset($$n), isset($GLOBALS['_ENV']['HOME']));"},
             }});
    compare({.pool = {{"php_value[variables_order]", "\"\""}, {"php_value[request_order]", "\"\""}},
             .cases = {everything("none of them"),
                       everything("counted",
                                  "<?php unset($_ENV['PHALANX_QUEUE_USEC'], $_SERVER['PHALANX_QUEUE_USEC']); "
                                  "echo count($_ENV), ' ', count($_SERVER);"),
                       everything("none but asked for",
                                  "<?php unset($_SERVER['PHALANX_QUEUE_USEC']); "
                                  "var_dump(isset($_SERVER['HOME']), count($_SERVER));"),
                       {"users",
                        "<?php var_dump($_SERVER['PHP_AUTH_USER'] ?? null);",
                        "",
                        "GET",
                        {{"HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"}}}}});
}

}  // namespace
}  // namespace phalanx::compat
