#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "site.hpp"

namespace phalanx::php {
namespace {

class RequestTest : public PhpTest {};

TEST_F(RequestTest, AnswersHello) {
    const MemoryPort port = run("hello");
    EXPECT_EQ(outcome_, RequestOutcome::served);
    EXPECT_EQ(port.head, "Content-type: text/html; charset=UTF-8\r\n\r\n");
    EXPECT_EQ(port.body, "hello");
    EXPECT_EQ(port.ends, 1);
    EXPECT_EQ(port.response_code, 200);
    EXPECT_GT(port.memory_peak, 0U);
    EXPECT_EQ(port.begun_script.substr(0, site_.root().size()), site_.root());
}

TEST_F(RequestTest, GivesRootUpOnce) {
    EXPECT_EQ(root_given_up(), 1);
}

TEST_F(RequestTest, SplitsTheQuery) {
    const MemoryPort port =
        run("<?php echo $_GET['a'], $_GET['b'][0];", {{"QUERY_STRING", "a=1&b%5B%5D=2+3"}});
    EXPECT_EQ(port.body, "12 3");
}

TEST_F(RequestTest, ReadsAForm) {
    const std::string form = "a=1&b=hello+world";
    const MemoryPort port = run("<?php echo $_POST['a'], $_POST['b'];",
                                {{"REQUEST_METHOD", "POST"},
                                 {"CONTENT_TYPE", "application/x-www-form-urlencoded"},
                                 {"CONTENT_LENGTH", std::to_string(form.size())}},
                                form);
    EXPECT_EQ(port.body, "1hello world");
}

TEST_F(RequestTest, ReadsAnUpload) {
    const std::string form =
        "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n\r\ncontent\r\n--XX--\r\n";
    const MemoryPort port =
        run("<?php echo $_FILES['f']['name'], file_get_contents($_FILES['f']['tmp_name']);",
            {{"REQUEST_METHOD", "POST"},
             {"CONTENT_TYPE", "multipart/form-data; boundary=XX"},
             {"CONTENT_LENGTH", std::to_string(form.size())}},
            form);
    EXPECT_EQ(port.body, "n.txtcontent");
}

TEST_F(RequestTest, ReadsARawBodyUpToItsLength) {
    const MemoryPort port =
        run("<?php echo json_decode(file_get_contents('php://input'))->a;",
            {{"REQUEST_METHOD", "PUT"}, {"CONTENT_TYPE", "application/json"}, {"CONTENT_LENGTH", "9"}},
            "{\"a\":\"x\"}surplus");
    EXPECT_EQ(port.body, "x");
    EXPECT_EQ(port.body_read, 9U);
}

TEST_F(RequestTest, TakesNoBodyWithoutALength) {
    for (const char* length : {"", "-5", "many"}) {
        const MemoryPort port = run(
            "<?php echo strlen(file_get_contents('php://input'));",
            {{"REQUEST_METHOD", "POST"}, {"CONTENT_TYPE", "text/plain"}, {"CONTENT_LENGTH", length}}, "body");
        EXPECT_EQ(port.body, "0") << length;
    }
}

TEST_F(RequestTest, ReadsTheBodyFromAFile) {
    const Pairs pairs = {{"REQUEST_METHOD", "POST"},
                         {"CONTENT_TYPE", "text/plain"},
                         {"CONTENT_LENGTH", "4"},
                         {"REQUEST_BODY_FILE", site_.write("body", "filed body")}};
    const MemoryPort port = run("<?php echo file_get_contents('php://input');", pairs);
    EXPECT_EQ(port.body, "file");
    const MemoryPort missing =
        run("<?php echo strlen(file_get_contents('php://input'));", {{"REQUEST_METHOD", "POST"},
                                                                     {"CONTENT_TYPE", "text/plain"},
                                                                     {"CONTENT_LENGTH", "4"},
                                                                     {"REQUEST_BODY_FILE", "/nowhere"}});
    EXPECT_EQ(missing.body, "0");
    EXPECT_TRUE(missing.logged("REQUEST_BODY_FILE: open('/nowhere') failed: No such file or directory (2)"));
}

TEST_F(RequestTest, ReadsCookies) {
    EXPECT_EQ(run("<?php echo $_COOKIE['b'];", {{"HTTP_COOKIE", "a=1; b=two"}}).body, "two");
}

TEST_F(RequestTest, KeepsASession) {
    const MemoryPort first = run("<?php session_start(); $_SESSION['n'] = 41; echo session_id();");
    ASSERT_FALSE(first.body.empty());
    const MemoryPort second =
        run("<?php session_start(); echo ++$_SESSION['n'];", {{"HTTP_COOKIE", "PHPSESSID=" + first.body}});
    EXPECT_EQ(second.body, "42");
}

TEST_F(RequestTest, WritesALargeAnswer) {
    const MemoryPort port = run("<?php for ($i = 0; $i < 5; ++$i) echo str_repeat(chr(97 + $i), 1 << 20);");
    ASSERT_EQ(port.body.size(), 5U << 20);
    EXPECT_EQ(port.body[0], 'a');
    EXPECT_EQ(port.body.back(), 'e');
}

TEST_F(RequestTest, SaysNotFoundWithoutAScript) {
    for (const Pairs& pairs :
         {Pairs{{"SCRIPT_FILENAME", site_.root() + "/none.php"}},
          Pairs{{"SCRIPT_FILENAME", site_.root() + "/../" + site_.root() + "/index.php"}}}) {
        site_.write("index.php", "never");
        MemoryPort port(get(pairs));
        EXPECT_EQ(serve(port), RequestOutcome::served);
        EXPECT_EQ(port.head, "Status: 404 Not Found\r\nContent-type: text/html; charset=UTF-8\r\n\r\n");
        EXPECT_EQ(port.body, "File not found.\n");
        EXPECT_TRUE(port.logged("Primary script unknown"));
        EXPECT_EQ(port.last_level, MessageLevel::debug);
        EXPECT_TRUE(port.logged_to_web_server);
        EXPECT_EQ(port.ends, 1);
        EXPECT_EQ(port.response_code, 404);
    }
}

TEST_F(RequestTest, SaysNotFoundWhenNoScriptIsNamed) {
    MemoryPort port(Pairs{{"REQUEST_METHOD", "GET"}});
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "File not found.\n");
    EXPECT_EQ(port.seen_uri, "");
}

TEST_F(RequestTest, RefusesAnEmptyScriptName) {
    MemoryPort denied(get({{"SCRIPT_FILENAME", ""}}));
    EXPECT_EQ(serve(denied), RequestOutcome::served);
    EXPECT_EQ(denied.body, "Access denied.\n");
    policy_.limit_extensions.clear();
    MemoryPort unknown(get({{"SCRIPT_FILENAME", ""}}));
    EXPECT_EQ(serve(unknown), RequestOutcome::served);
    EXPECT_EQ(unknown.body, "File not found.\n");
}

TEST_F(RequestTest, RefusesOtherExtensions) {
    const std::string path = site_.write("evil.jpg", "<?php echo 'ran';");
    MemoryPort port(get({{"SCRIPT_FILENAME", path}}));
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.head.substr(0, port.head.find('\r')), "Status: 403 Forbidden");
    EXPECT_EQ(port.body, "Access denied.\n");
    EXPECT_TRUE(
        port.logged("Access to the script '" + path + "' has been denied (see security.limit_extensions)"));
    EXPECT_EQ(port.last_level, MessageLevel::notice);
    EXPECT_TRUE(port.begun_script.empty());
    policy_.limit_extensions.clear();
    MemoryPort allowed(get({{"SCRIPT_FILENAME", path}}));
    EXPECT_EQ(serve(allowed), RequestOutcome::served);
    EXPECT_EQ(allowed.body, "ran");
}

