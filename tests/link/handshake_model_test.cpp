#include <gtest/gtest.h>

#include <iostream>

#include "handshake_explorer.hpp"

namespace phalanx::link::model {
namespace {

/// Far above what the largest exploration here needs: what stops a model that has lost its bounds.
constexpr std::size_t most_states = 6'000'000;

enum class ThirdClient : std::uint8_t { none, like_the_others, slow_or_kept, asks_twice };

State situation(std::initializer_list<Chance> chances, std::size_t plain_clients, ThirdClient third) {
    State state = System::initial(chances);
    if (plain_clients < 2) state.fate_of(1) = Fate::answered;
    if (plain_clients == 0) state.fate_of(2) = Fate::answered;
    if (third == ThirdClient::none) state.fate_of(slow_client) = Fate::answered;
    if (third == ThirdClient::like_the_others) state.slow.set(SlowClientFlag::head_sent);
    if (third == ThirdClient::asks_twice) state.slow.set(SlowClientFlag::asks_again);
    return state;
}

/// One worker has hung itself up for good; the other may follow.
State stuck(std::initializer_list<Chance> chances, std::size_t plain_clients, ThirdClient third) {
    State state = situation(chances, plain_clients, third);
    state.chances.set(Chance::stop);
    state.worker[1].life = Life::stopped;
    return state;
}

Findings explore(const Variant& variant, const State& start) {
    const System system(variant);
    return Explorer(system).explore(start, most_states);
}

std::string words_of(const Findings& findings) {
    std::string text = findings.fault + ", the shortest way there:\n";
    for (const std::string& step : findings.trace) text += step + "\n";
    return text;
}

/// An exploration that does not come by a step proves nothing about it.
void expect_all_visited(const Findings& findings, Flags<Chance> chances) {
    const bool workers_leave = chances.has(Chance::control);
    const bool jobs_go_ahead = chances.has(Chance::ahead);
    for (std::size_t i = 0; i <= static_cast<std::size_t>(WorkerStep::gone); ++i) {
        const auto step = static_cast<WorkerStep>(i);
        if (step == WorkerStep::drain_control && !workers_leave && !jobs_go_ahead) continue;
        if (step >= WorkerStep::close_inbox && !workers_leave) continue;
        EXPECT_TRUE(findings.visited_worker_step[i]) << i;
    }
    for (std::size_t i = 0; i <= static_cast<std::size_t>(MasterStep::asleep); ++i) {
        if (static_cast<MasterStep>(i) == MasterStep::count_ahead && !jobs_go_ahead) continue;
        EXPECT_TRUE(findings.visited_master_step[i]) << i;
    }
}

void expect_sound(const State& start, const Variant& variant = {}) {
    const Findings findings = explore(variant, start);
    EXPECT_EQ(findings.fault, "") << words_of(findings);
    std::cout << findings.states << " states, " << findings.steps << " steps between them, " << findings.depth
              << " deep\n";
    ::testing::Test::RecordProperty("states", std::to_string(findings.states));
    expect_all_visited(findings, start.chances);
}

/// For what would be too many states with it.
Variant without_line_mode() {
    Variant variant;
    variant.knows_line_mode = false;
    return variant;
}

TEST(Handshake, SurvivesACrashAndAStopAtEveryPoint) {
    expect_sound(situation({Chance::crash, Chance::stop}, 2, ThirdClient::none));
}

TEST(Handshake, ServesThreeClients) {
    expect_sound(situation({}, 2, ThirdClient::like_the_others));
}

TEST(Handshake, ServesThreeClientsOneSlowOrKept) {
    expect_sound(situation({}, 2, ThirdClient::slow_or_kept));
}

TEST(Handshake, LetsAWorkerGo) {
    expect_sound(situation({Chance::control}, 2, ThirdClient::none));
}

TEST(Handshake, LetsAWorkerGoWhileOneCrashes) {
    expect_sound(situation({Chance::control, Chance::crash}, 2, ThirdClient::none), without_line_mode());
}

TEST(Handshake, LetsAWorkerGoWhileOneIsStopped) {
    expect_sound(situation({Chance::control, Chance::stop}, 2, ThirdClient::none), without_line_mode());
}

TEST(Handshake, LetsAWorkerGoInLineModeWhileOneCrashesOrIsStopped) {
    expect_sound(situation({Chance::control, Chance::crash}, 1, ThirdClient::none));
    expect_sound(situation({Chance::control, Chance::stop}, 1, ThirdClient::none));
}

TEST(Handshake, LetsAClientLeaveWhileAWorkerCrashes) {
    expect_sound(situation({Chance::hang_up, Chance::crash}, 2, ThirdClient::none));
}

TEST(Handshake, ServesAKeptClientTwiceBesideAnotherWhileAnyMayLeave) {
    expect_sound(situation({Chance::hang_up}, 1, ThirdClient::asks_twice));
}

TEST(Handshake, ServesAKeptClientTwiceBesideAnotherThroughACrash) {
    expect_sound(situation({Chance::crash}, 1, ThirdClient::asks_twice));
}

TEST(Handshake, ServesAKeptClientTwiceBesideAnotherThroughAStop) {
    expect_sound(situation({Chance::stop}, 1, ThirdClient::asks_twice));
}

TEST(Handshake, ServesAKeptClientTwiceThroughACrashAndAStop) {
    expect_sound(situation({Chance::crash, Chance::stop}, 0, ThirdClient::asks_twice));
}

TEST(Handshake, ServesAKeptClientTwiceWhileAWorkerGoes) {
    expect_sound(situation({Chance::control}, 0, ThirdClient::asks_twice));
}

TEST(Handshake, SeesEveryClientOfLineModeAndWhoLeavesWhenNoWorkerIsLeft) {
    expect_sound(stuck({Chance::hang_up}, 2, ThirdClient::none));
}

TEST(Handshake, SeesThemWithAClientThatIsKept) {
    expect_sound(stuck({}, 1, ThirdClient::slow_or_kept));
    expect_sound(stuck({Chance::hang_up}, 0, ThirdClient::asks_twice));
}

TEST(Handshake, RefusesWhomAFullLineCannotTake) {
    Variant variant;
    variant.longest_line = 1;
    expect_sound(situation({Chance::hang_up}, 1, ThirdClient::slow_or_kept), variant);
    expect_sound(stuck({}, 2, ThirdClient::like_the_others), variant);
}

TEST(Handshake, GivesBusyWorkersJobsAhead) {
    expect_sound(situation({Chance::ahead}, 2, ThirdClient::none));
    expect_sound(situation({Chance::ahead}, 1, ThirdClient::asks_twice), without_line_mode());
}

TEST(Handshake, GivesThemThroughACrashAStopOrAnEnd) {
    expect_sound(situation({Chance::ahead, Chance::crash}, 0, ThirdClient::asks_twice), without_line_mode());
    expect_sound(situation({Chance::ahead, Chance::stop}, 0, ThirdClient::asks_twice), without_line_mode());
    expect_sound(situation({Chance::ahead, Chance::control}, 1, ThirdClient::none));
}

// The checker must be able to fail: each test below takes one rule of the hand-shake away.

void expect_fault(const Variant& variant, const State& start, std::string_view fault) {
    const Findings findings = explore(variant, start);
    EXPECT_EQ(findings.fault, fault);
    EXPECT_GT(findings.trace.size(), 1U);
    std::cout << words_of(findings);
}

/// No accident, two plain clients: enough for most.
State calm() {
    return situation({}, 2, ThirdClient::none);
}

WorkerStep reads_wake_before_setting_its_bit(WorkerStep step, WorkerOperations& worker) {
    switch (step) {
        case WorkerStep::announce_idle:
            return worker.master_wants_wake() ? WorkerStep::wake_master : WorkerStep::check_wake;
        case WorkerStep::check_wake:
            worker.set_idle_bit();
            return WorkerStep::receive;
        case WorkerStep::wake_master:
            worker.set_idle_bit();
            worker.wake_master();
            return WorkerStep::receive;
        default:
            return advance(step, worker);
    }
}

TEST(HandshakeMutant, WorkerReadsWakeBeforeSettingItsBit) {
    Variant variant;
    variant.worker = &reads_wake_before_setting_its_bit;
    expect_fault(variant, calm(), "a client waits for ever");
}

TEST(HandshakeMutant, WorkerDoesNotWakeTheMaster) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        return step == WorkerStep::check_wake ? WorkerStep::receive : advance(step, worker);
    };
    expect_fault(variant, calm(), "a client waits for ever");
}

