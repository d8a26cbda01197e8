#include "compat/command_comparison.hpp"

namespace phalanx::compat {
namespace {

using harness::DaemonProgram;
using harness::Outcome;

const std::vector<Mask> kMasks = {
    {"[LOG TIME]", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\\]"},
    {"(built: SOME DAY)", "\\(built: [^)]*\\)"},
};

/// What Phalanx says more, and meant to: hints after php-fpm's own lines, and its version.
std::string without_additions(const std::string& text) {
    return masked(text, {{"",
                          "\\[[^]]*\\] ERROR: \\[[^]]*\\] (the nearest known directive is|'[^']*' belongs to "
                          "the section)[^\n]*\n"},
                         {"", " \\(Phalanx [^)]*\\)"},
                         // php-fpm names neither the file nor the line of a syntax error.
                         {"PHP:", "\\[[^]]*\\] ERROR: PHP:"},
                         {"in FILE on line N", "in [^\n]* on line [0-9]+"}});
}

std::string described(const DaemonProgram& program, const Outcome& outcome, Compared parts) {
    const std::string code = "exit code " + std::to_string(outcome.status.code) + "\n";
    if (parts == Compared::ExitCodeOnly) return code;
    std::string text = code + outcome.output.substr(0, outcome.output.find('\n'));
    if (parts == Compared::Everything)
        text = code + "output:\n" + outcome.output + "errors:\n" + outcome.errors;
    const std::string base = program.path.filename().string();
    for (const std::string& own : {program.path.string(), base}) {
        for (std::size_t at = 0; (at = text.find(own + " ", at)) != text.npos; at += 7) {
            text.replace(at, own.size(), "PROGRAM");
        }
    }
    return masked(without_additions(text), kMasks);
}

std::string result_of(const DaemonProgram& program, const std::vector<std::string>& arguments,
                      Compared parts) {
    std::vector<std::string> command{program.path.string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return described(program, harness::run(command), parts);
}

harness::ConfigFile good_config() {
    harness::ConfigFile config;
    config.global().set("error_log", "/dev/null");
    config.pool("www").set("listen", "/nonexistent/www.sock").set("user", "www-data").set("pm", "static");
    config.pool("www").set("pm.max_children", "2");
    return config;
}

void apply(harness::Section& section, const std::vector<std::pair<std::string, std::string>>& entries) {
    for (const auto& [key, value] : entries) {
        if (value == "{none}") {
            section.remove(key);
        } else {
            section.set(key, value);
        }
    }
}

}  // namespace

void compare_command(const std::string& name, const std::vector<std::string>& arguments, Compared parts) {
    EXPECT_EQ(result_of(*harness::installed_php_fpm(), arguments, parts),
              result_of(*harness::driven_daemon(), arguments, parts))
        << "command: " << name;
}

void compare_config(const ConfigCase& one, const std::string& option) {
    const harness::TempDir files;
    harness::ConfigFile config = good_config();
    apply(config.global(), one.global);
    apply(config.pool("www"), one.pool);
    const auto path = files.write("php-fpm.conf", one.text.empty() ? config.text() : one.text);
    compare_command(one.name, {"-n", option, "-y", path.string()});
}

}  // namespace phalanx::compat
