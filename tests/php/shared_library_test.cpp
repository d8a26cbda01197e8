#include "shared_library.hpp"

#include <gtest/gtest.h>

#include <string>

namespace phalanx::php {
namespace {

TEST(SharedLibrary, KnowsWhereAFunctionComesFrom) {
    EXPECT_NE(file_of(reinterpret_cast<const void*>(&is_library_of)).find("php_tests"), std::string::npos);
    EXPECT_EQ(file_of(nullptr), "");
}

TEST(SharedLibrary, KnowsAnotherVersionByItsName) {
    EXPECT_TRUE(is_library_of("/usr/lib/libphp8.2.so", 8, 2));
    EXPECT_TRUE(is_library_of("/usr/lib/libphp.so", 8, 2));
    EXPECT_TRUE(is_library_of("/usr/lib/libphp.so.1", 8, 2));
    EXPECT_TRUE(is_library_of("", 8, 2));
    EXPECT_FALSE(is_library_of("/usr/lib/libphp8.4.so", 8, 2));
    EXPECT_FALSE(is_library_of("/usr/lib/libphp8.21.so", 8, 2));
    EXPECT_FALSE(is_library_of("/usr/lib/libphp7.4.so", 8, 2));
}

}  // namespace
}  // namespace phalanx::php
