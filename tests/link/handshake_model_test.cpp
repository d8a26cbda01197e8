#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "handshake_situations.hpp"

namespace phalanx::link::model {
namespace {

/// What can happen in an exploration that starts so.
class Scope {
  public:
    explicit Scope(const State& start)
        : workers_leave_(start.chances.has(Chance::control)),
          jobs_go_ahead_(start.chances.has(Chance::ahead)),
          somebody_at_door_(start.door_workers != 0) {
        const auto connections = std::count(std::begin(start.fate), std::end(start.fate), Fate::absent);
        workers_find_connections_ = somebody_at_door_ || start.slow.has(SlowClientFlag::asks_again);
        job_may_meet_connection_ = workers_find_connections_ && connections > 1;
    }
    [[nodiscard]] bool includes(WorkerStep step) const {
        if (step == WorkerStep::drain_control) return workers_leave_ || jobs_go_ahead_;
        if (step == WorkerStep::accept_idle) return somebody_at_door_;
        if (step == WorkerStep::check_door || step == WorkerStep::claim) return workers_find_connections_;
        if (step == WorkerStep::hand_on) return job_may_meet_connection_;
        return step < WorkerStep::close_inbox || workers_leave_;
    }
    [[nodiscard]] bool includes(MasterStep step) const {
        if (step == MasterStep::put_back) return job_may_meet_connection_;
        return step != MasterStep::count_ahead || jobs_go_ahead_;
    }

  private:
    bool workers_leave_;
    bool jobs_go_ahead_;
    bool somebody_at_door_;
    bool workers_find_connections_;
    bool job_may_meet_connection_;
};

/// An exploration that does not come by a step proves nothing about it.
void expect_all_visited(const Findings& findings, const Scope& scope) {
    for (std::size_t i = 0; i <= static_cast<std::size_t>(WorkerStep::gone); ++i) {
        EXPECT_TRUE(findings.visited_worker_step[i] || !scope.includes(static_cast<WorkerStep>(i))) << i;
    }
    for (std::size_t i = 0; i <= static_cast<std::size_t>(MasterStep::asleep); ++i) {
        EXPECT_TRUE(findings.visited_master_step[i] || !scope.includes(static_cast<MasterStep>(i))) << i;
    }
}

void expect_sound(const State& start, const Variant& variant = {}) {
    const Findings findings = explore(variant, start);
    EXPECT_EQ(findings.fault, "") << words_of(findings);
    std::cout << findings.states << " states, " << findings.steps << " steps between them, " << findings.depth
              << " deep\n";
    ::testing::Test::RecordProperty("states", std::to_string(findings.states));
    expect_all_visited(findings, Scope(start));
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
    expect_sound(situation({Chance::hang_up}, 1, ThirdClient::asks_twice), without_line_mode());
}

TEST(Handshake, ServesAKeptClientTwiceBesideAnotherThroughACrash) {
    expect_sound(situation({Chance::crash}, 1, ThirdClient::asks_twice), without_line_mode());
}

TEST(Handshake, ServesAKeptClientTwiceBesideAnotherThroughAStop) {
    expect_sound(situation({Chance::stop}, 1, ThirdClient::asks_twice), without_line_mode());
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
    expect_sound(stuck({}, 2, ThirdClient::none), variant);
}

TEST(Handshake, NeedsNoTimerWhileNobodyIsStopped) {
    expect_sound(situation({Chance::crash}, 2, ThirdClient::none), without_timers());
    expect_sound(situation({}, 1, ThirdClient::asks_twice), without_timers());
}

TEST(Handshake, NeedsNoNewWorkerInTheDeadOnesPlace) {
    Variant variant;
    variant.replaces_dead = false;
    variant.looks_at_times = false;
    expect_sound(situation({Chance::crash}, 2, ThirdClient::none), variant);
}

TEST(Handshake, LeavesNobodyToAWorkerWhoseScriptRunsForEver) {
    expect_sound(situation({Chance::long_script}, 2, ThirdClient::none), without_timers());
    expect_sound(situation({Chance::long_script}, 1, ThirdClient::slow_or_kept), without_timers());
    Variant variant = without_timers();
    variant.knows_line_mode = false;
    expect_sound(situation({Chance::long_script}, 1, ThirdClient::asks_twice), variant);
}

TEST(Handshake, ServesWithWorkersThatAreNotAtTheDoor) {
    expect_sound(with_door_workers(0, situation({}, 2, ThirdClient::like_the_others)));
    expect_sound(with_door_workers(1, calm()));
}

TEST(Handshake, ServesWithThemThroughACrashAndAStop) {
    expect_sound(with_door_workers(0, situation({Chance::crash, Chance::stop}, 2, ThirdClient::none)));
    expect_sound(with_door_workers(1, situation({Chance::crash, Chance::stop}, 1, ThirdClient::none)));
    expect_sound(with_door_workers(1, situation({Chance::long_script}, 1, ThirdClient::slow_or_kept)),
                 without_timers());
}

TEST(Handshake, SavesOnlyALookWhereAWorkerAsksWhetherTheListenerIsWatched) {
    Variant variant = without_timers();
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        return step == WorkerStep::check_watch ? WorkerStep::announce_idle : advance(step, worker);
    };
    for (std::uint8_t door_workers = 0; door_workers <= workers; ++door_workers) {
        const Findings findings = explore(variant, with_door_workers(door_workers, calm()));
        EXPECT_EQ(findings.fault, "") << words_of(findings);
    }
}

TEST(Handshake, SavesOnlyTimeWhereAWorkerWakesTheMasterBecauseItHoldsAKeptConnection) {
    Variant variant = without_timers();
    variant.knows_line_mode = false;
    variant.worker = [](WorkerStep step, WorkerOperations& worker) {
        const bool holds = step == WorkerStep::check_need && worker.has_kept_connection();
        return holds && !worker.others_wait_or_draining() ? WorkerStep::wait : advance(step, worker);
    };
    expect_sound(situation({Chance::long_script}, 1, ThirdClient::asks_twice), variant);
}

TEST(Handshake, KeepsWorkersWhoseChannelsAreFull) {
    expect_sound(situation({Chance::full}, 2, ThirdClient::none));
    expect_sound(situation({Chance::full, Chance::crash}, 2, ThirdClient::none), without_line_mode());
    expect_sound(situation({Chance::full, Chance::control}, 1, ThirdClient::none));
    expect_sound(situation({Chance::full}, 1, ThirdClient::asks_twice), without_line_mode());
    expect_sound(situation({Chance::full, Chance::ahead}, 2, ThirdClient::none), without_line_mode());
    expect_sound(with_door_workers(0, situation({Chance::full, Chance::stop}, 2, ThirdClient::none)));
}

TEST(Handshake, GivesBusyWorkersJobsAhead) {
    expect_sound(situation({Chance::ahead}, 2, ThirdClient::none));
    expect_sound(situation({Chance::ahead}, 1, ThirdClient::slow_or_kept), without_line_mode());
}

TEST(Handshake, GivesThemThroughACrashAStopOrAnEnd) {
    expect_sound(situation({Chance::ahead, Chance::crash}, 0, ThirdClient::asks_twice), without_line_mode());
    expect_sound(situation({Chance::ahead, Chance::stop}, 0, ThirdClient::asks_twice), without_line_mode());
    expect_sound(situation({Chance::ahead, Chance::control}, 1, ThirdClient::none));
}

}  // namespace
}  // namespace phalanx::link::model
