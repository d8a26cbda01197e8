#include "compat/start_comparison.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "harness/process.hpp"

namespace phalanx::compat {
namespace {

namespace fs = std::filesystem;
using harness::ChildProcess;
using harness::DaemonProgram;
using harness::milliseconds;

std::string with_own(std::string text, const std::string& own) {
    constexpr std::string_view name = "{own}";
    for (std::size_t at = 0; (at = text.find(name, at)) != text.npos; at += own.size())
        text.replace(at, name.size(), own);
    return text;
}

std::string in_octal(mode_t mode) {
    char digits[16];
    (void)std::snprintf(digits, sizeof digits, "%o", static_cast<unsigned>(mode));
    return digits;
}

/// A terminal whose other end is the test.
class Terminal {
  public:
    Terminal() : own_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
        EXPECT_TRUE(::grantpt(own_.get()) == 0 && ::unlockpt(own_.get()) == 0);
        // Without an open end the text that was written last would be gone with its writer.
        other_ = harness::Descriptor(::open(name().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    }
    [[nodiscard]] std::string name() const { return ::ptsname(own_.get()); }
    /// All that was written to it so far.
    [[nodiscard]] const std::string& text() {
        char block[4096];
        for (ssize_t got = 0; (got = ::read(own_.get(), block, sizeof block)) > 0;)
            text_.append(block, static_cast<std::size_t>(got));
        return text_;
    }

  private:
    harness::Descriptor own_;
    harness::Descriptor other_;
    std::string text_;
};

/// The entries of a folder with kind and mode.
std::string listing(const fs::path& folder) {
    std::vector<std::string> lines;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        struct stat found {};
        if (::lstat(entry.path().c_str(), &found) == 0)
            lines.push_back(entry.path().filename().string() + " " + in_octal(found.st_mode) + "\n");
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
}

/// One run's folders and its configuration; the program is where its user can reach it.
class Run {
  public:
    Run(const DaemonProgram& program, const StartCase& one)
        : own_(files_.open_folder("own").string()), program_(program) {
        if (one.as_nobody) program_ = harness::copied_to(files_.open_folder("bin"), program);
        ConfigCase settings{one.name, one.pool, one.global, {}};
        const auto add = [](auto& entries, const char* key, const char* value) {
            for (const auto& entry : entries) {
                if (entry.first == key) return;
            }
            entries.emplace_back(key, value);
        };
        add(settings.global, "error_log", "{own}/log");
        add(settings.pool, "listen", "{own}/s");
        const std::string text = with_own(config_of(settings).text() + one.more, own_);
        command_.arguments = {program_.path.string(), "-n"};
        for (const std::string& argument : one.arguments)
            command_.arguments.push_back(with_own(argument, own_));
        command_.arguments.insert(command_.arguments.end(), {"-y", files_.write("fpm.conf", text).string()});
        command_.environment = one.environment;
        command_.output = files_ / "output";
        command_.errors = files_ / "errors";
        if (one.on_terminal) command_.errors = terminal_.emplace().name();
        if (one.as_nobody) {
            const passwd* const nobody = ::getpwnam("nobody");
            command_.run_as = {nobody->pw_uid, nobody->pw_gid};
        }
    }

    [[nodiscard]] const harness::Command& command() const { return command_; }
    [[nodiscard]] const std::string& own() const { return own_; }
    [[nodiscard]] std::string errors() {
        return terminal_ ? terminal_->text() : harness::read_file(command_.errors);
    }
    [[nodiscard]] std::string said() { return harness::read_file(command_.output) + errors() + log(); }
    [[nodiscard]] std::string log() const { return harness::read_file(fs::path(own_) / "log"); }

