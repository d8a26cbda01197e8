#include <fmt/format.h>

#include <cstdio>

#include "command_line.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/process.hpp"
#include "start.hpp"
#include "worker_program.hpp"

// The master's program: php-fpm's command line in front of the room `master`.
int main(int argc, char** argv) {
    using namespace phalanx;
    using Action = app::CommandLine::Action;
    // Else a log or a socket would get one of these numbers, and be taken for standard error.
    if (!os::fill_standard_descriptors()) return app::exit_software;
    os::prepare_process_title(argc, argv);
    const app::CommandLine line = app::read_command_line(argc, argv);
    switch (line.action) {
        case Action::serve:
            return app::start(line);
        case Action::help:
            fmt::print("{}", app::usage(line.program));
            return 0;
        case Action::usage_error:
            fmt::print("{}", app::usage(line.program));
            return app::exit_usage;
        case Action::php_info:
            return app::become_worker_program("--info", line);
        case Action::php_modules:
            return app::become_worker_program("--modules", line);
        case Action::php_version:
            return app::become_worker_program("--version", line);
    }
    return app::exit_usage;
}
