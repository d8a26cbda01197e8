#pragma once

#include "handshake_state.hpp"

namespace phalanx::link::model {

/// Which names were exchanged to make a state equal to others that differ only in them.
struct Renamed {
    bool clients = false;
    bool workers = false;
};

/// States that differ only in who is who (clients 1 and 2, once they have connected; the workers, unless only
/// one is at the door), or in what matters to nobody any more, become one.
Renamed make_canonical(State& state);

}  // namespace phalanx::link::model