TEST_F(RequestTest, RefusesADirectory) {
    site_.write("dir.php/inner", "");
    MemoryPort port(get({{"SCRIPT_FILENAME", site_.root() + "/dir.php"}}));
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "No input file specified.\n");
    EXPECT_EQ(port.response_code, 404);
    EXPECT_TRUE(port.logged("Unable to open primary script: " + site_.root() + "/dir.php ("));
    EXPECT_EQ(port.last_level, MessageLevel::error);
}

TEST_F(RequestTest, RefusesAnUnreadableScript) {
    const std::string path = site_.write("secret.php", "secret");
    chmod(path.c_str(), 0);
    chmod(site_.root().c_str(), 0755);
    // Root may read everything, so somebody else asks.
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(2);
        MemoryPort port(get({{"SCRIPT_FILENAME", path}}));
        const bool served = serve(port) == RequestOutcome::served;
        const bool logged = port.logged("Unable to open primary script: " + path + " (Permission denied)");
        _exit(served && logged && port.response_code == 403 && port.body == "Access denied.\n" ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(RequestTest, GivesAHeadAloneWithoutAMethod) {
    const std::string path = site_.write("index.php", "never");
    MemoryPort port(Pairs{{"SCRIPT_FILENAME", path}});
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.head, "Content-type: text/html; charset=UTF-8\r\n\r\n");
    EXPECT_EQ(port.body, "");
    EXPECT_EQ(port.ends, 1);
}

TEST_F(RequestTest, LeavesOurPagesToThePort) {
    MemoryPort port(get({{"SCRIPT_NAME", "/our-own-page"}, {"HTTP_AUTHORIZATION", "Basic dXNlcjpwdw=="}}));
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.head + port.body, "");
    EXPECT_EQ(port.ends, 0);
    EXPECT_EQ(run("<?php echo isset($_SERVER['PHP_AUTH_USER']) ? 'leak' : 'clean';").body, "clean");
}

