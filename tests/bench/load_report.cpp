#include "bench/load_report.hpp"

#include <array>
#include <cstdio>
#include <utility>
#include <vector>

namespace phalanx::bench {
namespace {

using harness::LoadReport;

std::string decimal(double value) {
    std::array<char, 64> text;
    const int length = std::snprintf(text.data(), text.size(), "%.2f", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

/// Every number by its name, in the order it is shown.
std::vector<std::pair<std::string, std::string>> numbers(const LoadReport& report,
                                                         const std::optional<ServerUse>& use) {
    const auto quantile = [&](double share) {
        return std::to_string(report.latencies.quantile(share).count());
    };
    std::vector<std::pair<std::string, std::string>> all = {
        {"requests_per_second", decimal(report.per_second())},
        {"completed", std::to_string(report.completed)},
        {"errors", std::to_string(report.errors())},
        {"wrong", std::to_string(report.wrong)},
        {"broken", std::to_string(report.broken)},
        {"refused", std::to_string(report.refused)},
        {"unanswered", std::to_string(report.unanswered)},
        {"p50_us", quantile(0.5)},
        {"p90_us", quantile(0.9)},
        {"p99_us", quantile(0.99)},
        {"max_us", std::to_string(report.latencies.longest().count())},
    };
    if (use) {
        all.emplace_back("server_cpu_us_per_request", decimal(use->cpu_microseconds_per_request));
        all.emplace_back("server_switches_per_request", decimal(use->switches_per_request));
        all.emplace_back("server_processes", std::to_string(use->processes));
    }
    return all;
}

}  // namespace

ServerUse server_use(const harness::TreeUse& before, const harness::TreeUse& after,
                     const LoadReport& report) {
    const double requests = report.completed == 0 ? 1.0 : static_cast<double>(report.completed);
    const auto switches = after.voluntary_switches < before.voluntary_switches
                              ? 0  // processes that ended took theirs along
                              : after.voluntary_switches - before.voluntary_switches;
    return {static_cast<double>((after.cpu - before.cpu).count()) / requests,
            static_cast<double>(switches) / requests, after.processes};
}

std::string as_text(const LoadReport& report, const std::optional<ServerUse>& use) {
    std::string text;
    for (const auto& [name, value] : numbers(report, use))
        text += name + std::string(30 - name.size(), ' ') + value + "\n";
    return text;
}

std::string as_json(const LoadReport& report, const std::optional<ServerUse>& use) {
    std::string text = "{";
    for (const auto& [name, value] : numbers(report, use)) {
        text += (text.size() > 1 ? ", \"" : "\"") + name + "\": " + value;
    }
    return text + "}\n";
}

}  // namespace phalanx::bench
