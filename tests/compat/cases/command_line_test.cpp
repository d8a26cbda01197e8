#include "compat/command_comparison.hpp"

namespace phalanx::compat {
namespace {

TEST(CommandLine, Questions) {
    SKIP_UNLESS_BOTH();
    compare_command("version", {"-n", "-v"});
    compare_command("long version", {"--no-php-ini", "--version"});
    compare_command("modules", {"-n", "-m"});
    compare_command("help", {"-h"}, Compared::FirstLineOfOutput);
    compare_command("usage", {"--usage"}, Compared::FirstLineOfOutput);
    compare_command("info", {"-n", "-i"}, Compared::FirstLineOfOutput);
    compare_command("version wins over a broken file", {"-n", "-y", "/nonexistent", "-v"});
}

TEST(CommandLine, Mistakes) {
    SKIP_UNLESS_BOTH();
    compare_command("an unknown option", {"-Z"}, Compared::FirstLineOfOutput);
    compare_command("an unknown long option", {"--no-such"}, Compared::FirstLineOfOutput);
    compare_command("a word", {"start"}, Compared::FirstLineOfOutput);
    compare_command("a missing argument", {"-y"}, Compared::FirstLineOfOutput);
    compare_command("a missing file", {"-n", "-t", "-y", "/nonexistent/fpm.conf"});
    compare_command("a folder", {"-n", "-t", "-y", "/tmp"}, Compared::ExitCodeOnly);
    compare_command("a bad prefix", {"-n", "-t", "-p", "/nonexistent", "-y", "/dev/null"});
    compare_command("an empty file", {"-n", "-t", "-y", "/dev/null"});
}

}  // namespace
}  // namespace phalanx::compat