TEST(HandshakeMutant, WorkerIgnoresARecheck) {
    Variant variant;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        const WorkerStep next = advance(step, worker);
        return step == WorkerStep::receive && next == WorkerStep::check_line ? WorkerStep::receive : next;
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
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        const MasterStep next = advance(step, master);
        return step == MasterStep::set_wake ? MasterStep::asleep : next;
    };
    expect_fault(variant, calm(), "a client waits for ever");
}

TEST(HandshakeMutant, MasterSleepsWithoutSettingWake) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        return step == MasterStep::set_wake ? MasterStep::look_again : advance(step, master);
    };
    expect_fault(variant, calm(), "a client waits for ever");
}

TEST(HandshakeMutant, MasterDoesNotWatchTheListenerWhenAWorkerIsIdle) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        return step == MasterStep::watch_listener ? MasterStep::clear_wake : advance(step, master);
    };
    expect_fault(variant, calm(), "a client waits for ever");
}

TEST(HandshakeMutant, MasterClearsTheBitAfterSendingTheJob) {
    Variant variant;
    variant.master = [](MasterStep step, MasterOperations& master) {
        switch (step) {
            case MasterStep::find_job: {
                const MasterStep next = advance(step, master);
                return next == MasterStep::clear_idle ? MasterStep::send_job : next;
            }
            case MasterStep::send_job:
                master.send_job();
                return MasterStep::clear_idle;
            case MasterStep::clear_idle:
                master.clear_chosen_bit();
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
