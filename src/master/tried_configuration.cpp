#include <unistd.h>

#include <string>

#include "diagnostic_codec.hpp"
#include "phalanx/base/parse.hpp"
#include "phalanx/master/upgrade.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/execution.hpp"
#include "phalanx/os/own_program.hpp"
#include "phalanx/os/shared_memory.hpp"

namespace phalanx::master {
namespace {

/// More than the largest configuration that can be loaded.
constexpr std::size_t most_bytes = std::size_t{1} << 30;

}  // namespace

std::optional<TrialOrder> take_trial_order() {
    auto passed = os::take_passed_descriptor(trial_variable, os::PassedKind::memory);
    if (!passed) return std::nullopt;
    const std::size_t colon = passed->rest.find(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto pid = base::parse_integer(passed->rest.substr(0, colon));
    const auto nice_value = base::parse_integer(passed->rest.substr(colon + 1));
    if (!pid || !nice_value) return std::nullopt;
    MasterFacts facts = facts_of_this_process();
    facts.pid = static_cast<pid_t>(*pid);
    facts.nice_value = static_cast<int>(*nice_value);
    return TrialOrder{std::move(passed->fd), facts};
}

base::Result<void> write_tried(const os::UniqueFd& file, const TriedConfiguration& tried) {
    base::FieldWriter writer;
    // Only the same program knows what the rest means.
    writer(os::running_program_mark());
    writer(tried.diagnostics);
    writer(static_cast<std::uint64_t>(tried.early));
    writer(encode(tried.plan));
    return os::write_all(file.get(),
                         {reinterpret_cast<const char*>(writer.bytes.data()), writer.bytes.size()});
}

std::vector<std::string> addresses_of(const Plan& plan) {
    std::vector<std::string> all;
    for (const PoolPlan& pool : plan.pools) {
        for (const ListenPlan* where : {&pool.listen, &pool.status_listen}) {
            std::string alternatives;
            for (const os::ListenAddress& address : where->addresses) {
                if (!alternatives.empty()) alternatives += address_separator;
                const bool is_path = address.kind == os::ListenAddress::Kind::unix_path;
                const bool is_anywhere = !is_path && address.host.empty();
                alternatives += is_anywhere ? std::to_string(address.port)
                                            : os::possible_names(std::span(&address, 1)).front();
            }
            if (!alternatives.empty()) all.push_back(std::move(alternatives));
        }
    }
    return all;
}

std::optional<TriedConfiguration> take_tried() {
    const auto passed = os::take_passed_descriptor(tried_variable, os::PassedKind::memory);
    if (!passed) return std::nullopt;
    const auto size = os::file_size(passed->fd.get(), most_bytes);
    if (!size || *size == 0) return std::nullopt;
    const auto memory = os::Mapping::map(passed->fd.get(), *size, os::Access::read_only);
    if (!memory) return std::nullopt;
    base::FieldReader reader(memory->bytes());
    std::string mark;
    reader(mark);
    if (mark.empty() || mark != os::running_program_mark()) return std::nullopt;
    TriedConfiguration tried;
    std::uint64_t early = 0;
    std::vector<std::byte> plan_bytes;
    reader(tried.diagnostics);
    reader(early);
    reader(plan_bytes);
    if (!reader.whole() || early > tried.diagnostics.size()) return std::nullopt;
    auto plan = decode_plan(plan_bytes);
    if (!plan) return std::nullopt;
    tried.early = static_cast<std::size_t>(early);
    tried.plan = *std::move(plan);
    return tried;
}

}  // namespace phalanx::master
