#include <filesystem>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// The most bytes of a Unix socket's path, the zero at the end left out.
constexpr std::size_t kLongest = 107;

class LongSocketPath : public SiteTest {};

TEST_F(LongSocketPath, IsCutWithAWarning) {
    site().script("x.php", "<?php echo 'x';");
    std::string path = (site().files() / "long").string();
    path.resize(kLongest + 20, 'a');
    site().pool().set("listen", path);
    site().start();
    const std::string cut = path.substr(0, kLongest);
    EXPECT_TRUE(std::filesystem::is_socket(cut));
    EXPECT_EQ(ask(Address::parse(cut), site().request("/x.php")).body(), "x");
    if (drives_phalanx()) {
        const std::string warning =
            "[pool www] cannot bind to UNIX socket '" + path +
            "' as path is too long (found length: 127, maximal length: 108), trying cut "
            "socket path instead '" +
            cut + "'";
        EXPECT_NE(site().daemon().log().find(warning), std::string::npos) << site().daemon().log();
        EXPECT_TRUE(site().reload()) << site().daemon().log();
        EXPECT_EQ(ask(Address::parse(cut), site().request("/x.php")).body(), "x");
    }
    site().daemon().signal(SIGTERM);
    ASSERT_TRUE(site().daemon().wait().has_value());
    EXPECT_FALSE(std::filesystem::exists(cut));
}

}  // namespace
}  // namespace phalanx::harness
