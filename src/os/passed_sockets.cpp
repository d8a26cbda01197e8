#include "phalanx/os/passed_sockets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "phalanx/base/parse.hpp"
#include "phalanx/os/service_manager.hpp"
#include "socket_option.hpp"

namespace phalanx::os {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START
/// More than any service has sockets: what a number in the environment may make us do has an end.
constexpr std::uint64_t most_passed = 65'536;
/// php-fpm's limit of variables, each of which names up to 128 sockets.
constexpr int most_fpm_variables = 256;
constexpr std::size_t most_per_variable = 128;
constexpr const char* fpm_variable = "FPM_SOCKETS";
/// Ours, to go with it: FD=NAME:FD=NAME (systemd allows no colon in names).
constexpr const char* names_variable = "PHALANX_SOCKETS";

/// A descriptor that was passed, by what name.
struct Passed {
    int fd;
    std::string name;
};

std::optional<std::string> take_variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    std::string text = value;
    ::unsetenv(name.c_str());
    return text;
}

/// The part up to the next divider, which both leave the text.
std::string_view take_part(std::string_view& text, char divider) {
    const std::string_view part = text.substr(0, text.find(divider));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    return part;
}

std::vector<Passed> by_service_manager() {
    const auto pid = take_variable("LISTEN_PID");
    const auto count = take_variable("LISTEN_FDS");
    const auto names = take_variable("LISTEN_FDNAMES");
    std::vector<Passed> passed;
    if (!pid || !count || base::parse_unsigned(*pid) != static_cast<std::uint64_t>(::getpid())) return passed;
    const std::uint64_t number = std::min(base::parse_unsigned(*count).value_or(0), most_passed);
    std::string_view rest = names ? std::string_view(*names) : std::string_view();
    for (std::uint64_t i = 0; i < number; ++i) {
        std::string name(take_part(rest, ':'));
        // What systemd calls those that it has no name for.
        if (name == "unknown") name.clear();
        passed.push_back({first_passed + static_cast<int>(i), std::move(name)});
    }
    return passed;
}

std::string numbered(const char* variable, std::size_t number) {
    return number == 0 ? variable : fmt::format("{}_{}", variable, number);
}

std::map<int, std::string> names_by_former_self() {
    std::map<int, std::string> names;
    for (std::size_t i = 0; i < most_fpm_variables; ++i) {
        const auto list = take_variable(numbered(names_variable, i));
        if (!list) break;
        std::string_view rest = *list;
        while (!rest.empty()) {
            std::string_view name = take_part(rest, ':');
            const auto number = base::parse_unsigned(take_part(name, '='));
            if (number && *number <= INT_MAX) names.emplace(static_cast<int>(*number), name);
        }
    }
    return names;
}

std::vector<Passed> by_php_fpm() {
    std::vector<Passed> passed;
    std::map<int, std::string> names = names_by_former_self();
    for (std::size_t i = 0; i < most_fpm_variables; ++i) {
        const auto list = take_variable(numbered(fpm_variable, i));
        if (!list) break;
        std::string_view rest = *list;
        while (!rest.empty()) {
            const std::string_view entry = take_part(rest, ',');
            const auto number = base::parse_unsigned(entry.substr(entry.rfind('=') + 1));
            if (number && *number >= first_passed && *number <= INT_MAX)
                passed.push_back({static_cast<int>(*number), names[static_cast<int>(*number)]});
        }
    }
    return passed;
}

bool is_listening(int fd) {
    const int family = socket_option(fd, SO_DOMAIN);
    const bool known = family == AF_UNIX || family == AF_INET || family == AF_INET6;
    return known && socket_option(fd, SO_TYPE) == SOCK_STREAM && socket_option(fd, SO_ACCEPTCONN) == 1;
}

}  // namespace

PassedSockets take_passed_sockets() {
    std::vector<Passed> all = by_service_manager();
    for (Passed& more : by_php_fpm()) {
        const bool known =
            std::any_of(all.begin(), all.end(), [&](const Passed& one) { return one.fd == more.fd; });
        if (!known) all.push_back(std::move(more));
    }
    PassedSockets result;
    for (Passed& passed : all) {
        if (::fcntl(passed.fd, F_SETFD, FD_CLOEXEC) != 0) continue;
        UniqueFd fd(passed.fd);
        if (!is_listening(fd.get())) {
            result.complaints.push_back(fmt::format(
                "descriptor {} ({}) was passed to this program and is closed: it is no socket that "
                "listens",
                passed.fd, passed.name));
            continue;
        }
        const auto owner = is_stored_name(passed.name) ? SocketFile::ours : SocketFile::lent;
        result.sockets.push_back({adopt_listener(std::move(fd), owner), std::move(passed.name)});
    }
    return result;
}

std::vector<std::string> variables_for(const std::vector<SocketToPass>& sockets) {
    std::vector<std::string> variables;
    for (std::size_t begin = 0; begin < sockets.size(); begin += most_per_variable) {
        std::string addresses;
        std::string names;
        for (std::size_t i = begin; i < std::min(sockets.size(), begin + most_per_variable); ++i) {
            const SocketToPass& socket = sockets[i];
            addresses += fmt::format("{}{}={}", addresses.empty() ? "" : ",", socket.address, socket.fd);
            names += fmt::format("{}{}={}", names.empty() ? "" : ":", socket.fd, socket.name);
        }
        const std::size_t number = begin / most_per_variable;
        variables.push_back(fmt::format("{}={}", numbered(fpm_variable, number), addresses));
        variables.push_back(fmt::format("{}={}", numbered(names_variable, number), names));
    }
    return variables;
}

}  // namespace phalanx::os
