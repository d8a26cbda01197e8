#include <gtest/gtest.h>

#include <iostream>

#include "handshake_situations.hpp"

namespace phalanx::link::model {
namespace {

// The checker must be able to fail: each test below takes one rule of the hand-shake away.

WorkerStep reads_wake_before_setting_its_bit(WorkerStep step, WorkerOperations& worker) {
    switch (step) {
        case WorkerStep::announce_idle:
            return worker.master_wants_wake() ? WorkerStep::wake_master : WorkerStep::check_wake;
        case WorkerStep::check_wake:
            worker.set_idle_bit();
            return WorkerStep::wait;
        case WorkerStep::wake_master:
            worker.set_idle_bit();
            worker.wake_master();
            return WorkerStep::wait;
        default:
            return advance(step, worker);
    }
}

TEST(HandshakeMutant, WorkerReadsWakeBeforeSettingItsBit) {
    Variant variant = without_timers();
    variant.worker = &reads_wake_before_setting_its_bit;
    expect_fault(variant, with_door_workers(0, calm()), "a client waits for ever");
}

TEST(HandshakeMutant, WorkerDoesNotWakeTheMaster) {
    Variant variant = without_timers();
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        return step == WorkerStep::check_wake ? WorkerStep::wait : advance(step, worker);
    };
    expect_fault(variant, with_door_workers(0, calm()), "a client waits for ever");
}

TEST(HandshakeMutant, WorkerIgnoresARecheck) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        const WorkerStep next = advance(step, worker);
        return step == WorkerStep::receive && next == WorkerStep::check_line ? WorkerStep::wait : next;
    };
    expect_fault(variant, calm(), "a worker waits unannounced");
}

TEST(HandshakeMutant, WorkerEndsWithAJobInItsHands) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        const WorkerStep next = advance(step, worker);
        return next == WorkerStep::serve_last ? WorkerStep::gone : next;
    };
    expect_fault(variant, situation({Chance::control}, 2, ThirdClient::none), "a client was lost");
}

TEST(HandshakeMutant, MasterDoesNotLookAgainAfterSettingWake) {
    Variant variant = without_timers();
    variant.master = [](MasterStep step, MasterOperations& master) {
        const MasterStep next = advance(step, master);
        return step == MasterStep::set_wake ? MasterStep::asleep : next;
    };
    expect_fault(variant, with_door_workers(0, calm()), "a client waits for ever");
}

TEST(HandshakeMutant, MasterSleepsWithoutSettingWake) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        return step == MasterStep::set_wake ? MasterStep::look_again : advance(step, master);
    };
    expect_fault(variant, calm(), "a client waits for ever");
}

TEST(HandshakeMutant, MasterDoesNotWatchTheListenerWhenAWorkerIsIdle) {
    Variant variant = without_timers();
    variant.master = [](MasterStep step, MasterOperations& master) {
        return step == MasterStep::watch_listener ? MasterStep::clear_wake : advance(step, master);
    };
    expect_fault(variant, with_door_workers(0, calm()), "a client waits for ever");
}

TEST(HandshakeMutant, MasterClearsTheBitAfterSendingTheJob) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        switch (step) {
            case MasterStep::find_job: {
                const MasterStep next = advance(step, master);
                return next == MasterStep::take_idle ? MasterStep::send_job : next;
            }
            case MasterStep::send_job:
                master.send_job();
                return MasterStep::take_idle;
            case MasterStep::take_idle:
                (void)master.take_chosen_bit();
                return MasterStep::look_for_idle;
            default:
                return advance(step, master);
        }
    };
    // It has served the job and announced itself before the master takes its bit away.
    expect_fault(variant, calm(), "a worker announces itself a second time");
}

TEST(HandshakeMutant, JobIsDroppedWhenItCannotBeSent) {
    Variant variant;
    variant.failed_send_keeps_job = false;
    expect_fault(variant, situation({Chance::control}, 2, ThirdClient::none), "a client was lost");
}

TEST(HandshakeMutant, DeadWorkersInboxIsNotDrained) {
    Variant variant;
    variant.drains_dead_inbox = false;
    expect_fault(variant, situation({Chance::crash}, 2, ThirdClient::none), "a client was lost");
}

TEST(HandshakeMutant, DeadWorkersOutboxIsNotDrained) {
    Variant variant;
    variant.drains_dead_outbox = false;
    expect_fault(variant, situation({Chance::crash}, 1, ThirdClient::slow_or_kept), "a client was lost");
}

TEST(HandshakeMutant, DeadWorkersBitStays) {
    Variant variant;
    variant.clears_dead_bit = false;
    // The new worker seems idle from its first moment on.
    expect_fault(variant, situation({Chance::crash}, 2, ThirdClient::none),
                 "a worker announces itself a second time");
}

TEST(HandshakeMutant, JobOfAStoppedWorkerIsNotTakenBack) {
    Variant variant;
    variant.checks_for_untaken_jobs = false;
    expect_fault(variant, situation({Chance::stop}, 2, ThirdClient::none), "a client waits for ever");
}

