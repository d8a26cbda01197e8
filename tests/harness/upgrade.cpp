#include "harness/upgrade.hpp"

#include <algorithm>

namespace phalanx::harness {

namespace fs = std::filesystem;

void UpgradeTest::SetUp() {
    SiteTest::SetUp();
    if (IsSkipped()) return;
    SKIP_UNLESS_PHALANX("loses requests");
    const fs::path folder = site().files() / "bin";
    fs::create_directory(folder);
    DaemonProgram& daemon = site().start_options().program;
    daemon = copied_to(folder, daemon);
}

void UpgradeTest::replace_program() {
    const fs::path other = program().parent_path() / "new";
    fs::copy_file(program(), other);
    fs::rename(other, program());
}

void UpgradeTest::replace_program_by(const std::string& script) {
    const fs::path other = site().files().write("bin/new", script, 0755);
    fs::rename(other, program());
}

bool UpgradeTest::upgrade() {
    replace_program();
    return site().reload() && runs_new_program(site().daemon().pid());
}

bool UpgradeTest::runs_new_program(pid_t pid) {
    std::error_code error;
    return fs::equivalent("/proc/" + std::to_string(pid) + "/exe", program(), error) && !error;
}

std::vector<pid_t> UpgradeTest::former_masters() {
    std::vector<pid_t> found = site().daemon().others();
    std::erase_if(found, [](pid_t pid) {
        return command_line(pid).find("php-fpm: former master process") == std::string::npos;
    });
    return found;
}

bool UpgradeTest::ends(const std::vector<pid_t>& processes) {
    return eventually(kPatience, [&] {
        return std::none_of(processes.begin(), processes.end(), [](pid_t pid) { return is_alive(pid); });
    });
}

}  // namespace phalanx::harness
