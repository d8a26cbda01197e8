#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

const std::vector<Case> kErrors = {
    {"an unknown function", "<?php no_such_function();"},
    {"an uncaught exception", "<?php throw new RuntimeException('thrown');"},
    {"a syntax error", "<?php if ("},
    {"a warning", "<?php echo 'a'; echo $undefined; echo 'b';"},
    {"a deprecation", "<?php echo strlen(null);"},
    {"an own error", "<?php trigger_error('own', E_USER_ERROR); echo 'not reached';"},
    {"one log line", "<?php error_log('E1'); echo 'x';"},
    {"several log lines", "<?php error_log('E1'); error_log(\"E2\\nline2\"); echo $w; echo 'x';"},
    {"a log line, output, a log line",
     "<?php error_log('E1'); echo 'x'; flush(); error_log('E2'); echo 'y';"},
    {"a log line after the end", "<?php fastcgi_finish_request(); error_log('late');"},
    {"a very long log line", "<?php error_log(str_repeat('l', 5000)); echo 'x';"},
    {"stderr by hand",
     "<?php $f = fopen('php://stderr', 'w'); fwrite($f, \"by hand\\n\"); fclose($f); echo 'x';"},
    {"stdout by hand", "<?php file_put_contents('php://stdout', \"by hand\\n\"); echo 'x';"},
    {"too much memory", "<?php ini_set('memory_limit', '8M'); echo 'x'; str_repeat('x', 64 << 20);"},
    {"too deep", "<?php ini_set('memory_limit', '8M'); function f() { return f() + 1; } f();"},
    {"a failing require", "<?php require 'nowhere.inc';"},
    {"an exception in a shutdown function",
     "<?php register_shutdown_function(function () { throw new Exception('s'); });"},
    {"an error after output", "<?php echo str_repeat('o', 20000); no_such_function();"},
    {"an error in a destructor",
     "<?php class D { function __destruct() { throw new Exception('d'); } } $d = new D;"},
};

const std::vector<Mask> kNumbers = {{"BYTES", "[0-9]{6,}"}};

TEST(Errors, Shown) {
    compare({.pool = {{"php_flag[display_errors]", "on"}, {"php_flag[log_errors]", "off"}},
             .cases = kErrors,
             .masks = kNumbers});
}

TEST(Errors, Logged) {
    compare({.pool = {{"php_flag[display_errors]", "off"}, {"php_flag[log_errors]", "on"}},
             .cases = kErrors,
             .masks = kNumbers});
}

TEST(Errors, LoggedAndCaught) {
    compare({.pool = {{"php_flag[display_errors]", "off"},
                      {"php_flag[log_errors]", "on"},
                      {"catch_workers_output", "yes"}},
             .cases = kErrors,
             .masks = kNumbers});
}

TEST(Errors, CaughtWithoutDecoration) {
    compare({.pool = {{"php_flag[log_errors]", "on"},
                      {"php_flag[display_errors]", "off"},
                      {"catch_workers_output", "yes"},
                      {"decorate_workers_output", "no"}},
             .cases = kErrors,
             .masks = kNumbers});
}

TEST(Errors, NotSentToTheWebServer) {
    compare({.pool = {{"php_flag[log_errors]", "on"},
                      {"php_flag[display_errors]", "off"},
                      {"php_admin_flag[fastcgi.logging]", "off"}},
             .cases = kErrors,
             .masks = kNumbers});
}

TEST(Errors, WithAnErrorHeader) {
    compare({.pool = {{"php_admin_value[fastcgi.error_header]", "\"HTTP/1.1 550 Server Made Big Boo\""},
                      {"php_flag[display_errors]", "off"}},
             .cases = {{"fatal", "<?php no_such_function();"},
                       {"exit 255", "<?php exit(255);"},
                       {"exit 1", "<?php exit(1);"},
                       {"after output", "<?php echo 'x'; flush(); exit(255);"},
                       {"fine", "<?php echo 'x';"}}});
}

TEST(Errors, AnErrorHeaderIsOfOneRequest) {
    compare({.pool = {{"php_admin_value[fastcgi.error_header]", "\"HTTP/1.1 550 Server Made Big Boo\""},
                      {"php_admin_value[output_buffering]", "4096"},
                      {"php_flag[display_errors]", "off"},
                      {"pm", "static"},
                      {"pm.max_children", "1"}},
             .cases = {{"fatal", "<?php no_such_function();"}, {"fine", "<?php echo 'x';"}}});
}

TEST(Errors, ScriptsThatAreRefused) {
    compare({.scripts = {{"page.php", "<?php echo 'page';"},
                         {"page.inc", "<?php echo 'inc';"},
                         {"page.PHP", "<?php echo 'upper';"},
                         {"folder/index.php", "<?php echo 'index';"},
                         {"odd name äöü.php", "<?php echo basename(__FILE__);"},
                         {".php", "<?php echo 'no name';"}},
             .cases = {
                 {"missing", "", "/missing.php"},
                 {"missing folder", "", "/nowhere/missing.php"},
                 {"another extension", "", "/page.inc"},
                 {"upper case", "", "/page.PHP"},
                 {"path behind another extension", "", "/page.inc/x.php"},
                 {"a folder", "", "/folder"},
                 {"a folder with slash", "", "/folder/"},
                 {"climbing", "", "/folder/../page.php"},
                 {"climbing at the end", "", "/page.php/.."},
                 {"dots that do not climb", "", "/a..b.php"},
                 {"odd name", "", "/odd name äöü.php"},
                 {"only an extension", "", "/.php"},
                 {"empty file name", "", "/page.php", "GET", {{"SCRIPT_FILENAME", ""}}},
                 {"no file name", "", "/page.php", "GET", {{"SCRIPT_FILENAME", std::nullopt}}},
                 {"file name by translated path",
                  "",
                  "/page.php",
                  "GET",
                  {{"SCRIPT_FILENAME", std::nullopt}, {"PATH_TRANSLATED", "{root}/page.php"}}},
                 {"relative file name", "", "/page.php", "GET", {{"SCRIPT_FILENAME", "page.php"}}},
                 {"a device", "", "/null", "GET", {{"SCRIPT_FILENAME", "/dev/null"}}},
                 {"missing, head", "", "/missing.php", "HEAD"},
                 {"still well", "", "/page.php"},
             }});
}

TEST(Errors, AnyExtensionIsAllowed) {
    compare({.pool = {{"security.limit_extensions", ""}},
             .scripts = {{"page.inc", "<?php echo 'inc';"}, {"noext", "<?php echo 'none';"}},
             .cases = {{"inc", "", "/page.inc"}, {"none", "", "/noext"}, {"missing", "", "/missing"}}});
}

TEST(Errors, OwnExtensionsAreAllowed) {
    compare({.pool = {{"security.limit_extensions", ".php5 inc"}},
             .scripts = {{"page.inc", "<?php echo 'inc';"},
                         {"page.php", "<?php echo 'x';"},
                         {"a.php5", "<?php echo 5;"}},
             .cases = {{"inc", "", "/page.inc"}, {"php", "", "/page.php"}, {"php5", "", "/a.php5"}}});
}

}  // namespace
}  // namespace phalanx::compat
