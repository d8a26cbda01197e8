#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "handshake_system.hpp"

namespace phalanx::link::model {

/// What an exploration has found.
struct Findings {
    std::size_t states = 0;
    std::size_t steps = 0;           ///< transitions between them
    std::size_t depth = 0;           ///< of the last state
    std::string fault;               ///< empty: every state is right
    std::vector<std::string> trace;  ///< the shortest way to the fault: steps and states in words
    bool visited_worker_step[32] = {};
    bool visited_master_step[16] = {};
};

/// Visits every state that a system can reach, breadth first, so that the way to the first fault is a
/// shortest one. Then proves that from each of them the system can still come to rest, without help for a
/// stopped worker (else it could be caught in a circle for ever).
class Explorer {
  public:
    explicit Explorer(const System& system);
    /// Gives up, with a fault, when there are more than `most_states`.
    [[nodiscard]] Findings explore(const State& initial, std::size_t most_states);

  private:
    using Index = std::uint32_t;

    /// A place in the table, with as much of the state's hash as tells most others apart without a look at
    /// them.
    struct Place {
        Index index_plus_one = 0;  ///< 0: free
        std::uint32_t tag = 0;
    };

    /// The state's index, a new one where it was not known yet.
    Index insert(const State& state, std::uint64_t hash, Index parent);
    void grow_table();
    [[nodiscard]] Place& place_of(const State& state, std::uint64_t hash);
    /// So that the memory is here when they are inserted.
    void hash_successors();
    /// Empty, or what is wrong with the state or its lack of successors.
    [[nodiscard]] std::string_view expand(Index index);
    [[nodiscard]] bool every_state_can_come_to_rest() const;
    [[nodiscard]] std::vector<std::string> trace_to(Index last) const;

    const System& system_;
    std::vector<State> states_;
    std::vector<Index> parents_;
    std::vector<Place> table_;  ///< open addressing
    std::vector<Successor> found_;
    std::vector<std::uint64_t> hashes_;  ///< theirs
    std::vector<Index> edges_;           ///< targets, grouped by source in the order of states_
    std::vector<Index> ends_;            ///< per state: where its edges end
};

}  // namespace phalanx::link::model
