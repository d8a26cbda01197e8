#include "program_trial.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "phalanx/master/upgrade.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/shared_memory.hpp"
#include "staff.hpp"

namespace phalanx::master {
namespace {

/// As long as the reading of the configuration, which is part of it.
constexpr std::chrono::seconds trial_limit{30};
/// Of what the program says: notices and addresses of some ten thousand pools.
constexpr std::size_t most_bytes = 4 * 1024 * 1024;
constexpr std::size_t most_lines = 100;
/// At a time: more than a pipe holds.
constexpr int most_reads = 16;

/// "[26-Nov-2026 07:00:00] ERROR: text", as in any of our logs.
std::pair<log::Level, std::string_view> level_and_text(std::string_view line) {
    using Level = log::Level;
    constexpr std::array<std::pair<std::string_view, Level>, 5> names{{{"DEBUG: ", Level::debug},
                                                                       {"NOTICE: ", Level::notice},
                                                                       {"WARNING: ", Level::warning},
                                                                       {"ERROR: ", Level::error},
                                                                       {"ALERT: ", Level::alert}}};
    std::string_view text = line;
    if (text.starts_with('[') && text.find("] ") != std::string_view::npos)
        text.remove_prefix(text.find("] ") + 2);
    for (const auto& [name, level] : names) {
        if (text.starts_with(name)) return {level, text.substr(name.size())};
    }
    return {Level::error, line};
}

std::vector<std::string> addresses_in(std::string_view said) {
    std::vector<std::string> addresses;
    while (!said.empty()) {
        std::string_view line = said.substr(0, said.find('\n'));
        said.remove_prefix(std::min(said.size(), line.size() + 1));
        if (!line.starts_with(address_word)) continue;
        line.remove_prefix(address_word.size());
        addresses.emplace_back(line);
    }
    return addresses;
}

}  // namespace

void ProgramTrial::start(const std::string& program, std::vector<std::string> arguments,
                         std::vector<std::string> environment, std::uint64_t file_limit,
                         const MasterFacts& facts, Done done) {
    program_ = program;
    done_ = std::move(done);
    said_.clear();
    const auto fail = [this](const base::Error& why) {
        log_.error(why.text());
        end_with(TrialOutcome::failed);
    };
    auto pipe = os::make_pipe();
    if (!pipe) return fail(pipe.error());
    auto nothing = os::open_for_reading("/dev/null");
    if (!nothing) return fail(nothing.error());
    auto tried = os::make_empty_memory("phalanx configuration");
    if (!tried) return fail(tried.error());
    tried_ = *std::move(tried);
    // In front: behind "--" they would be no options.
    arguments.insert(arguments.begin() + (arguments.empty() ? 0 : 1), {"-O", "-t"});
    os::ProgramStart start;
    start.path = program;
    start.arguments = std::move(arguments);
    start.environment = std::move(environment);
    constexpr int place_of_tried = 3;
    start.environment.push_back(
        fmt::format("{}={}:{}:{}", trial_variable, place_of_tried, facts.pid, facts.nice_value));
    start.file_limit = file_limit;
    start.descriptors = {{nothing->get(), 0},
                         {pipe->write_end.get(), 1},
                         {pipe->write_end.get(), 2},
                         {tried_.get(), place_of_tried}};
    auto child = os::start_program(start);
    if (!child) return fail(child.error());
    child_ = *std::move(child);
    output_ = std::move(pipe->read_end);
    (void)os::set_non_blocking(output_.get());
    auto watch = loop_.watch(output_.get(), EPOLLIN, *this);
    if (!watch) return fail(watch.error());
    watch_ = *std::move(watch);
    timer_.start(trial_limit, [this] {
        log_.error(fmt::format("{} -t takes more than {} s and is ended", program_, trial_limit.count()));
        end_with(TrialOutcome::failed);
    });
}

void ProgramTrial::cancel() {
    done_ = nullptr;
    end_with(TrialOutcome::failed);
}

bool ProgramTrial::child_ended(const os::ChildEnd& end) {
    if (child_.pid == 0 || end.pid != child_.pid) return false;
    child_ = {};
    if (!done_) return true;
    read();
    const bool passed = end.how == os::ChildEnd::How::exited && end.status == 0;
    if (!passed) {
        say_what_it_said();
        log_.error(fmt::format("{} was replaced, and the new program fails its test (-t): it exited {}",
                               program_, describe_end(end)));
    }
    const bool knows = said_.find(upgrade_word) != std::string::npos;
    end_with(!passed ? TrialOutcome::failed : knows ? TrialOutcome::passed : TrialOutcome::foreign);
    return true;
}

void ProgramTrial::on_ready(std::uint32_t) {
    read();
}

void ProgramTrial::read() {
    std::array<char, 16'384> room;
    for (int i = 0; i < most_reads && output_; ++i) {
        const ssize_t size = ::read(output_.get(), room.data(), room.size());
        if (size < 0 && errno == EAGAIN) return;
        if (size <= 0) {
            watch_ = {};
            output_.reset();
            return;
        }
        const auto wanted = std::min(static_cast<std::size_t>(size), most_bytes - said_.size());
        said_.append(room.data(), wanted);
    }
}

void ProgramTrial::say_what_it_said() {
    std::string_view rest = said_;
    for (std::size_t i = 0; i < most_lines && !rest.empty(); ++i) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        // What it says to this program is not for people.
        if (line == upgrade_word || line.starts_with(address_word)) continue;
        const auto [level, text] = level_and_text(line);
        if (!text.empty()) log_.log(level, text);
    }
}

void ProgramTrial::end_with(TrialOutcome outcome) {
    TrialResult result{outcome, std::move(tried_), addresses_in(said_)};
    watch_ = {};
    output_.reset();
    timer_.cancel();
    said_ = {};
    if (child_.pidfd) (void)os::send_signal(child_.pidfd, SIGKILL);
    if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace phalanx::master
