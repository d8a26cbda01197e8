#include "handshake_explorer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace phalanx::link::model {
namespace {

std::uint64_t hash_of(const State& state) {
    std::uint64_t words[(sizeof(State) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)] = {};
    std::memcpy(words, &state, sizeof state);
    std::uint64_t hash = 0;
    for (const std::uint64_t word : words) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29U;
    }
    return hash ^ hash >> 32U;
}

std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32U);
}

bool equal(const State& left, const State& right) {
    return std::memcmp(&left, &right, sizeof left) == 0;
}

}  // namespace

Explorer::Explorer(const System& system) : system_(system), table_(std::size_t{1} << 16U) {}

Findings Explorer::explore(const State& initial, std::size_t most_states) {
    Findings findings;
    insert(initial, hash_of(initial), 0);
    Index level_end = 1;
    for (Index next = 0; next < states_.size() && findings.fault.empty(); ++next) {
        if (next == level_end) {
            ++findings.depth;
            level_end = static_cast<Index>(states_.size());
        }
        const State& state = states_[next];
        for (const Worker& worker : state.worker) {
            findings.visited_worker_step[static_cast<std::size_t>(worker.step)] = true;
        }
        findings.visited_master_step[static_cast<std::size_t>(state.step)] = true;
        findings.fault = expand(next);
        if (!findings.fault.empty()) findings.trace = trace_to(next);
        if (states_.size() > most_states) findings.fault = "more states than expected";
    }
    findings.states = states_.size();
    findings.steps = edges_.size();
    if (findings.fault.empty() && !every_state_can_come_to_rest()) {
        findings.fault = "the system can run in circles and never come to rest";
    }
    return findings;
}

Explorer::Index Explorer::insert(const State& state, std::uint64_t hash, Index parent) {
    Place& place = place_of(state, hash);
    if (place.index_plus_one != 0) return place.index_plus_one - 1;
    const auto index = static_cast<Index>(states_.size());
    place = {index + 1, tag_of(hash)};
    states_.push_back(state);
    parents_.push_back(parent);
    if (states_.size() * 2 > table_.size()) grow_table();
    return index;
}

void Explorer::grow_table() {
    table_.assign(table_.size() * 2, {});
    for (Index i = 0; i < states_.size(); ++i) {
        const std::uint64_t hash = hash_of(states_[i]);
        place_of(states_[i], hash) = {i + 1, tag_of(hash)};
    }
}

Explorer::Place& Explorer::place_of(const State& state, std::uint64_t hash) {
    const std::size_t mask = table_.size() - 1;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t place = hash & mask;; place = (place + 1) & mask) {
        Place& here = table_[place];
        if (here.index_plus_one == 0) return here;
        if (here.tag == tag && equal(states_[here.index_plus_one - 1], state)) return here;
    }
}

void Explorer::hash_successors() {
    hashes_.clear();
    for (const Successor& successor : found_) {
        hashes_.push_back(hash_of(successor.state));
        __builtin_prefetch(&table_[hashes_.back() & (table_.size() - 1)]);
    }
}

std::string_view Explorer::expand(Index index) {
    const State state = states_[index];
    if (const auto wrong = System::fault(state); !wrong.empty()) return wrong;
    system_.successors(state, found_);
    hash_successors();
    bool at_end = true;
    for (std::size_t i = 0; i < found_.size(); ++i) {
        const Index target = insert(found_[i].state, hashes_[i], index);
        if (may_never_come(found_[i].action)) continue;
        at_end = false;
        edges_.push_back(target);
    }
    ends_.push_back(static_cast<Index>(edges_.size()));
    return at_end ? System::fault_at_end(state) : std::string_view();
}

bool Explorer::every_state_can_come_to_rest() const {
    std::vector<char> rests(states_.size(), 0);
    // Breadth-first order lies nearly against the edges: a few passes from the back settle it.
    for (bool changed = true; std::exchange(changed, false);) {
        for (std::size_t i = states_.size(); i-- > 0;) {
            if (rests[i] != 0) continue;
            const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
            const auto first = edges_.begin() + static_cast<std::ptrdiff_t>(begin);
            const auto last = edges_.begin() + static_cast<std::ptrdiff_t>(ends_[i]);
            if (first != last && std::none_of(first, last, [&](Index to) { return rests[to] != 0; }))
                continue;
            rests[i] = 1;
            changed = true;
        }
    }
    return std::find(rests.begin(), rests.end(), 0) == rests.end();
}

std::vector<std::string> Explorer::trace_to(Index last) const {
    std::vector<Index> way{last};
    while (way.back() != 0) way.push_back(parents_[way.back()]);
    std::reverse(way.begin(), way.end());
    std::vector<std::string> trace{describe(states_[0])};
    std::vector<Successor> steps;
    for (std::size_t i = 1; i < way.size(); ++i) {
        system_.successors(states_[way[i - 1]], steps);
        const auto taken = std::find_if(steps.begin(), steps.end(), [&](const Successor& step) {
            return equal(step.state, states_[way[i]]);
        });
        trace.push_back(describe(*taken) + "\n" + describe(taken->state));
    }
    return trace;
}

}  // namespace phalanx::link::model
