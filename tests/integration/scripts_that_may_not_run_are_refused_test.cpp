#include <sys/stat.h>
#include <unistd.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class Refusals : public SiteTest {};

TEST_F(Refusals, AMissingScriptIs404) {
    site().start();
    const Answer answer = site().get("/nothing.php");
    EXPECT_EQ(answer.status(), 404) << answer;
    EXPECT_EQ(answer.header("Status"), "404 Not Found");
    EXPECT_EQ(answer.body(), "File not found.\n");
    EXPECT_EQ(answer.errors, "Primary script unknown");
}

TEST_F(Refusals, AnotherExtensionIs403) {
    const auto path = site().script("image.jpg", "<?php echo 'must not run';");
    site().start();
    const Answer answer = site().get("/image.jpg");
    EXPECT_EQ(answer.status(), 403) << answer;
    EXPECT_EQ(answer.body(), "Access denied.\n");
    EXPECT_EQ(answer.errors,
              "Access to the script '" + path.string() + "' has been denied (see security.limit_extensions)");
    EXPECT_EQ(site().get("/image.jpg/x.php").status(), 403) << "nor with a path behind it";
}

TEST_F(Refusals, APathThatClimbsIs404) {
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    EXPECT_EQ(site().get("/sub/../hello.php").status(), 404);
}

TEST_F(Refusals, AnUnreadableScriptIs403) {
    SKIP_UNLESS_ROOT("the worker must be another user than the file's owner");
    site().files().write("site/secret.php", "<?php echo 'secret';", 0600);
    site().start();
    const Answer answer = site().get("/secret.php");
    EXPECT_EQ(answer.status(), 403) << answer;
    EXPECT_EQ(answer.body(), "Access denied.\n");
}

TEST_F(Refusals, AFileThatCanHoldNoScriptIsNotWaitedFor) {
    SKIP_UNLESS_PHALANX("it waits for a writer of the pipe for ever");
    const auto pipe = site().root() / "pipe.php";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0666), 0);
    for (const char* fix_pathinfo : {"1", "0"}) {
        site().pool().set("php_admin_value[cgi.fix_pathinfo]", fix_pathinfo);
        site().pool().remove("php_admin_value[doc_root]");
        site().start();
        const Answer answer = site().get("/pipe.php");
        EXPECT_EQ(answer.status(), 404) << answer;
        EXPECT_EQ(answer.body(), "No input file specified.\n");
        EXPECT_EQ(answer.errors,
                  "Unable to open primary script: " + pipe.string() + " (No such device or address)");
        site().end();
        site().pool().set("php_admin_value[doc_root]", site().root().string());
        site().start();
        EXPECT_EQ(site().get("/pipe.php").status(), 404);
        site().end();
    }
}

}  // namespace
}  // namespace phalanx::harness
