#include "compat/command_comparison.hpp"

namespace phalanx::compat {
namespace {

using harness::DaemonProgram;
using harness::Outcome;

const std::vector<Mask> kMasks = {
    {"[LOG TIME]", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\\]"},
    {"(built: SOME DAY)", "\\(built: [^)]*\\)"},
};

const std::vector<Mask> kOfTheMoment = {
    {"OWN PLACE", "Configuration File [(]php.ini[)] Path => [^\n]*"},
    {"TIME", "REQUEST_TIME(_FLOAT)?'\\] => [0-9.]+"},
    {"STRINGS", "Interned Strings (Used|Free) memory => [0-9]+"},
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
    std::string text = code + "output:\n" + outcome.output + "errors:\n" + outcome.errors;
    const std::string base = program.path.filename().string();
    for (const std::string& own : {program.path.string(), base}) {
        for (std::size_t at = 0; (at = text.find(own + " ", at)) != text.npos; at += 7) {
            text.replace(at, own.size(), "PROGRAM");
        }
    }
    if (parts == Compared::Info) text = masked(text, kOfTheMoment);
    return masked(without_additions(text), kMasks);
}

std::vector<std::string> replaced_in(std::vector<std::string> texts, const std::string& what,
                                     const std::string& with) {
    for (std::string& text : texts) {
        for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
            text.replace(at, what.size(), with);
    }
    return texts;
}

std::string result_of(const DaemonProgram& program, const std::vector<std::string>& arguments,
                      Compared parts) {
    std::vector<std::string> command{program.path.string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return described(program, harness::run(command), parts);
}

/// By way of a shell, which can be told the folder and the name.
Outcome run_by_shell(const DaemonProgram& program, const std::string& folder, const std::string& called,
                     const std::vector<std::string>& arguments) {
    std::vector<std::string> command{
        "/bin/bash",
        "-c",
        "cd \"$1\"; program=$2; called=$3; shift 3; exec -a \"$called\" \"$program\" \"$@\"",
        "compare",
        folder,
        program.path.string(),
        called};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return harness::run(command);
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

void compare_commands(const CommandFiles& files, const std::vector<std::vector<std::string>>& commands) {
    SKIP_UNLESS_BOTH();
    const harness::TempDir folder;
    for (const auto& [name, text] : files.texts) folder.write(name, text);
    for (const auto& command : commands) {
        const std::string path = folder.path().string();
        const auto result = [&](const DaemonProgram& program) {
            const Outcome outcome =
                run_by_shell(program, path, program.path.string(), replaced_in(command, "{files}", path));
            return described(program, outcome, Compared::Everything);
        };
        EXPECT_EQ(result(*harness::installed_php_fpm()), result(*harness::driven_daemon()))
            << "command: " << testing::PrintToString(command);
    }
}

void compare_command_called(const std::string& called, const std::vector<std::string>& arguments) {
    const auto result = [&](const DaemonProgram& program) {
        return described(program, run_by_shell(program, "/", called, arguments), Compared::Everything);
    };
    EXPECT_EQ(result(*harness::installed_php_fpm()), result(*harness::driven_daemon()))
        << "called: " << called;
}

harness::ConfigFile config_of(const ConfigCase& one) {
    harness::ConfigFile config = good_config();
    apply(config.global(), one.global);
    apply(config.pool("www"), one.pool);
    return config;
}

void compare_config(const ConfigCase& one, const std::string& option) {
    const harness::TempDir files;
    const harness::ConfigFile config = config_of(one);
    const auto path = files.write("php-fpm.conf", one.text.empty() ? config.text() : one.text);
    compare_command(one.name, {"-n", option, "-y", path.string()});
}

}  // namespace phalanx::compat
