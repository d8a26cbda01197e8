#include <gtest/gtest.h>

#include <iostream>

#include "handshake_situations.hpp"

namespace phalanx::link::model {
namespace {

// As in handshake_mutant_test.cpp: the rules about what an idle worker finds by itself.

TEST(HandshakeMutant, WorkerServesWhatItFoundWithoutTakingItsBitBack) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        return step == WorkerStep::claim ? WorkerStep::serve : advance(step, worker);
    };
    expect_fault(variant, calm(), "a worker announces itself a second time");
}

TEST(HandshakeMutant, WorkerServesWhatItFoundThoughItsBitIsGone) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        const WorkerStep next = advance(step, worker);
        return step == WorkerStep::claim ? WorkerStep::serve : next;
    };
    // It announces itself after, finds the job only then and has its bit set while it serves that.
    expect_fault(variant, calm(), "a worker announces itself a second time");
}

TEST(HandshakeMutant, WorkerKeepsWhatItFoundBesideItsJob) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        return step == WorkerStep::hand_on ? WorkerStep::wait : advance(step, worker);
    };
    expect_fault(variant, calm(), "a client was lost");
}

TEST(HandshakeMutant, MasterSendsTheJobThoughTheBitIsGone) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        const MasterStep next = advance(step, master);
        return step == MasterStep::take_idle ? MasterStep::send_job : next;
    };
    expect_fault(variant, calm(), "a worker announces itself a second time");
}

TEST(HandshakeMutant, MasterForgetsTheJobThatItCouldNotGive) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        return step == MasterStep::put_back ? MasterStep::look_for_idle : advance(step, master);
    };
    expect_fault(variant, situation({}, 2, ThirdClient::like_the_others), "a client was lost");
}

TEST(HandshakeMutant, MasterDoesNotLookAfterADeath) {
    Variant variant = without_timers();
    variant.replaces_dead = false;
    variant.looks_after_death = false;
    expect_fault(variant, situation({Chance::crash}, 2, ThirdClient::none), "a client waits for ever");
}

TEST(HandshakeMutant, WatchBeginsWithoutALook) {
    Variant variant;
    variant.watch_begins_with_a_look = false;
    expect_fault(variant, with_door_workers(0, calm()), "a client waits for ever");
}

TEST(HandshakeMutant, NobodyLooksAfterAStoppedWorkerAtTheDoor) {
    Variant variant;
    variant.looks_at_times = false;
    expect_fault(variant, situation({Chance::stop}, 2, ThirdClient::none), "a client waits for ever");
}

TEST(HandshakeMutant, KeptConnectionIsNotGivenBackWhenAJobComes) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        // It forgets that what it has in its hand is still somebody's.
        if (step == WorkerStep::receive && worker.has_kept_connection()) worker.take_next_request();
        return advance(step, worker);
    };
    expect_fault(variant, situation({}, 1, ThirdClient::asks_twice), "a client was lost");
}

TEST(HandshakeMutant, WorkerAtTheDoorLooksForAMessageFirst) {
    Variant variant = without_timers();
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        if (step == WorkerStep::wait && worker.has_message()) return WorkerStep::receive;
        return advance(step, worker);
    };
    expect_fault(variant, situation({Chance::long_script}, 1, ThirdClient::slow_or_kept),
                 "a client waits for ever");
}

TEST(HandshakeMutant, WorkerAtTheDoorDoesNotWakeTheMasterForTheLine) {
    Variant variant = without_timers();
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        return step == WorkerStep::check_need ? WorkerStep::wait : advance(step, worker);
    };
    expect_fault(variant, situation({}, 1, ThirdClient::slow_or_kept), "a client waits for ever");
}

TEST(HandshakeMutant, NobodyLooksWhileSomebodyIsIdle) {
    Variant variant;
    variant.replaces_dead = false;
    variant.looks_while_somebody_is_idle = false;
    // The dead worker alone was told of a connection, and the other announced itself only when the master had
    // looked whether there was work for it.
    expect_fault(variant, situation({Chance::crash}, 2, ThirdClient::none), "a client waits for ever");
}

}  // namespace
}  // namespace phalanx::link::model
