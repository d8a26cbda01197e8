#include <csignal>
#include <sstream>

#include "compat/logged_daemon.hpp"
#include "harness/process.hpp"

// What PHP says while it starts. php-fpm says it before all else, on standard error; Phalanx when its pools'
// templates start, and in its log.

namespace phalanx::compat {
namespace {

constexpr const char* kReady = "ready to handle connections";

std::size_t times(std::string_view text, const std::string& in) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = in.find(text, at)) != in.npos; at += text.size()) ++count;
    return count;
}

std::string lines_of_php(const std::string& text) {
    std::istringstream in(text);
    std::string found;
    for (std::string line; std::getline(in, line);)
        if (line.find("PHP") != line.npos) found += line + "\n";
    return found;
}

/// Three pools, a reload and the end of a template.
std::string messages(LoggedDaemon& daemon, const std::string& extension) {
    harness::Site& site = daemon.site();
    site.add_pool("second");
    site.add_pool("third").set("php_admin_value[error_reporting]", "E_ALL & ~E_NOTICE");
    site.script("x.php", "<?php echo 'x';");
    daemon.start({"-F", "-O", "-d", "log_errors=1", "-d", "extension=" + extension});
    EXPECT_EQ(daemon.ask("/x.php"), "x");
    EXPECT_EQ(site.get("/x.php", "third").body(), "x");
    std::string seen = "start:\n" + lines_of_php(daemon.errors());
    daemon.signal(SIGUSR2);
    EXPECT_TRUE(harness::eventually(harness::kPatience, [&] { return times(kReady, daemon.errors()) == 2; }));
    EXPECT_EQ(daemon.ask("/x.php"), "x");
    if (site.start_options().program.is_phalanx) {
        for (const pid_t pid : harness::descendants(daemon.master()))
            if (harness::command_line(pid) == "php-fpm: template of www")
                harness::signal_process(pid, SIGKILL);
        EXPECT_TRUE(daemon.wait_for("its workers go on"));
        EXPECT_TRUE(harness::eventually(harness::kPatience, [&] {
            for (const pid_t pid : harness::descendants(daemon.master()))
                if (harness::command_line(pid) == "php-fpm: template of www") return true;
            return false;
        }));
    }
    daemon.stop();
    return seen + "with the reload:\n" + lines_of_php(daemon.errors());
}

TEST(StartMessages, AreSaidOnceForAllPools) {
    SKIP_UNLESS_BOTH();
    for (const char* extension : {"no-such-extension", "/etc/passwd"}) {
        compare_daemons(extension, [&](LoggedDaemon& daemon) { return messages(daemon, extension); });
    }
}

TEST(StartMessages, AreSaidByTests) {
    SKIP_UNLESS_BOTH();
    compare_daemons("-t", [](LoggedDaemon& daemon) {
        daemon.start({"-t", "-d", "log_errors=1", "-d", "extension=no-such-extension"});
        return daemon.exit_code() + "\n" + daemon.errors();
    });
}

}  // namespace
}  // namespace phalanx::compat
