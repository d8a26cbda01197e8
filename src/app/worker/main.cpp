#include <fcntl.h>
#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "phalanx/log/error_log.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/identity.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/os/unique_fd.hpp"
#include "phalanx/php/engine.hpp"
#include "phalanx/php/info.hpp"
#include "phalanx/worker/template.hpp"

// The worker program: PHP's home. The master starts it as a pool's template; an admin never has to. Its other
// modes answer php-fpm's options -i, -m and -v, and the configuration reader's questions about PHP values
// (--evaluate; --check says besides what PHP complains of while it starts).
namespace phalanx::app {
namespace {

bool stay_who_we_are(void*) noexcept {
    return true;
}

/// Nobody's rights are enough to say what ini values are worth: extensions are not loaded by root for that.
bool become_nobody(void*) noexcept {
    constexpr std::uint32_t nobody = 65534;
    if (::geteuid() != 0) return true;
    const pid_t asking = ::getppid();
    os::Identity identity;
    identity.uid = nobody;
    identity.gid = nobody;
    identity.groups = {nobody};
    // Refused where a container knows no such user: its root is none outside either.
    (void)os::become(identity);
    // Gone with the rights: an extension's start may hang, and who asks be ended for that.
    os::set_parent_death_signal(SIGKILL);
    if (::getppid() != asking) ::_exit(70);
    return true;
}

log::Level level_of(const php::Message& message) {
    return message.level == php::MessageLevel::error     ? log::Level::error
           : message.level == php::MessageLevel::warning ? log::Level::warning
                                                         : log::Level::notice;
}

/// What PHP says at its start, as lines of php-fpm's log.
void write_log_line(void*, const php::Message& message) noexcept {
    log::ErrorLog log;
    log.log(level_of(message), message.text);
}

/// The same where a pool's template will say it once more: it is told only if there will be none.
class HeldMessages {
  public:
    static void take(void* self, const php::Message& message) noexcept {
        static_cast<HeldMessages*>(self)->lines_.emplace_back(level_of(message), message.text);
    }
    void tell() const {
        log::ErrorLog log;
        for (const auto& [level, text] : lines_) log.log(level, text);
    }

  private:
    std::vector<std::pair<log::Level, std::string>> lines_;
};

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
int answer_expressions(int answers) {
    for (std::string expression; std::getline(std::cin, expression, '\0');) {
        const auto value = php::evaluate_ini_value(expression);
        std::string answer = value ? "=" + *value : "!" + value.error().text();
        answer += '\0';
        if (!os::write_all(answers, answer)) return 70;
    }
    return 0;
}

int print(std::string_view text) {
    return os::write_all(STDOUT_FILENO, text) ? 0 : 70;
}

int run_helper_mode(std::string_view mode) {
    if (mode == "--version") return print(php::version_text());
    if (mode == "--modules") return print(php::modules_text());
    const auto info = php::info_text();
    return info ? print(*info) : fail(info.error().text());
}

php::EngineOptions harmless_options(int argc, char** argv) {
    php::EngineOptions options = read_options(argc, argv);
    options.defines.emplace_back("opcache.preload=");  // a site's code is its pool's business
    return options;
}

/// Where answers go: what PHP displays of its start's troubles must not pass for one. Empty: out of
/// descriptors.
os::UniqueFd keep_answers_apart() {
    os::UniqueFd answers(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    const os::UniqueFd nothing(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!nothing || !os::place_at(nothing.get(), STDOUT_FILENO)) return {};
    return answers;
}

/// Starts PHP for a question of the master's program, and answers it.
int answer(int argc, char** argv, const std::function<int(int answers)>& question, bool tells_messages) {
    const php::EngineOptions options = harmless_options(argc, argv);
    const auto answers = keep_answers_apart();
    if (!answers) return fail("out of descriptors");
    HeldMessages held;
    if (!tells_messages) php::set_message_sink(&HeldMessages::take, &held);
    if (auto started = php::start_engine(options, &become_nobody, nullptr); !started) {
        held.tell();
        return fail(started.error().text());
    }
    const int code = question(answers.get());
    php::stop_engine();
    return code;
}

int tell_php_files(int answers) {
    return os::write_all(answers, php::php_files_text()) ? 0 : 70;
}

int run(int argc, char** argv) {
    os::prepare_process_title(argc, argv);
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "--template") return worker::run_template(argv[0]);
    php::set_message_sink(&write_log_line, nullptr);
    if (mode == "--php-files") return answer(argc, argv, tell_php_files, false);
    if (mode == "--evaluate" || mode == "--check")
        return answer(argc, argv, answer_expressions, mode == "--check");
    for (const std::string_view known : {"--version", "--modules", "--info"}) {
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
