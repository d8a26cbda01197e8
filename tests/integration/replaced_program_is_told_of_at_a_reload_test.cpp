#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

namespace fs = std::filesystem;

/// A package's update puts another file in the program's place while it runs.
class ReplacedProgram : public SiteTest {};

TEST_F(ReplacedProgram, IsToldOfAtAReload) {
    SKIP_UNLESS_PHALANX("executes it");
    site().script("x.php", "<?php echo 'x';");
    const fs::path folder = site().files() / "bin";
    fs::create_directory(folder);
    DaemonProgram& program = site().start_options().program;
    program = copied_to(folder, program);
    site().start();
    const std::string told = "WARNING: " + program.path.string() +
                             " was replaced: the master runs the former program until it is restarted";
    ASSERT_TRUE(site().reload());
    EXPECT_EQ(site().daemon().log().find(told), std::string::npos);

    fs::copy_file(program.path, folder / "new");
    fs::rename(folder / "new", program.path);
    ASSERT_TRUE(site().reload());
    EXPECT_NE(site().daemon().log().find(told), std::string::npos) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "x");

    // While there is none, nothing can be said of it.
    fs::remove(program.path);
    ASSERT_TRUE(site().reload());
    EXPECT_EQ(site().daemon().log().find(told), site().daemon().log().rfind(told));
}

}  // namespace
}  // namespace phalanx::harness
