#pragma once

#include <cstdint>

namespace phalanx::link {

/// Where the master stands in one run of its pump for one pool.
enum class MasterStep : std::uint8_t {
    look_for_idle,
    find_job,
    take_idle,
    put_back,
    send_job,
    watch_listener,
    clear_wake,
    check_rest,
    line_up_or_unwatch,
    give_ahead,
    count_ahead,
    set_wake,
    look_again,
    clear_wake_again,
    asleep,
};

/// The master's half of the hand-shake with the workers (its partner: worker_side.hpp): hands the waiting
/// connections to the idle workers until one of the two has run out.
///
/// Connections left, no worker: mostly (REFILL) the listener is not watched, workers serve themselves from it
/// and the master sleeps; the first worker that finds nothing to do and is not at the door, or sees a line,
/// wakes it, because `wake` is set before the bits are looked at a last time. Where connections would wait
/// for long (LINE) the listener stays watched and the master takes all of them into its line. While requests
/// wait there (those of kept connections have no other way) workers take nothing from the listener. Workers
/// that go through short requests get some of the line ahead, into their channels, while they are busy: a
/// worker looks there after a request because its `control` word has changed. Workers left, no connection:
/// the listener is watched, for those connections that come while no worker waits at the door. The kernel
/// tells one of all who wait, and that one may die or be stopped before it has accepted: after a death, and
/// at times, the master looks at the listener unasked.
///
/// Run it from look_for_idle to asleep after every event, every death and every wake-up (which first clears
/// `wake`; the wake-up descriptor is watched for edges and never read: each write is a wake-up of its own).
/// One operation on what the processes share per call.
template <typename Operations>
MasterStep advance(MasterStep step, Operations& master) {
    switch (step) {
        case MasterStep::look_for_idle:
            return master.choose_lowest_idle() ? MasterStep::find_job : MasterStep::check_rest;
        case MasterStep::find_job:
            return master.take_from_line() || master.accept_ready() ? MasterStep::take_idle
                                                                    : MasterStep::watch_listener;
        case MasterStep::take_idle:
            // Before the job is sent: the worker may be done and have set its bit again right after. Its bit
            // is gone where it has found a connection by itself meanwhile.
            return master.take_chosen_bit() ? MasterStep::send_job : MasterStep::put_back;
        case MasterStep::put_back:
            master.put_job_back();
            return MasterStep::look_for_idle;
        case MasterStep::send_job:
            // A job that cannot be sent goes back to the front of the line. A worker that receives nothing
            // more counts as leaving; one whose channel is full gets its bit back, and nothing for a moment.
            master.send_job();
            return MasterStep::look_for_idle;
        case MasterStep::watch_listener:
            master.watch_listener();
            return MasterStep::clear_wake;
        case MasterStep::clear_wake:
            master.store_wake(false);
            return MasterStep::asleep;
        case MasterStep::check_rest:
            // Nobody is idle, and nobody needs anybody to be: no reason to be woken by the next who is.
            return master.nobody_waits() ? MasterStep::clear_wake : MasterStep::line_up_or_unwatch;
        case MasterStep::line_up_or_unwatch:
            master.line_up_or_unwatch();
            return MasterStep::give_ahead;
        case MasterStep::give_ahead:
            return master.give_ahead() ? MasterStep::count_ahead : MasterStep::set_wake;
        case MasterStep::count_ahead:
            // After the job was sent: the worker finds it where it looks.
            master.count_ahead();
            return MasterStep::give_ahead;
        case MasterStep::set_wake:
            master.store_wake(true);
            return MasterStep::look_again;
        case MasterStep::look_again:
            return master.choose_lowest_idle() ? MasterStep::clear_wake_again : MasterStep::asleep;
        case MasterStep::clear_wake_again:
            master.store_wake(false);
            return MasterStep::look_for_idle;
        case MasterStep::asleep:
            break;
    }
    return MasterStep::asleep;
}

}  // namespace phalanx::link
