#pragma once

#include <filesystem>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {

/// A daemon that runs from files of the test's own, so that they can be replaced as a package's update does.
class UpgradeTest : public SiteTest {
  protected:
    void SetUp() override;
    [[nodiscard]] std::filesystem::path program() { return site().start_options().program.path; }
    /// Puts another file of the same content in the program's place.
    void replace_program();
    /// Puts a script of /bin/sh there.
    void replace_program_by(const std::string& script);
    /// Replaces the program and reloads; true once the new one runs and is ready.
    [[nodiscard]] bool upgrade();
    /// Whether the process runs the file that is at the program's path now.
    [[nodiscard]] bool runs_new_program(pid_t pid);
    /// The former master, if it lives.
    [[nodiscard]] std::vector<pid_t> former_masters();
    [[nodiscard]] bool ends(const std::vector<pid_t>& processes);
};

}  // namespace phalanx::harness