    /// What differs between any two runs is masked.
    [[nodiscard]] std::string described(std::string text) const {
        for (const std::string& place : {files_.path().string(), program_.path.string()}) {
            for (std::size_t at = 0; (at = text.find(place, at)) != text.npos;)
                text.replace(at, place.size(), "X");
        }
        return masked(std::move(text), {{"[TIME]", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\\]"},
                                        {"PID", "(pid|child) [0-9]+"},
                                        {"SOME seconds", "[0-9]+\\.[0-9]{6} seconds"}});
    }

  private:
    harness::TempDir files_;
    std::string own_;
    DaemonProgram program_;
    harness::Command command_;
    std::optional<Terminal> terminal_;
};

std::string code_of(const std::optional<harness::ExitStatus>& status) {
    return testing::PrintToString(status.value_or(harness::ExitStatus{})) + "\n";
}

std::string foreground_start(const DaemonProgram& program, const StartCase& one) {
    Run run(program, one);
    std::string seen;
    ChildProcess process(run.command());
    const auto says = [&](std::string_view text) {
        return run.said().find(text) != std::string::npos || !process.running();
    };
    EXPECT_TRUE(harness::eventually(harness::kPatience, [&] { return says("ready to handle"); }))
        << run.said();
    EXPECT_TRUE(harness::eventually(harness::kPatience, [&] { return says("systemd monitor"); }));
    if (process.running()) {
        if (one.look) seen = one.look(process.pid(), run.own());
        process.signal(SIGTERM);
    }
    const std::string code = code_of(process.wait());
    return run.described(code + seen + "standard error:\n" + run.errors() + "error_log:\n" + run.log() +
                         "files:\n" + listing(run.own()));
}

std::string link_target(pid_t pid, const std::string& name) {
    std::error_code error;
    return fs::read_symlink("/proc/" + std::to_string(pid) + "/" + name, error).string();
}

std::string facts_of(pid_t pid) {
    const auto stat = harness::process_stat(pid);
    std::string text = "leads a session: " + std::to_string(stat && stat->session == pid) + "\n";
    text += "title: " + harness::command_line(pid) + "\n";
    for (const char* name : {"cwd", "fd/0", "fd/1", "fd/2"})
        text += std::string(name) + ": " + link_target(pid, name) + "\n";
    const std::string status = harness::read_file("/proc/" + std::to_string(pid) + "/status");
    const std::size_t umask = status.find("Umask:");
    return text + status.substr(umask, status.find('\n', umask) - umask) + "\n";
}

std::string daemon_start(const DaemonProgram& program, const StartCase& one) {
    Run run(program, one);
    ChildProcess caller(run.command());
    std::string text = "caller: " + code_of(caller.wait());
    const fs::path pid_file = fs::path(run.own()) / "pid";
    const std::string number = harness::read_file(pid_file);
    const pid_t pid = std::atoi(number.c_str());
    if (pid > 0) {
        text += "pid file is the number alone: " + std::to_string(number == std::to_string(pid)) + "\n";
        text += facts_of(pid) + "files:\n" + listing(run.own());
        if (one.look) text += one.look(pid, run.own());
        harness::signal_process(pid, SIGTERM);
        EXPECT_TRUE(harness::eventually(harness::kPatience, [&] { return !harness::is_alive(pid); }));
    }
    return run.described(text + "caller's standard error:\n" + run.errors() + "caller's output:\n" +
                         harness::read_file(run.command().output) + "error_log:\n" + run.log() +
                         "files afterwards:\n" + listing(run.own()));
}

}  // namespace

void compare_start(const StartCase& one) {
    SKIP_UNLESS_BOTH();
    EXPECT_EQ(foreground_start(*harness::installed_php_fpm(), one),
              foreground_start(*harness::driven_daemon(), one))
        << "start: " << one.name;
}

void compare_daemon(const StartCase& one) {
    SKIP_UNLESS_BOTH();
    EXPECT_EQ(daemon_start(*harness::installed_php_fpm(), one), daemon_start(*harness::driven_daemon(), one))
        << "daemon: " << one.name;
}

}  // namespace phalanx::compat
