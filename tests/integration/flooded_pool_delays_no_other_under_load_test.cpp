#include <algorithm>
#include <atomic>
#include <thread>

#include "harness/load.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
constexpr milliseconds kMedian{60};
#else
constexpr milliseconds kMedian{5};
#endif

class FloodedPool : public SiteTest {};

/// A pool whose line is full and to which a thousand clients a second come, and a request now and then to
/// another. The half of the requests says how long the master lets the other pool wait; the slowest ones say
/// how the processors are shared.
TEST_F(FloodedPool, DelaysNoOther) {
    SKIP_UNLESS_PHALANX("it has no line");
    site().add_pool("other");
    site().pool().set("queue.max_length", "1000");
    site().script("busy.php", script_that_takes(20));
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    const RunningScript first(site().address(), site().request("/busy.php"));
    const RunningScript second(site().address(), site().request("/busy.php"));
    std::atomic<bool> over = false;
    std::atomic<int> refused = 0;
    std::thread flood([&] {
        std::vector<FastCgiClient> waiting;
        for (int i = 0; i < 1000; ++i) {
            waiting.emplace_back(site().address());
            (void)waiting.back().send(site().request("/hello.php"));
        }
        for (auto next = Clock::now(); !over; next += milliseconds(1)) {
            std::this_thread::sleep_until(next);
            refused += ask(site().address(), site().request("/hello.php")).status() == 503 ? 1 : 0;
        }
    });
    ASSERT_TRUE(eventually(kPatience, [&] { return refused > 0; }));
    std::vector<Clock::duration> times;
    for (int i = 0; i < 100; ++i) {
        const auto begin = Clock::now();
        ASSERT_EQ(site().get("/hello.php", "other").body(), "hello");
        times.push_back(Clock::now() - begin);
        std::this_thread::sleep_for(milliseconds(10));
    }
    over = true;
    flood.join();
    std::ranges::sort(times);
    const Clock::duration median = times[times.size() / 2];
    EXPECT_LT(median, kMedian);
    RecordProperty("median_us", static_cast<int>(median / std::chrono::microseconds(1)));
    EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace phalanx::harness
