#include <thread>

#include "harness/load.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class KeptAndNew : public SiteTest {};

/// Many more clients with kept connections than workers: somebody of them always waits.
TEST_F(KeptAndNew, ConnectionsTakeTurns) {
    SKIP_UNLESS_PHALANX("kept connections hold all workers");
    site().script("some.php", "<?php usleep(2000); echo 'x';");
    site().start();
    LoadPlan plan;
    plan.server = site().address();
    plan.request = site().request("/some.php");
    plan.clients = 24;
    plan.duration = milliseconds(3000);
    LoadPlan kept = plan;
    kept.use = ConnectionUse::Kept;
    LoadReport kept_report;
    std::thread other([&] { kept_report = run_load(kept); });
    const LoadReport report = run_load(plan);
    other.join();
    SCOPED_TRACE(testing::Message() << "short: " << report << "; kept: " << kept_report);
    EXPECT_EQ(report.errors() + kept_report.errors(), 0u);
    EXPECT_GT(report.completed * 3, kept_report.completed);
    EXPECT_GT(kept_report.completed * 3, report.completed);
}

}  // namespace
}  // namespace phalanx::harness
