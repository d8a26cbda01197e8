#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/php/engine.hpp"
#include "phalanx/php/info.hpp"
#include "phalanx/worker/template.hpp"

// The worker program: PHP's home. The master starts it as a pool's template; an admin never has to. Its other
// modes answer php-fpm's options -i, -m and -v, and the configuration reader's questions about PHP values.
namespace phalanx::app {
namespace {

bool stay_who_we_are(void*) noexcept {
    return true;
}

int fail(std::string_view text) {
    fmt::print(stderr, "{}\n", text);
    return 70;
}

php::EngineOptions read_options(int argc, char** argv) {
    php::EngineOptions options;
    options.program = argv[0];
    // The mode stands in argv[1].
    optind = 2;
    for (int option = 0; (option = ::getopt(argc, argv, "nec:d:")) != -1;) {
        if (option == 'n') options.ignore_ini = true;
        if (option == 'e') options.extended_info = true;
        if (option == 'c') options.ini_path = optarg;
        if (option == 'd') options.defines.emplace_back(optarg);
    }
    return options;
}

/// Answers expressions from standard input until it ends; see PhpEvaluator in the master's program.
int evaluate() {
    for (std::string expression; std::getline(std::cin, expression, '\0');) {
        const auto value = php::evaluate_ini_value(expression);
        std::string answer = value ? "=" + *value : "!" + value.error().text();
        answer += '\0';
        if (!os::write_all(STDOUT_FILENO, answer)) return 70;
    }
    return 0;
}

int print(std::string_view text) {
    return os::write_all(STDOUT_FILENO, text) ? 0 : 70;
}

int run_helper_mode(std::string_view mode) {
    if (mode == "--evaluate") return evaluate();
    if (mode == "--version") return print(php::version_text());
    if (mode == "--modules") return print(php::modules_text());
    const auto info = php::info_text();
    return info ? print(*info) : fail(info.error().text());
}

int run(int argc, char** argv) {
    os::prepare_process_title(argc, argv);
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "--template") return worker::run_template(argv[0]);
    for (const std::string_view known : {"--evaluate", "--version", "--modules", "--info"}) {
        if (mode != known) continue;
        if (auto started = php::start_engine(read_options(argc, argv), &stay_who_we_are, nullptr); !started) {
            return fail(started.error().text());
        }
        const int code = run_helper_mode(mode);
        php::stop_engine();
        return code;
    }
    fmt::print(stderr, "This program runs PHP for phalanx, which starts it; see phalanx -h.\n");
    return 64;
}

}  // namespace
}  // namespace phalanx::app

int main(int argc, char** argv) {
    return phalanx::app::run(argc, argv);
}
