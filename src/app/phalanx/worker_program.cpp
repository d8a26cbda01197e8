#include "worker_program.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/process.hpp"

namespace phalanx::app {
namespace {

constexpr const char* worker_program_name = "phalanx-php8.2";

/// The worker program's arguments for a helper mode.
std::vector<std::string> helper_arguments(const std::string& program, const std::string& mode,
                                          const CommandLine& line) {
    std::vector<std::string> arguments{program, mode};
    if (line.ignore_ini) arguments.emplace_back("-n");
    if (line.extended_info) arguments.emplace_back("-e");
    if (!line.ini_path.empty()) arguments.insert(arguments.end(), {"-c", line.ini_path});
    for (const std::string& define : line.ini_defines) arguments.insert(arguments.end(), {"-d", define});
    return arguments;
}

}  // namespace

base::Result<std::string> find_worker_program() {
    const std::string own = os::own_program_path();
    const std::string folder = own.substr(0, own.rfind('/'));
    const std::array<std::string, 2> candidates{folder + "/" + worker_program_name,
                                                folder + "/../lib/phalanx/" + worker_program_name};
    for (const std::string& candidate : candidates) {
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return base::Error{fmt::format("the program that runs PHP was found neither at {} nor at {}",
                                   candidates[0], candidates[1])};
}

int become_worker_program(const std::string& mode, const CommandLine& line) {
    const auto program = find_worker_program();
    if (!program) {
        fmt::print(stderr, "{}\n", program.error().text());
        return 70;
    }
    const auto arguments = helper_arguments(*program, mode, line);
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ::execv(program->c_str(), pointers.data());
    fmt::print(stderr, "{}\n", base::system_error("failed to execute " + *program).text());
    return 70;
}

base::Result<std::string> list_php_files(const std::string& program, const CommandLine& line) {
    auto pipe = os::make_pipe();
    if (!pipe) return pipe.error();
    const auto nothing = os::open_for_reading("/dev/null");
    if (!nothing) return nothing.error();
    os::ProgramStart start;
    start.path = program;
    start.arguments = helper_arguments(program, "--php-files", line);
    start.environment = os::environment_list();
    start.descriptors = {{nothing->get(), 0}, {pipe->write_end.get(), 1}, {2, 2}};
    auto child = os::start_program(start);
    if (!child) return child.error();
    pipe->write_end.reset();
    std::string text;
    std::array<char, 4096> room;
    for (ssize_t size = 0; (size = ::read(pipe->read_end.get(), room.data(), room.size())) != 0;) {
        if (size > 0) text.append(room.data(), static_cast<std::size_t>(size));
        if (size < 0 && errno != EINTR) break;
    }
    int status = 0;
    while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return base::Error{program + " --php-files failed"};
    return text;
}

struct PhpEvaluator::Helper {
    os::Child child;
    os::UniqueFd questions;
    os::UniqueFd answers;
};

PhpEvaluator::PhpEvaluator(const CommandLine& line) : line_(line) {}

PhpEvaluator::~PhpEvaluator() {
    if (!helper_) return;
    helper_->questions.reset();
    while (::waitpid(helper_->child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

base::Result<void> PhpEvaluator::start() {
    const auto program = find_worker_program();
    if (!program) return program.error();
    auto questions = os::make_pipe();
    if (!questions) return questions.error();
    auto answers = os::make_pipe();
    if (!answers) return answers.error();
    os::ProgramStart start;
    start.path = *program;
    start.arguments = helper_arguments(*program, line_.tests > 0 ? "--check" : "--evaluate", line_);
    start.environment = os::environment_list();
    start.descriptors = {{questions->read_end.get(), 0}, {answers->write_end.get(), 1}, {2, 2}};
    auto child = os::start_program(start);
    if (!child) return child.error();
    helper_ = std::make_unique<Helper>(
        Helper{*std::move(child), std::move(questions->write_end), std::move(answers->read_end)});
    return {};
}

base::Result<std::string> PhpEvaluator::evaluate(std::string_view expression) {
    if (!helper_) {
        if (auto started = start(); !started) return started.error();
    }
    // Question and answer each end in a zero byte; an answer begins with '=' or, an error, with '!'.
    std::string question(expression);
    question += '\0';
    if (auto asked = os::write_all(helper_->questions.get(), question); !asked) return asked.error();
    std::string answer;
    for (char byte = 1; byte != 0;) {
        const ssize_t size = ::read(helper_->answers.get(), &byte, 1);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return base::Error{"PHP could not be started to evaluate the value"};
        if (byte != 0) answer += byte;
    }
    if (answer.starts_with('=')) return answer.substr(1);
    return base::Error{answer.substr(answer.empty() ? 0 : 1)};
}

}  // namespace phalanx::app