TEST(HandshakeMutant, AnyMessageOfTheWorkersCountsAsProofThatItsJobWasTaken) {
    Variant variant;
    variant.checks_whatever_was_said = false;
    // It sent the message before the job came and was stopped after.
    expect_fault(variant, situation({Chance::stop}, 1, ThirdClient::slow_or_kept), "a client waits for ever");
}

TEST(HandshakeMutant, WorkerIsNotToldThatItsJobWasTakenBack) {
    Variant variant;
    variant.rechecks_after_take_back = false;
    expect_fault(variant, calm(), "a worker waits unannounced");
}

TEST(HandshakeMutant, ControlMessageThatAJobCheckFoundIsNotSentAgain) {
    Variant variant;
    variant.repeats_control_messages = false;
    const Findings findings = explore(variant, situation({Chance::control}, 2, ThirdClient::none));
    EXPECT_TRUE(findings.fault == "a worker that should leave is still there" ||
                findings.fault == "a control message was lost")
        << findings.fault;
    std::cout << words_of(findings);
}

TEST(HandshakeMutant, JobAheadCountsAsTakenBecauseItsWorkerIsBusy) {
    Variant variant;
    variant.checks_busy_workers = false;
    expect_fault(variant, situation({Chance::ahead, Chance::stop}, 2, ThirdClient::none),
                 "a client waits for ever");
}

TEST(HandshakeMutant, WorkerWhoseChannelIsFullDoesNotGetItsBitBack) {
    Variant variant;
    variant.gives_spared_its_bit_back = false;
    expect_fault(variant, situation({Chance::full}, 2, ThirdClient::none), "a worker waits unannounced");
}

TEST(HandshakeMutant, WorkerWhoseChannelWasFullIsNeverAskedAgain) {
    Variant variant;
    variant.asks_spared_again = false;
    expect_fault(variant, situation({Chance::full}, 2, ThirdClient::none),
                 "the master has forgotten a worker");
}

TEST(HandshakeMutant, LineModeForgetsToWatchTheListener) {
    Variant variant;
    variant.watches_in_line_mode = false;
    expect_fault(variant, stuck({}, 2, ThirdClient::none), "LINE leaves a client in the kernel's queue");
}

TEST(HandshakeMutant, MasterDoesNotLookAroundWhenTheModeChanges) {
    Variant variant;
    variant.pumps_when_mode_changes = false;
    expect_fault(variant, stuck({}, 2, ThirdClient::none), "LINE leaves a client in the kernel's queue");
}

TEST(HandshakeMutant, MasterSleepsInLineModeWithoutSettingWake) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        if (step == MasterStep::set_wake && master.is_in_line_mode()) return MasterStep::look_again;
        return advance(step, master);
    };
    expect_fault(variant, calm(), "a client waits for ever");
}

TEST(HandshakeMutant, NobodyLooksForThoseWhoLeftTheLine) {
    Variant variant;
    variant.looks_for_those_who_left = false;
    expect_fault(variant, stuck({Chance::hang_up}, 1, ThirdClient::none),
                 "a client that has left stays in the line");
}

TEST(HandshakeMutant, LineOfJobsThatCameBackIsNotLookedAt) {
    Variant variant;
    variant.looks_after_returned_jobs = false;
    expect_fault(variant, stuck({Chance::hang_up}, 1, ThirdClient::none),
                 "a client that has left stays in the line");
}

TEST(HandshakeMutant, KeptNoteIsDropped) {
    Variant variant;
    variant.takes_kept_notes = false;
    expect_fault(variant, situation({}, 0, ThirdClient::asks_twice), "a client was lost");
}

/// The master holds the connection from the beginning.
State kept_through_a_crash() {
    State state = situation({Chance::crash}, 0, ThirdClient::asks_twice);
    state.fate_of(slow_client) = Fate::open;
    state.slow.set(SlowClientFlag::head_sent);
    state.slow.set(SlowClientFlag::parked);
    return state;
}

TEST(HandshakeMutant, DeadWorkersKeptNoteIsNotTaken) {
    Variant variant;
    variant.drains_dead_outbox = false;
    // Its connection counts as one that the worker still had.
    expect_fault(variant, kept_through_a_crash(), "a connection was closed that its worker no longer had");
}

TEST(HandshakeMutant, ConnectionThatADeadWorkerHeldStaysOpen) {
    Variant variant;
    variant.closes_what_dead_worker_held = false;
    expect_fault(variant, situation({Chance::crash}, 0, ThirdClient::asks_twice), "a client was lost");
}

TEST(HandshakeMutant, JobThatWasTakenBackStillCountsAsTheWorkers) {
    Variant variant;
    variant.ends_loan_with_taken_back_job = false;
    expect_fault(variant, situation({Chance::crash}, 0, ThirdClient::asks_twice),
                 "a connection was closed that its worker no longer had");
}

}  // namespace
}  // namespace phalanx::link::model
