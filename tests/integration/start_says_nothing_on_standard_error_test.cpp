#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class StandardErrorOfTheStart : public SiteTest {
  protected:
    /// Starts the daemon without -O, so that its log is the file of the configuration, until it is ready.
    void start(const char* mode) {
        const std::filesystem::path config = site().files().write("php-fpm.conf", site().config().text());
        Command command;
        command.arguments = {site().start_options().program.path.string(), "-n", mode, "-y", config.string()};
        command.errors = site().files() / "said";
        process_ = std::make_unique<ChildProcess>(command);
        const auto ready = [this] { return log().find("systemd monitor") != std::string::npos; };
        ASSERT_TRUE(eventually(kPatience, ready)) << log() << said();
    }

    [[nodiscard]] std::string log() { return read_file(site().files() / "error.log"); }
    [[nodiscard]] std::string said() { return read_file(site().files() / "said"); }

    std::unique_ptr<ChildProcess> process_;
};

TEST_F(StandardErrorOfTheStart, IsEmptyInTheForeground) {
    start("-F");
    EXPECT_EQ(said(), "");
}

TEST_F(StandardErrorOfTheStart, IsEmptyInTheBackground) {
    const std::filesystem::path pid_file = site().files() / "pid";
    site().global().set("daemonize", "yes").set("pid", pid_file.string());
    start("-D");
    EXPECT_EQ(process_->wait(), (ExitStatus{0, 0}));
    EXPECT_EQ(said(), "");
    const pid_t master = std::atoi(read_file(pid_file).c_str());
    ASSERT_TRUE(signal_process(master, SIGTERM));
    EXPECT_TRUE(eventually(kPatience, [&] { return !is_alive(master); }));
}

}  // namespace
}  // namespace phalanx::harness
