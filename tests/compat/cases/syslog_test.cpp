#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "compat/logged_daemon.hpp"

namespace phalanx::compat {
namespace {

/// The system's log as only one daemon sees it: a socket in its folder, which its private /dev leads to.
class SystemLog {
  public:
    explicit SystemLog(LoggedDaemon& daemon) : path_(daemon.file("syslog").string()) {
        socket_ = harness::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        const auto* const plain = reinterpret_cast<const sockaddr*>(&address);
        if (::bind(socket_.get(), plain, sizeof address) != 0) throw std::runtime_error("no socket");
        std::filesystem::permissions(path_, std::filesystem::perms::all);
        daemon.behind({"/usr/bin/unshare", "-m", "/bin/sh", "-c",
                       "set -e; mkdir " + path_ + ".dev; cd " + path_ + ".dev; mount -t tmpfs none .; cd " +
                           path_ +
                           ".dev; for node in null zero random urandom; do : > $node; "
                           "mount --bind /dev/$node $node; done; mkdir shm; mount --bind /dev/shm shm; "
                           "ln -s /proc/self/fd fd; ln -s " +
                           path_ +
                           " log; mount --bind . /dev; cd /; "
                           "exec \"$@\"",
                       "sh"});
        daemon.site().global().set("error_log", "syslog");
    }

    /// Every message so far, with its priority as the number the protocol has.
    std::string messages() {
        char room[8192];
        for (ssize_t size = 0; (size = ::recv(socket_.get(), room, sizeof room, 0)) >= 0;)
            messages_ += std::string(room, static_cast<std::size_t>(size)) + "\n";
        return messages_;
    }

  private:
    std::string path_;
    harness::Descriptor socket_;
    std::string messages_;
};

const std::vector<Mask> kMasks{{"TIME", "[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}"},
                               {"[PID]:", "\\[[0-9]+\\]:"}};
/// php-fpm gives all messages the priority of log_level, Phalanx each that of its level.
const Mask kPriority{"<PRIORITY>", "<[0-9]+>"};

bool may_mount() {
    return ::system("unshare -m true 2>/dev/null") == 0;
}

#define SKIP_UNLESS_PRIVATE_DEV() \
    SKIP_UNLESS_BOTH();           \
    if (!may_mount()) GTEST_SKIP() << "needs a mount namespace of its own for a private /dev/log"

/// A whole life: start, a worker's death, logs opened again, the end.
std::string life_of(LoggedDaemon& daemon, const std::vector<std::string>& options) {
    SystemLog log(daemon);
    daemon.site().pool().remove("access.log");
    daemon.site().script("kill.php", "<?php exec('kill -9 ' . getmypid());");
    daemon.site().script("say.php", "<?php error_log('said');");
    const auto has = [&](const std::string& text) {
        return harness::eventually(harness::milliseconds(3000),
                                   [&] { return log.messages().find(text) != std::string::npos; });
    };
    daemon.start(options, [&] { return log.messages().find("systemd monitor") != std::string::npos; });
    const std::string standard_error = daemon.descriptor(2);
    daemon.signal(SIGUSR1);
    (void)has("re-opened");
    (void)daemon.ask("/say.php");
    (void)daemon.ask("/kill.php");
    (void)has("started");
    daemon.stop();
    return "standard error leads to " + standard_error.substr(0, standard_error.find(":[")) +
           "\nstandard error:\n" + daemon.errors() + "syslog:\n" + log.messages();
}

void compare_lives(const std::string& name, const std::vector<std::string>& options,
                   const std::function<void(harness::Section&)>& set = {}) {
    std::vector<Mask> masks = kMasks;
    masks.push_back(kPriority);
    compare_daemons(
        name,
        [&](LoggedDaemon& daemon) {
            if (set) set(daemon.site().global());
            return life_of(daemon, options);
        },
        masks);
}

TEST(Syslog, GetsWhatAFileWouldGet) {
    SKIP_UNLESS_PRIVATE_DEV();
    compare_lives("in the background", {"-D"});
    compare_lives("in the foreground", {"-F"});
}

TEST(Syslog, IsNotUsedWithOptionO) {
    SKIP_UNLESS_PRIVATE_DEV();
    compare_daemons("-O", [](LoggedDaemon& daemon) {
        SystemLog log(daemon);
        daemon.start({"-F", "-O"});
        daemon.stop();
        return daemon.errors() + "syslog:\n" + log.messages();
    });
}

TEST(Syslog, HasIdentityAndFacility) {
    SKIP_UNLESS_PRIVATE_DEV();
    for (const char* facility : {"LOCAL3", "mail", "DAEMON"}) {
        // Of the notices alone priorities are the same in both.
        compare_daemons(
            facility,
            [&](LoggedDaemon& daemon) {
                SystemLog log(daemon);
                daemon.site().global().set("syslog.ident", "own name").set("syslog.facility", facility);
                daemon.start({"-F"},
                             [&] { return log.messages().find("systemd monitor") != std::string::npos; });
                daemon.stop();
                return log.messages();
            },
            kMasks);
    }
}

TEST(Syslog, StartUpErrorsAreCopiedWithoutTime) {
    SKIP_UNLESS_PRIVATE_DEV();
    std::vector<Mask> masks = kMasks;
    masks.push_back(kPriority);
    compare_daemons(
        "a start that fails",
        [](LoggedDaemon& daemon) {
            SystemLog log(daemon);
            daemon.site().pool().set("listen", "/nonexistent/www.sock");
            daemon.start({"-F"});
            return daemon.exit_code() + daemon.errors() + "syslog:\n" + log.messages();
        },
        masks);
}

TEST(Syslog, MessagesHaveTheirOwnPriority) {
    SKIP_UNLESS_PRIVATE_DEV();
    const auto said = [](const harness::DaemonProgram& program) {
        LoggedDaemon daemon(program);
        return life_of(daemon, {"-F"});
    };
    const Mask time = kMasks[0];
    const std::string original = masked(said(*harness::installed_php_fpm()), std::vector<Mask>{time});
    const std::string tested = masked(said(*harness::driven_daemon()), std::vector<Mask>{time});
    // 24 is the facility; 5 a notice, 4 a warning.
    EXPECT_NE(original.find("<29>TIME php-fpm["), std::string::npos);
    EXPECT_EQ(original.find("<28>"), std::string::npos);
    EXPECT_NE(tested.find("<28>TIME php-fpm["), std::string::npos) << tested;
    EXPECT_NE(tested.find("<29>TIME php-fpm["), std::string::npos);
}

/// php-fpm loses it (docs/compatibility.md).
TEST(Syslog, GetsWhatWorkersSay) {
    SKIP_UNLESS_PRIVATE_DEV();
    LoggedDaemon daemon(*harness::driven_daemon());
    daemon.site().pool().set("catch_workers_output", "yes");
    EXPECT_NE(life_of(daemon, {"-F"}).find("said into stderr: \"NOTICE: PHP message: said\""),
              std::string::npos);
}

}  // namespace
}  // namespace phalanx::compat
