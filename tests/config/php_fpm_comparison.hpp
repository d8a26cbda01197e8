#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "config_test_support.hpp"

namespace phalanx::config::testing {

/// Loads small files with php-fpm and with this room and compares what both have to say. Skipped where
/// php-fpm is not installed or the tests do not run as root (php-fpm then says other things).
class PhpFpmDifference : public ::testing::Test {
  protected:
    void SetUp() override;

    /// A file of a [global] section and a pool, each with more lines behind its own.
    void compare(std::string_view global, std::string_view pool);
    void compare_file(const std::string& content);
    /// A file that is there.
    static void compare_existing(const std::string& file);

    [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }

  private:
    TemporaryFolder folder_;
    int cases_ = 0;
};

}  // namespace phalanx::config::testing
