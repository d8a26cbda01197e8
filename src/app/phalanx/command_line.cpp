#include "command_line.hpp"

#include <fmt/format.h>
#include <getopt.h>

#include <string_view>

namespace phalanx::app {
namespace {

constexpr const char* short_options = "+c:nd:ehimvty:p:g:RDFO";

// The order is that of php-fpm's usage text.
constexpr option long_options[] = {
    {"php-ini", required_argument, nullptr, 'c'},
    {"no-php-ini", no_argument, nullptr, 'n'},
    {"define", required_argument, nullptr, 'd'},
    {"profile-info", no_argument, nullptr, 'e'},
    {"help", no_argument, nullptr, 'h'},
    {"usage", no_argument, nullptr, 'h'},
    {"info", no_argument, nullptr, 'i'},
    {"modules", no_argument, nullptr, 'm'},
    {"version", no_argument, nullptr, 'v'},
    {"prefix", required_argument, nullptr, 'p'},
    {"pid", required_argument, nullptr, 'g'},
    {"fpm-config", required_argument, nullptr, 'y'},
    {"test", no_argument, nullptr, 't'},
    {"daemonize", no_argument, nullptr, 'D'},
    {"nodaemonize", no_argument, nullptr, 'F'},
    {"force-stderr", no_argument, nullptr, 'O'},
    {"allow-to-run-as-root", no_argument, nullptr, 'R'},
    {nullptr, 0, nullptr, 0},
};

constexpr std::string_view usage_rest =
    R"( [-n] [-e] [-h] [-i] [-m] [-v] [-t] [-p <prefix>] [-g <pid>] [-c <file>] [-d foo[=bar]] [-y <file>] [-D] [-F [-O]]
  -c <path>|<file> Look for php.ini file in this directory
  -n               No php.ini file will be used
  -d foo[=bar]     Define INI entry foo with value 'bar'
  -e               Generate extended information for debugger/profiler
  -h               This help
  -i               PHP information
  -m               Show compiled in modules
  -v               Version number
  -p, --prefix <dir>
                   Specify alternative prefix path to FastCGI process manager (default: /usr).
  -g, --pid <file>
                   Specify the PID file location.
  -y, --fpm-config <file>
                   Specify alternative path to FastCGI process manager config file.
  -t, --test       Test FPM configuration and exit
  -D, --daemonize  force to run in background, and ignore daemonize option from config file
  -F, --nodaemonize
                   force to stay in foreground, and ignore daemonize option from config file
  -O, --force-stderr
                   force output to stderr in nodaemonize even if stderr is not a TTY
  -R, --allow-to-run-as-root
                   Allow pool to run as root (disabled by default)
)";

}  // namespace

CommandLine read_command_line(int argc, char** argv) {
    using Action = CommandLine::Action;
    CommandLine line;
    line.program = argv[0];
    line.arguments.assign(argv, argv + argc);
    opterr = 0;
    for (int option = 0; (option = ::getopt_long(argc, argv, short_options, long_options, nullptr)) != -1;) {
        switch (option) {
            case 'c':
                line.ini_path = optarg;
                break;
            case 'n':
                line.ignore_ini = true;
                break;
            case 'd':
                line.ini_defines.emplace_back(optarg);
                break;
            case 'e':
                line.extended_info = true;
                break;
            case 'i':
                line.action = Action::php_info;
                break;
            case 'm':
                line.action = Action::php_modules;
                return line;
            case 'v':
                line.action = Action::php_version;
                return line;
            case 'y':
                line.config_file = optarg;
                break;
            case 'p':
                line.prefix = optarg;
                break;
            case 'g':
                line.pid_file = optarg;
                break;
            case 't':
                ++line.tests;
                break;
            case 'R':
                line.allow_root = true;
                break;
            case 'O':
                line.force_stderr = true;
                break;
            case 'D':
                line.daemonize = true;
                break;
            case 'F':
                line.daemonize = false;
                break;
            case 'h':
                line.action = Action::help;
                return line;
            case '?':
                // getopt says '?' for whatever it does not know, and for the option of that name.
                line.action = std::string_view(argv[optind - 1]) == "-?" ? Action::help : Action::usage_error;
                return line;
            default:
                line.action = Action::usage_error;
                return line;
        }
    }
    if (optind < argc) line.action = Action::usage_error;
    return line;
}

std::string usage(const std::string& program) {
    // As in php-fpm: without a slash in its name the program is just "php".
    const std::size_t slash = program.rfind('/');
    return fmt::format("Usage: {}{}", slash == std::string::npos ? "php" : program.substr(slash + 1),
                       usage_rest);
}

}  // namespace phalanx::app
