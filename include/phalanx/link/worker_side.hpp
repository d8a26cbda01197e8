#pragma once

#include <cstdint>

namespace phalanx::link {

/// What a worker found in its channel.
enum class Inbox : std::uint8_t {
    nothing,  ///< no message (or a signal interrupted the wait)
    job,      ///< a connection with a request
    recheck,  ///< the master took a job back that lay here too long: announce yourself again
    settled,  ///< a control message that has been carried out (a new log descriptor)
    leave,    ///< the master asks the worker to go, or its end of the channel is closed
};

/// What ended an idle worker's wait.
enum class Came : std::uint8_t {
    nothing,     ///< a signal, or a kept connection's next request that has not come in time
    message,     ///< something lies in its channel
    connection,  ///< somebody has connected to the listener, and perhaps this worker alone was told
    request,     ///< the next one of the kept connection that is still in its hands
};

/// The outcome of a worker's own accept.
enum class Found : std::uint8_t { none, request, given_back };

/// Where a worker stands between two requests.
enum class WorkerStep : std::uint8_t {
    check_control,
    drain_control,
    check_line,
    check_watch,
    accept,
    announce_idle,
    check_wake,
    check_need,
    check_others,
    wake_master,
    let_go,
    wait,
    receive,
    accept_idle,
    check_door,
    claim,
    hand_on,
    serve,
    close_inbox,
    drain_inbox,
    serve_last,
    gone,
};

/// The worker's half of the hand-shake with the dispatcher (its partner: master_side.hpp): a worker serves
/// itself from the listener while nobody watches that and nobody waits in the master's line, else it
/// announces itself idle. Idle, it waits for the master's jobs, for the next request of a kept connection
/// that it has just served, and (one of the first workers of its pool) at the door: for connections, of
/// which the kernel tells one waiting worker each and the master only where no worker waits. What it finds
/// by itself it may serve once it has taken its own idle bit back. Where that is gone a job is on its way:
/// the connection goes to the master.
///
/// Each call does exactly one operation on what the processes share and names the next step, so that a test
/// can interleave workers, master, crashes and stops at every point and the program runs the very same
/// transitions. Order matters: the idle bit is set before `wake` is read, while the master writes `wake`
/// before it looks at the bits again; with sequentially consistent accesses one of the two sees the other.
template <typename Operations>
WorkerStep advance(WorkerStep step, Operations& worker) {
    switch (step) {
        case WorkerStep::check_control:
            return worker.control_changed() ? WorkerStep::drain_control : WorkerStep::check_line;
        case WorkerStep::drain_control:
            switch (worker.take_message()) {
                case Inbox::nothing:
                    return WorkerStep::check_line;
                case Inbox::job:
                    return WorkerStep::serve;
                case Inbox::leave:
                    return WorkerStep::close_inbox;
                case Inbox::recheck:
                case Inbox::settled:
                    return WorkerStep::drain_control;
            }
            break;
        case WorkerStep::check_line:
            return worker.others_wait_or_draining() ? WorkerStep::announce_idle : WorkerStep::check_watch;
        case WorkerStep::check_watch:
            // Saves a look at the listener: somebody is told of each connection.
            return worker.listener_is_watched() ? WorkerStep::announce_idle : WorkerStep::accept;
        case WorkerStep::accept:
            switch (worker.accept_request()) {
                case Found::none:
                    return WorkerStep::announce_idle;
                case Found::request:
                    return WorkerStep::serve;
                case Found::given_back:
                    return WorkerStep::check_line;
            }
            break;
        case WorkerStep::announce_idle:
            worker.set_idle_bit();
            return WorkerStep::check_wake;
        case WorkerStep::check_wake:
            return worker.master_wants_wake() ? WorkerStep::check_need : WorkerStep::check_others;
        case WorkerStep::check_need:
            // Who waits at the door needs no master as long as nobody is in the line.
            return worker.needs_master() ? WorkerStep::wake_master : WorkerStep::wait;
        case WorkerStep::check_others:
            // The master is about to give those of the line out: what came by the door would have to go back.
            return worker.others_wait_or_draining() ? WorkerStep::let_go : WorkerStep::wait;
        case WorkerStep::wake_master:
            worker.wake_master();
            return WorkerStep::let_go;
        case WorkerStep::let_go:
            // Nobody looks after a kept connection while only a message is waited for.
            worker.let_go();
            return WorkerStep::receive;
        case WorkerStep::wait:
            // Of a connection before a message, where there are both: perhaps this worker alone was told of
            // it, and the script of the job may run for long.
            switch (worker.wait()) {
                case Came::nothing:
                    return WorkerStep::wait;
                case Came::message:
                    return WorkerStep::receive;
                case Came::connection:
                    return WorkerStep::accept_idle;
                case Came::request:
                    return WorkerStep::check_door;
            }
            break;
        case WorkerStep::receive:
            switch (worker.receive()) {
                case Inbox::job:
                    return WorkerStep::serve;
                case Inbox::recheck:
                    return WorkerStep::check_line;
                case Inbox::leave:
                    return WorkerStep::close_inbox;
                case Inbox::nothing:
                case Inbox::settled:
                    return WorkerStep::wait;
            }
            break;
        case WorkerStep::accept_idle:
            // One whose head is incomplete has gone to the master.
            return worker.accept_at_door() == Found::request ? WorkerStep::check_door : WorkerStep::wait;
        case WorkerStep::check_door:
            // Not that others wait: whoever is in the line, the master gives to this worker or to another.
            // To hand on what comes would make the line longer for as long as there is one.
            return worker.is_draining() ? WorkerStep::hand_on : WorkerStep::claim;
        case WorkerStep::claim:
            return worker.take_idle_bit() ? WorkerStep::serve : WorkerStep::hand_on;
        case WorkerStep::hand_on:
            worker.hand_on();
            return WorkerStep::wait;
        case WorkerStep::serve:
            return worker.serve_and_stay() ? WorkerStep::check_control : WorkerStep::close_inbox;
        case WorkerStep::close_inbox:
            // From here on the master's sends fail, so what is in the inbox now is all there will ever be.
            worker.stop_receiving();
            return WorkerStep::drain_inbox;
        case WorkerStep::drain_inbox:
            switch (worker.take_message()) {
                case Inbox::job:
                    return WorkerStep::serve_last;
                case Inbox::recheck:
                case Inbox::settled:
                    return WorkerStep::drain_inbox;
                case Inbox::nothing:
                case Inbox::leave:
                    return worker.inbox_ended() ? WorkerStep::gone : WorkerStep::drain_inbox;
            }
            break;
        case WorkerStep::serve_last:
            (void)worker.serve_and_stay();
            return WorkerStep::drain_inbox;
        case WorkerStep::gone:
            break;
    }
    return WorkerStep::gone;
}

}  // namespace phalanx::link
