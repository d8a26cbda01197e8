#include <gtest/gtest.h>

#include "site.hpp"

namespace phalanx::php {
namespace {

/// A body of which less arrives than CONTENT_LENGTH says.
class CutBodyTest : public PhpTest {
  protected:
    enum class Ending { cut, marked };

    /// A request with "a=1&b=2" of the ten bytes it promises; `leaves_trace` tells how far the script came.
    MemoryPort send_part(const std::string& php, const std::string& method, Ending ending,
                         const std::string& type = "application/x-www-form-urlencoded") {
        const std::string path = site_.write("index.php", php);
        MemoryPort port(get({{"SCRIPT_FILENAME", path},
                             {"REQUEST_METHOD", method},
                             {"CONTENT_TYPE", type},
                             {"CONTENT_LENGTH", "10"}}),
                        "a=1&b=2");
        port.breaks_off = ending == Ending::cut;
        outcome_ = serve(port);
        return port;
    }
};

TEST_F(CutBodyTest, NeverBecomesAForm) {
    const MemoryPort port = send_part("<?php echo 'ran with ', count($_POST);", "POST", Ending::cut);
    EXPECT_EQ(outcome_, RequestOutcome::served);
    EXPECT_TRUE(port.has_head_line("Status: 400 Bad Request")) << port.head;
    EXPECT_EQ(port.body, "Bad Request.\n");
    EXPECT_EQ(port.response_code, 400);
    EXPECT_TRUE(port.logged("The request's body ended early, its script is not run"));
}

TEST_F(CutBodyTest, NeverBecomesAnUpload) {
    const MemoryPort port =
        send_part("<?php echo 'ran';", "POST", Ending::cut, "multipart/form-data; boundary=XX");
    EXPECT_EQ(port.body, "Bad Request.\n");
}

TEST_F(CutBodyTest, NeverBecomesARawBodyReadBeforehand) {
    const MemoryPort port = send_part("<?php echo 'ran';", "POST", Ending::cut, "application/json");
    EXPECT_EQ(port.body, "Bad Request.\n");
}

TEST_F(CutBodyTest, EndsTheScriptThatReadsIt) {
    const MemoryPort port = send_part(
        "<?php register_shutdown_function(function () { error_log('status ' . connection_status()); });"
        "error_log('read ' . strlen(file_get_contents('php://input')));",
        "PUT", Ending::cut);
    EXPECT_EQ(outcome_, RequestOutcome::served);
    EXPECT_FALSE(port.logged("read ")) << "the script went on as if the body were whole";
    EXPECT_TRUE(port.logged("status 1"));
}

TEST_F(CutBodyTest, IsKnownToAScriptThatGoesOnAnyway) {
    const MemoryPort port = send_part(
        "<?php ignore_user_abort(true); $n = strlen(file_get_contents('php://input'));"
        "error_log(\"read $n, aborted \" . connection_aborted());",
        "PUT", Ending::cut);
    EXPECT_TRUE(port.logged("read 7, aborted 1"));
}

TEST_F(CutBodyTest, DoesNotMatterToAScriptThatReadsNothing) {
    EXPECT_EQ(send_part("<?php echo 'ran';", "PUT", Ending::cut).body, "ran");
}

TEST_F(CutBodyTest, IsOnlyShortWhereTheClientMarksItsEnd) {
    EXPECT_EQ(send_part("<?php echo json_encode($_POST);", "POST", Ending::marked).body,
              "{\"a\":\"1\",\"b\":\"2\"}");
    EXPECT_EQ(send_part("<?php echo file_get_contents('php://input');", "PUT", Ending::marked).body,
              "a=1&b=2");
}

TEST_F(CutBodyTest, LeavesNothingToTheNextRequest) {
    send_part("<?php echo 'ran';", "POST", Ending::cut);
    send_part("<?php file_get_contents('php://input');", "PUT", Ending::cut);
    EXPECT_EQ(run("<?php echo connection_status(), ignore_user_abort(), count($_POST);").body, "000");
}

TEST_F(CutBodyTest, IsNotReadToItsEndBehindTheAnswer) {
    const std::string path = site_.write("index.php", "<?php echo 'answered';");
    MemoryPort port(get({{"SCRIPT_FILENAME", path}, {"REQUEST_METHOD", "PUT"}, {"CONTENT_LENGTH", "10"}}),
                    "0123456789");
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "answered");
    EXPECT_EQ(port.body_read, 0U) << "the client would have to wait for PHP to read what nobody wants";
}

}  // namespace
}  // namespace phalanx::php
