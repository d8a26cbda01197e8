#pragma once

#include "phalanx/master/options.hpp"
#include "phalanx/master/plan.hpp"

namespace phalanx::master {

/// Gives each pool of a plan its stamp (PoolPlan::stamp), so that a reload can tell which pools it changes.
/// Asks each worker program for its ini files and libraries and looks at all these files, and so may wait. A
/// pool whose program does not answer gets none: it counts as changed.
void stamp(Plan& plan, const Options& options);

}  // namespace phalanx::master