TEST_F(RequestTest, AnswersAFatalErrorWith500) {
    const MemoryPort port = run("<?php undefined_function();");
    EXPECT_EQ(outcome_, RequestOutcome::served);
    EXPECT_EQ(port.head.substr(0, port.head.find('\r')), "Status: 500 Internal Server Error");
    EXPECT_TRUE(port.logged("PHP message: PHP Fatal error:  Uncaught Error: Call to undefined function"));
    EXPECT_EQ(port.last_level, MessageLevel::notice);
    EXPECT_EQ(port.response_code, 500);
    EXPECT_EQ(run("still here").body, "still here");
}

TEST_F(RequestTest, AnswersAParseErrorWith500) {
    EXPECT_EQ(run("<?php if (").response_code, 500);
}

TEST_F(RequestTest, SurvivesTheMemoryLimit) {
    const MemoryPort port = run("<?php $a = str_repeat('x', 64 << 20);");
    EXPECT_EQ(port.response_code, 500);
    EXPECT_TRUE(port.logged("Allowed memory size of 33554432 bytes exhausted"));
    EXPECT_EQ(run("next").body, "next");
}

TEST_F(RequestTest, EndsByExit) {
    const MemoryPort port = run("<?php function f() { exit('bye'); } f(); echo 'never';");
    EXPECT_EQ(port.body, "bye");
    EXPECT_EQ(outcome_, RequestOutcome::served);
}

TEST_F(RequestTest, RunsShutdownFunctionsAndDestructors) {
    const MemoryPort port =
        run("<?php class D { function __destruct() { echo 'destroyed'; } } $d = new D;"
            "register_shutdown_function(function () { echo 'shutdown,'; }); echo 'script,';");
    EXPECT_EQ(port.body, "script,shutdown,destroyed");
}

TEST_F(RequestTest, TellsTheAccessLogBeforeShutdownFunctions) {
    const MemoryPort port =
        run("<?php header('X-Access: early'); register_shutdown_function(function () { "
            "http_response_code(503); });");
    EXPECT_EQ(port.response_code, 200);
    EXPECT_EQ(port.access_header, "early");
    EXPECT_EQ(port.head.substr(0, port.head.find('\r')), "Status: 503 Service Unavailable");
}

TEST_F(RequestTest, StopsWhenTheClientIsGone) {
    const std::string mark = site_.root() + "/mark";
    const std::string path =
        site_.write("gone.php", "<?php register_shutdown_function(function () { file_put_contents('" + mark +
                                    "', connection_status()); }); echo 'x'; flush(); file_put_contents('" +
                                    mark + "', 'went on');");
    MemoryPort port(get({{"SCRIPT_FILENAME", path}}));
    port.client_gone = true;
    EXPECT_EQ(serve(port), RequestOutcome::served);
    MemoryPort reader(get({{"SCRIPT_FILENAME", site_.write("read.php", "<?php readfile('" + mark + "');")}}));
    EXPECT_EQ(serve(reader), RequestOutcome::served);
    EXPECT_EQ(reader.body, "1");
}

TEST_F(RequestTest, GoesOnWithoutTheClientWhereTheScriptWantsTo) {
    const std::string path = site_.write("on.php",
                                         "<?php ignore_user_abort(true); echo 'x'; flush(); echo 'y';"
                                         "file_put_contents(__DIR__ . '/on', 'went on');");
    MemoryPort port(get({{"SCRIPT_FILENAME", path}}));
    port.client_gone = true;
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_TRUE(std::filesystem::exists(site_.root() + "/on"));
}

TEST_F(RequestTest, FlushesWhatWasWrittenAndNoHeadAlone) {
    const MemoryPort port = run("<?php flush(); echo 'a'; flush(); echo 'b';");
    // The first has nothing to send and asks only whether the client is there.
    EXPECT_EQ(port.flushed_at, (std::vector<std::size_t>{0, port.head.size() + 1}));
}

TEST_F(RequestTest, RunsTheScriptInItsDirectory) {
    const MemoryPort port = run(
        "<?php register_shutdown_function(function () { echo '|', getcwd(); }); echo getcwd(); chdir('/');");
    EXPECT_EQ(port.body, std::filesystem::canonical(site_.root()).string() + "|" +
                             std::filesystem::current_path().string());
}

TEST_F(RequestTest, FindsOpcacheAtWork) {
    const MemoryPort port = run("<?php echo opcache_get_status()['opcache_enabled'] ? 'on' : 'off';");
    EXPECT_EQ(port.body, "on");
}

}  // namespace
}  // namespace phalanx::php
