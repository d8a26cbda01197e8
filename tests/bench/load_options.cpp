#include "bench/load_options.hpp"

#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>

namespace phalanx::bench {
namespace {

using harness::ConnectionUse;
using harness::milliseconds;

/// What is collected before the request can be made from it.
struct Wishes {
    std::string server;
    std::string script;
    std::string query;
    std::uint64_t clients = 1;
    std::uint64_t milliseconds_long = 5'000;
    std::uint64_t requests = 0;
    std::uint64_t post_bytes = 0;
    std::optional<std::uint64_t> body_size;
    std::uint64_t answer_deadline = 10'000;
    std::uint64_t master = 0;
    bool keep = false;
    bool json = false;
};

std::uint64_t number(const std::string& text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
        throw std::runtime_error("'" + text + "' is not a number from " + std::to_string(least) + " to " +
                                 std::to_string(most));
    }
    return value;
}

Wishes read(const std::vector<std::string>& arguments) {
    Wishes wishes;
    const auto longest = static_cast<std::uint64_t>(kLongestRun.count());
    using Reader = std::function<void(const std::string&)>;
    const std::map<std::string, Reader> with_value = {
        {"--server", [&](const auto& text) { wishes.server = text; }},
        {"--script", [&](const auto& text) { wishes.script = text; }},
        {"--query", [&](const auto& text) { wishes.query = text; }},
        {"--clients", [&](const auto& text) { wishes.clients = number(text, 1, 10'000); }},
        {"--milliseconds", [&](const auto& text) { wishes.milliseconds_long = number(text, 1, longest); }},
        {"--requests", [&](const auto& text) { wishes.requests = number(text, 1, 1'000'000'000); }},
        {"--post", [&](const auto& text) { wishes.post_bytes = number(text, 1, 1 << 30); }},
        {"--expect-body", [&](const auto& text) { wishes.body_size = number(text, 0, 1 << 30); }},
        {"--answer-milliseconds",
         [&](const auto& text) { wishes.answer_deadline = number(text, 1, longest); }},
        {"--master", [&](const auto& text) { wishes.master = number(text, 2, 1 << 22); }},
    };
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto known = with_value.find(arguments[i]);
        if (arguments[i] == "--keep") {
            wishes.keep = true;
        } else if (arguments[i] == "--json") {
            wishes.json = true;
        } else if (known == with_value.end()) {
            throw std::runtime_error("unknown option '" + arguments[i] + "'");
        } else if (++i == arguments.size()) {
            throw std::runtime_error(known->first + " needs a value");
        } else {
            known->second(arguments[i]);
        }
    }
    if (wishes.server.empty() || wishes.script.empty())
        throw std::runtime_error("--server and --script are needed");
    return wishes;
}

harness::Request request_for(const Wishes& wishes) {
    const std::size_t slash = wishes.script.rfind('/');
    if (slash == std::string::npos) throw std::runtime_error("--script needs an absolute path");
    const std::string target = wishes.script.substr(slash) + (wishes.query.empty() ? "" : "?" + wishes.query);
    harness::Request request =
        harness::make_request(wishes.post_bytes > 0 ? "POST" : "GET", wishes.script.substr(0, slash), target);
    if (wishes.post_bytes > 0) request.with_body(std::string(wishes.post_bytes, 'x'));
    return request;
}

}  // namespace

std::string usage() {
    return "phalanx_load --server ADDRESS --script FILE [--query TEXT] [--clients N] [--keep]\n"
           "             [--milliseconds N] [--requests N] [--answer-milliseconds N]\n"
           "             [--post BYTES] [--expect-body BYTES] [--master PID] [--json]\n"
           "Loads a FastCGI server from one thread. ADDRESS is /path, 127.0.0.1:PORT or [::1]:PORT. The run "
           "ends after\n"
           "the time (5000 ms) or the number of requests, whichever comes first. Without --keep every "
           "request has a\n"
           "connection of its own. --master adds the CPU time of that process and all its descendants.\n";
}

std::variant<LoadOptions, std::string> parse_options(const std::vector<std::string>& arguments) try {
    const Wishes wishes = read(arguments);
    LoadOptions options;
    options.master = static_cast<pid_t>(wishes.master);
    options.json = wishes.json;
    harness::LoadPlan& plan = options.plan;
    plan.server = harness::Address::parse(wishes.server);
    plan.request = request_for(wishes);
    plan.clients = wishes.clients;
    plan.use = wishes.keep ? ConnectionUse::Kept : ConnectionUse::Short;
    plan.duration = milliseconds(wishes.milliseconds_long);
    plan.answer_deadline = milliseconds(wishes.answer_deadline);
    if (wishes.requests > 0) plan.requests = wishes.requests;
    if (wishes.body_size) plan.body_size = *wishes.body_size;
    return options;
} catch (const std::runtime_error& error) {
    return std::string(error.what());
}

}  // namespace phalanx::bench
