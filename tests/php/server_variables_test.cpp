#include <gtest/gtest.h>

#include "site.hpp"

namespace phalanx::php {
namespace {

class ServerVariablesTest : public PhpTest {};

TEST_F(ServerVariablesTest, ComeInPhpFpmsOrder) {
    const std::string path = site_.write("order.php", "<?php echo implode(',', array_keys($_SERVER));");
    MemoryPort port(
        {{"SCRIPT_FILENAME", path}, {"SCRIPT_NAME", "/order.php"}, {"B", "2"}, {"REQUEST_METHOD", "GET"}});
    EXPECT_EQ(serve(port), RequestOutcome::served);
    const std::string expected =
        "REQUEST_METHOD,B,SCRIPT_NAME,SCRIPT_FILENAME,FCGI_ROLE,PHP_SELF,REQUEST_TIME_FLOAT,REQUEST_TIME";
    ASSERT_GE(port.body.size(), expected.size());
    EXPECT_EQ(port.body.substr(port.body.size() - expected.size()), expected);
    EXPECT_NE(port.body.find("FROM_PROCESS,"), std::string::npos);
    EXPECT_LT(port.body.find("FROM_PROCESS,"), port.body.find("REQUEST_METHOD"));
}

TEST_F(ServerVariablesTest, AreWhatNginxSends) {
    const MemoryPort port =
        run("<?php foreach (['SCRIPT_NAME', 'PHP_SELF', 'DOCUMENT_ROOT', 'SERVER_SOFTWARE', 'FCGI_ROLE', "
            "'CONTENT_LENGTH']"
            " as $k) echo \"$k=$_SERVER[$k]\\n\";");
    const std::string script = port.begun_script.substr(site_.root().size());
    EXPECT_EQ(port.body, "SCRIPT_NAME=" + script + "\nPHP_SELF=" + script +
                             "\nDOCUMENT_ROOT=" + site_.root() +
                             "\nSERVER_SOFTWARE=nginx/1.22.1\nFCGI_ROLE=RESPONDER\nCONTENT_LENGTH=\n");
}

TEST_F(ServerVariablesTest, SplitThePathInfoOff) {
    const std::string path =
        site_.write("front.php", "<?php echo $_SERVER['PHP_SELF'], '|', $_SERVER['PATH_INFO'];");
    MemoryPort port(get({{"SCRIPT_FILENAME", path + "/a/b"},
                         {"SCRIPT_NAME", "/front.php/a/b"},
                         {"PATH_INFO", "/front.php/a/b"}}));
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "/front.php/a/b|/a/b");
    EXPECT_EQ(port.seen_uri, "/front.php");
}

TEST_F(ServerVariablesTest, HideTheProxyHeader) {
    const MemoryPort port =
        run("<?php echo isset($_SERVER['HTTP_PROXY']) ? 'server' : '-', getenv('HTTP_PROXY') ?: '-',"
            "isset(getenv()['HTTP_PROXY']) ? 'env' : '-', isset(getallheaders()['Proxy']) ? 'header' : '-';",
            {{"HTTP_PROXY", "evil"}});
    EXPECT_EQ(port.body, "----");
}

TEST_F(ServerVariablesTest, AnswerGetenvBeforeTheProcess) {
    const MemoryPort port =
        run("<?php echo getenv('FROM_PROCESS'), getenv('REMOTE_ADDR'), getenv()['REMOTE_PORT'], "
            "getenv('FCGI_ROLE');",
            {{"FROM_PROCESS", "request"}});
    EXPECT_EQ(port.body, "request127.0.0.14711RESPONDER");
    EXPECT_EQ(run("<?php echo getenv('FROM_PROCESS');").body, "process");
}

TEST_F(ServerVariablesTest, TellTheWaitInTheLineThatTheWorkerHasMeasured) {
    // What the worker has set comes first here and last there, before or after names that look the same.
    const std::string_view php =
        "<?php echo $_SERVER['PHALANX_QUEUE_USEC'], getenv('PHALANX_QUEUE_USEC'), "
        "getenv()['PHALANX_QUEUE_USEC'];";
    EXPECT_EQ(run(php, {{"PHALANX_QUEUE_USEC", "12"}, {"PHALANX.QUEUE USEC", "0"}}).body, "121212");
    EXPECT_EQ(run(php, {{"PHALANX.QUEUE_USEC", "0"}, {"PHALANX_QUEUE_USEC", "12"}}).body, "121212");
}

TEST_F(ServerVariablesTest, TakeBasicAuthorizationApart) {
    const std::string_view php =
        "<?php echo $_SERVER['PHP_AUTH_USER'] ?? '-', '|', $_SERVER['PHP_AUTH_PW'] ?? '-';";
    const MemoryPort port = run(php, {{"HTTP_AUTHORIZATION", "bAsIc dTpwOnE="}});
    EXPECT_EQ(port.body, "u|p:q");
    EXPECT_EQ(port.seen_user, "u");
    EXPECT_EQ(run(php, {{"HTTP_AUTHORIZATION", "Bearer dTpwOnE="}}).body, "-|-");
    EXPECT_EQ(run(php).body, "-|-");
}

TEST_F(ServerVariablesTest, GiveTheDigestAsItIs) {
    EXPECT_EQ(run("<?php echo $_SERVER['PHP_AUTH_DIGEST'];", {{"HTTP_AUTHORIZATION", "Digest a=\"b\""}}).body,
              "a=\"b\"");
}

TEST_F(ServerVariablesTest, AreThereForManyParameters) {
    Pairs many;
    for (int i = 0; i < 2000; ++i) many.emplace_back("HTTP_X_" + std::to_string(i), std::string(100, 'v'));
    EXPECT_EQ(run("<?php echo strlen($_SERVER['HTTP_X_1999']);", many).body, "100");
}

}  // namespace
}  // namespace phalanx::php
