#include "compat/logged_daemon.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <sstream>

#include "harness/process.hpp"

namespace phalanx::compat {
namespace {

using harness::Descriptor;
using harness::kPatience;

constexpr std::string_view kLastWord = "systemd monitor interval set to";

/// A pseudo-terminal: its controlling side, and the other.
std::pair<Descriptor, Descriptor> open_terminal() {
    Descriptor control(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (::grantpt(control.get()) != 0 || ::unlockpt(control.get()) != 0)
        throw std::runtime_error("no pseudo-terminal");
    Descriptor terminal(::open(::ptsname(control.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    return {std::move(control), std::move(terminal)};
}

}  // namespace

LoggedDaemon::LoggedDaemon(const harness::DaemonProgram& program) : site_(program) {
    site_.global().set("pid", file("pid").string());
    site_.pool().set("pm.max_children", "1").set("access.log", file("access.log").string());
}

LoggedDaemon::~LoggedDaemon() {
    const pid_t pid = master();
    if (pid > 0) {
        for (const pid_t child : harness::descendants(pid)) harness::kill_process(child);
        harness::kill_process(pid);
        reap(pid);
    }
}

/// One in the background has become the test's child.
void LoggedDaemon::reap(pid_t pid) const {
    if (process_ && pid != process_->pid()) ::waitpid(pid, nullptr, WNOHANG);
}

void LoggedDaemon::log_is(const std::string& name) {
    log_name_ = name;
    site_.global().set("error_log", file(name).string());
}

void LoggedDaemon::run_as(uid_t user, gid_t group) {
    run_as_.emplace(user, group);
    for (const char* key : {"user", "group", "listen.owner", "listen.group"}) site_.pool().remove(key);
    std::filesystem::permissions(site_.files().path(), std::filesystem::perms::all);
}

void LoggedDaemon::open_standard_error(harness::Command& command) {
    if (kind_ == Stderr::File) {
        command.errors = file("stderr");
        return;
    }
    if (kind_ == Stderr::Terminal) {
        std::tie(reader_, writer_) = open_terminal();
    } else {
        int ends[2];
        const bool made = kind_ == Stderr::Pipe
                              ? ::pipe2(ends, O_CLOEXEC) == 0
                              : ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
        if (!made) throw std::runtime_error("no pipe");
        reader_ = Descriptor(ends[0]);
        writer_ = Descriptor(ends[1]);
    }
    if (run_as_) ::fchown(writer_.get(), run_as_->first, run_as_->second);
    ::fcntl(reader_.get(), F_SETFL, O_NONBLOCK);
    command.errors_descriptor = writer_.get();
}

void LoggedDaemon::start(const std::vector<std::string>& options, const std::function<bool()>& is_up) {
    tests_only_ = std::find(options.begin(), options.end(), "-t") != options.end();
    const auto config = site_.files().write("php-fpm.conf", site_.config().text());
    harness::Command command;
    command.arguments = front_;
    command.arguments.insert(command.arguments.end(), {site_.start_options().program.path.string(), "-n"});
    command.arguments.insert(command.arguments.end(), options.begin(), options.end());
    command.arguments.insert(command.arguments.end(), {"-y", config.string()});
    command.environment = site_.start_options().environment;
    command.run_as = run_as_;
    open_standard_error(command);
    process_ = std::make_unique<harness::ChildProcess>(command);
    (void)harness::eventually(kPatience, [&] { return (is_up && is_up() && master() > 0) || started(); });
}

bool LoggedDaemon::started() {
    const std::string level = site_.global().value("log_level");
    const bool says_so = level.empty() || level == "notice" || level == "debug";
    if (master() > 0) {
        if (says_so && (errors() + log()).find(kLastWord) != std::string::npos) return true;
        if (!says_so && harness::connect_to(site_.address(), harness::milliseconds(1)).is_open()) return true;
    }
    const auto ended = process_->wait(harness::milliseconds(0));
    return ended && (ended->code != 0 || tests_only_);
}

std::string LoggedDaemon::exit_code() {
    const auto ended = process_->wait();
    return ended ? std::to_string(ended->code) : "none";
}

pid_t LoggedDaemon::master() const {
    return std::atoi(harness::read_file(file("pid")).c_str());
}

bool LoggedDaemon::signal(int number) const {
    return harness::signal_process(master(), number);
}

std::string LoggedDaemon::ask(std::string_view script) {
    return site_.get(script).body();
}

void LoggedDaemon::stop() {
    const pid_t pid = master();
    if (pid <= 0) return;
    harness::signal_process(pid, SIGTERM);
    (void)harness::eventually(kPatience, [&] { return !harness::is_alive(pid); });
    (void)errors();
    reap(pid);
}

std::string LoggedDaemon::errors() {
    if (kind_ == Stderr::File) return log("stderr");
    char room[4096];
    for (ssize_t size = 0; (size = ::read(reader_.get(), room, sizeof room)) > 0;)
        errors_.append(room, static_cast<std::size_t>(size));
    return errors_;
}

std::string LoggedDaemon::log(std::string_view name) const {
    return harness::read_file(file(name));
}

bool LoggedDaemon::wait_for(std::string_view text, harness::milliseconds deadline) {
    return harness::eventually(deadline, [&] { return (errors() + log()).find(text) != std::string::npos; });
}

std::string LoggedDaemon::descriptor(int number) const {
    auto targets = harness::descriptor_targets(master());
    return targets[number];
}

void compare_daemons(const std::string& name, const std::function<std::string(LoggedDaemon&)>& deed,
                     const std::vector<Mask>& masks) {
    const auto result = [&](const harness::DaemonProgram& program) {
        LoggedDaemon daemon(program);
        return masked(deed(daemon), daemon.site(), masks);
    };
    EXPECT_EQ(result(*harness::installed_php_fpm()), result(*harness::driven_daemon())) << "run: " << name;
}

std::string sorted_lines(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
}

}  // namespace phalanx::compat
