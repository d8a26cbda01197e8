#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "memory_port.hpp"

namespace phalanx::php {

/// A directory of its own for scripts, gone with the test.
class Site {
  public:
    Site();
    ~Site();
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    [[nodiscard]] const std::string& root() const { return root_; }
    /// Writes a file below the root, directories included; gives its path.
    std::string write(const std::string& name, std::string_view text) const;

  private:
    std::string root_;
};

/// Tests against a running PHP: one site each, the engine being started once for the whole program.
class PhpTest : public testing::Test {
  protected:
    using Pairs = MemoryPort::Pairs;

    /// What a web server sends for a GET of /index.php under the site's root, `more` replacing and adding.
    [[nodiscard]] Pairs get(const Pairs& more = {}) const;
    /// Runs this text as /index.php.
    MemoryPort run(std::string_view php, const Pairs& more = {}, const std::string& body = {});
    RequestOutcome serve(MemoryPort& port) { return run_request(port, policy_); }

    Site site_;
    RequestPolicy policy_{{".php"}};
    RequestOutcome outcome_ = RequestOutcome::served;
};

/// The directory with the php.ini that the engine of this program was started with.
[[nodiscard]] const std::string& engine_directory();
/// How often the engine asked to give up root.
[[nodiscard]] int root_given_up();

}  // namespace phalanx::php
