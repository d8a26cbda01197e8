#include <gtest/gtest.h>

#include "site.hpp"

namespace phalanx::php {
namespace {

class IsolationTest : public PhpTest {};

TEST_F(IsolationTest, IniChangesEnd) {
    run("<?php ini_set('memory_limit', '20M'); ini_set('user_agent', 'x'); error_reporting(0); "
        "set_time_limit(5);");
    EXPECT_EQ(run("<?php echo ini_get('memory_limit'), ini_get('user_agent'), error_reporting();").body,
              "32M32767");
}

TEST_F(IsolationTest, HeadersEnd) {
    run("<?php header('X-A: 1'); http_response_code(404);");
    EXPECT_EQ(run("").head, "Content-type: text/html; charset=UTF-8\r\n\r\n");
}

TEST_F(IsolationTest, AuthorizationEnds) {
    run("x", {{"HTTP_AUTHORIZATION", "Basic dTpwOnE="}});
    const MemoryPort port = run("<?php echo isset($_SERVER['PHP_AUTH_USER']) ? 'leak' : 'clean';");
    EXPECT_EQ(port.body, "clean");
    EXPECT_EQ(port.seen_user, "");
}

TEST_F(IsolationTest, VariablesAndEnvironmentEnd) {
    run("<?php putenv('LEAK=1'); setlocale(LC_ALL, 'C.UTF-8'); umask(0); $GLOBALS['leak'] = 1; "
        "define('LEAK', 1);",
        {{"HTTP_COOKIE", "leak=1"}, {"QUERY_STRING", "leak=1"}});
    EXPECT_EQ(
        run("<?php echo getenv('LEAK') ?: '-', isset($leak) ? 'leak' : '-', defined('LEAK') ? 'leak' : '-',"
            "count($_COOKIE), count($_GET), umask() === 0 ? 'leak' : '-';")
            .body,
        "---00-");
}

TEST_F(IsolationTest, RelativePathsStartAtTheWorkersDirectory) {
    run("<?php register_shutdown_function(function () { chdir('/'); });");
    MemoryPort port(get({{"SCRIPT_FILENAME", "no-such-directory/x.php"}}));
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "File not found.\n");
    EXPECT_NE(std::filesystem::current_path(), "/");
}

TEST_F(IsolationTest, AFailedRequestLeavesNothingBehind) {
    const std::string form = "a=1";
    run("<?php ob_start(); echo 'buffered'; ini_set('user_agent', 'x'); $a = str_repeat('x', 64 << 20);",
        {{"REQUEST_METHOD", "POST"},
         {"CONTENT_TYPE", "application/x-www-form-urlencoded"},
         {"CONTENT_LENGTH", "3"}},
        form);
    EXPECT_EQ(run("<?php echo count($_POST), ini_get('user_agent'), ob_get_level();").body, "00");
}

TEST_F(IsolationTest, MemoryStaysLevelOverManyRequests) {
    const std::string path = site_.write("m.php", "<?php $a = range(1, 1000); echo memory_get_usage();");
    std::string first, last;
    for (int i = 0; i < 200; ++i) {
        MemoryPort port(get({{"SCRIPT_FILENAME", path}, {"PHP_VALUE", "user_agent=x"}}));
        ASSERT_EQ(serve(port), RequestOutcome::served);
        if (i == 20) first = port.body;
        last = port.body;
    }
    EXPECT_EQ(first, last);
}

}  // namespace
}  // namespace phalanx::php
