#pragma once

namespace phalanx::php {

/// Takes PHP's time limit over from the engine (its zend_set_timeout and zend_unset_timeout, which the
/// library calls by name and finds in this program first). The engine starts its timer for each request and
/// stops it, by five system calls, though hardly a script lives for the tenth of a second that the timer's
/// own precision is worth. Here one timer goes on ticking through all of a worker's requests (only CPU time
/// counts, a worker that waits sees no tick), and the engine's own is started for a request that sees a tick.
/// A limit so holds to within a tick.
///
/// To be called in a worker; not where scripts can change signals.
void keep_time_by_ticks();

}  // namespace phalanx::php
