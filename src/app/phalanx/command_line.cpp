#include "command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace phalanx::app {
namespace {

struct Option {
    char letter;
    std::string_view name;  ///< behind "--"
    bool takes_argument = false;
};

constexpr Option options[] = {
    {'c', "php-ini", true},
    {'n', "no-php-ini"},
    {'d', "define", true},
    {'e', "profile-info"},
    {'h', "help"},
    {'?', "usage"},
    {'i', "info"},
    {'m', "modules"},
    {'v', "version"},
    {'p', "prefix", true},
    {'g', "pid", true},
    {'y', "fpm-config", true},
    {'t', "test"},
    {'D', "daemonize"},
    {'F', "nodaemonize"},
    {'O', "force-stderr"},
    {'R', "allow-to-run-as-root"},
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

/// Takes options from the arguments in PHP's way, which is not getopt's: names are never cut short, a name
/// without an argument swallows "=value", "-yFILE" may be written "-y=FILE".
class OptionReader {
  public:
    enum class Next { option, end, fault };

    OptionReader(int argc, char** argv) : arguments_(argv + std::min(argc, 1), argv + argc) {}

    /// After Next::option, `letter()` and `argument()` are the option's.
    Next next() {
        if (!cluster_.empty()) return short_option();
        if (position_ == arguments_.size()) return Next::end;
        const std::string_view text = arguments_[position_];
        if (!text.starts_with('-')) return Next::end;
        ++position_;
        if (text == "--") return Next::end;
        if (text.starts_with("--")) return long_option(text.substr(2));
        cluster_ = text.substr(1);
        return cluster_.empty() ? Next::fault : short_option();
    }

    [[nodiscard]] bool has_words_left() const { return position_ < arguments_.size(); }
    [[nodiscard]] char letter() const { return letter_; }
    [[nodiscard]] const std::string& argument() const { return argument_; }

  private:
    Next short_option() {
        const auto* const option =
            std::find_if(std::begin(options), std::end(options),
                         [this](const Option& each) { return each.letter == cluster_.front(); });
        if (option == std::end(options)) return Next::fault;
        letter_ = option->letter;
        cluster_.remove_prefix(1);
        if (!option->takes_argument) return Next::option;
        if (cluster_.empty()) return separate_argument();
        if (cluster_.starts_with('=')) cluster_.remove_prefix(1);
        argument_ = std::exchange(cluster_, {});
        return Next::option;
    }

    Next long_option(std::string_view text) {
        const std::size_t sign = text.find('=');
        const std::string_view name = text.substr(0, sign);
        const auto* const option = std::find_if(std::begin(options), std::end(options),
                                                [name](const Option& each) { return each.name == name; });
        if (option == std::end(options)) return Next::fault;
        letter_ = option->letter;
        if (sign == std::string_view::npos)
            return option->takes_argument ? separate_argument() : Next::option;
        argument_ = text.substr(sign + 1);
        return argument_.empty() ? Next::fault : Next::option;
    }

    Next separate_argument() {
        if (position_ == arguments_.size()) return Next::fault;
        argument_ = arguments_[position_++];
        return Next::option;
    }

    std::vector<std::string_view> arguments_;
    std::size_t position_ = 0;
    std::string_view cluster_;  ///< letters behind one "-" that were not looked at yet
    char letter_ = 0;
    std::string argument_;
};

/// False when nothing behind this option counts.
bool take_option(CommandLine& line, char letter, const std::string& argument) {
    using Action = CommandLine::Action;
    switch (letter) {
        case 'c':
            line.ini_path = argument;
            break;
        case 'n':
            line.ignore_ini = true;
            break;
        case 'd':
            line.ini_defines.push_back(argument);
            break;
        case 'e':
            line.extended_info = true;
            break;
        case 'i':
            line.action = Action::php_info;
            break;
        case 'm':
            line.action = Action::php_modules;
            return false;
        case 'v':
            line.action = Action::php_version;
            return false;
        case 'y':
            line.config_file = argument;
            break;
        case 'p':
            line.prefix = argument;
            break;
        case 'g':
            line.pid_file = argument;
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
        default:  // -h, -?
            line.action = Action::help;
            return false;
    }
    return true;
}

}  // namespace

CommandLine read_command_line(int argc, char** argv) {
    using Next = OptionReader::Next;
    CommandLine line;
    line.program = argc > 0 ? argv[0] : "";
    line.arguments.assign(argv, argv + argc);
    OptionReader reader(argc, argv);
    Next next = reader.next();
    for (; next == Next::option; next = reader.next()) {
        if (!take_option(line, reader.letter(), reader.argument())) return line;
    }
    // -i answers before words that are no options are noticed.
    const bool is_info = line.action == CommandLine::Action::php_info;
    if (next == Next::fault || (reader.has_words_left() && !is_info))
        line.action = CommandLine::Action::usage_error;
    return line;
}

std::string usage(const std::string& program) {
    // As in php-fpm: without a slash in its name the program is just "php".
    const std::size_t slash = program.rfind('/');
    return fmt::format("Usage: {}{}", slash == std::string::npos ? "php" : program.substr(slash + 1),
                       usage_rest);
}

}  // namespace phalanx::app
