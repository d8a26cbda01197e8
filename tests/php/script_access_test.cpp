#include "script_access.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace phalanx::php {
namespace {

TEST(HasParentComponent, WantsTheWholeComponent) {
    for (const char* bad : {"..", "/..", "../x.php", "/a/../x.php", "/a/x.php/..", "/a..b/../c"}) {
        EXPECT_TRUE(has_parent_component(bad)) << bad;
    }
    for (const char* good : {"", "/", "/a..b/x.php", "/..a", "/a..", "/.../x.php", "/a/./x.php"}) {
        EXPECT_FALSE(has_parent_component(good)) << good;
    }
}

TEST(ExtensionAllowed, ComparesTheEndOfThePath) {
    const std::vector<std::string> usual = {".php", ".phar"};
    EXPECT_TRUE(extension_allowed("/x.php", usual));
    EXPECT_TRUE(extension_allowed("/x.phar", usual));
    EXPECT_FALSE(extension_allowed("/x.PHP", usual));
    EXPECT_FALSE(extension_allowed("/x.jpg", usual));
    EXPECT_FALSE(extension_allowed(".php", usual));
    EXPECT_FALSE(extension_allowed("", usual));
    EXPECT_TRUE(extension_allowed("/xphp", std::vector<std::string>{"php"}));
    EXPECT_TRUE(extension_allowed("/a.php", std::vector<std::string>{"a.php"}));
    EXPECT_TRUE(extension_allowed("/x.jpg", {}));
}

}  // namespace
}  // namespace phalanx::php
