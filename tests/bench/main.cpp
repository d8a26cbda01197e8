#include <cstdio>
#include <exception>

#include "bench/load_options.hpp"
#include "bench/load_report.hpp"

namespace {

constexpr int kUsageError = 64;

int run(const phalanx::bench::LoadOptions& options) {
    using namespace phalanx;
    const harness::TreeUse before =
        options.master != 0 ? harness::tree_use(options.master) : harness::TreeUse{};
    const harness::LoadReport report = harness::run_load(options.plan);
    std::optional<bench::ServerUse> use;
    if (options.master != 0) use = bench::server_use(before, harness::tree_use(options.master), report);
    std::fputs((options.json ? bench::as_json(report, use) : bench::as_text(report, use)).c_str(), stdout);
    if (!report.first_wrong.empty())
        std::fprintf(stderr, "first wrong answer: %s\n", report.first_wrong.c_str());
    return report.errors() == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) try {
    const auto parsed = phalanx::bench::parse_options({arguments + 1, arguments + count});
    if (const auto* options = std::get_if<phalanx::bench::LoadOptions>(&parsed)) return run(*options);
    std::fprintf(stderr, "%s\n%s", std::get<std::string>(parsed).c_str(), phalanx::bench::usage().c_str());
    return kUsageError;
} catch (const std::exception& error) {
    std::fprintf(stderr, "phalanx_load: %s\n", error.what());
    return 70;
}
