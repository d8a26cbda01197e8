#include "phalanx/master/master.hpp"

#include "running.hpp"

namespace phalanx::master {

Master::Master(Plan plan, Options options, log::ErrorLog& log)
    : plan_(std::move(plan)), options_(std::move(options)), log_(log) {}

Master::~Master() = default;

base::Result<void> Master::bind(os::PassedSockets passed, std::optional<os::PassedDescriptor> former) {
    auto loop = EventLoop::create();
    if (!loop) return loop.error();
    auto signals = os::SignalQueue::open(Running::its_signals);
    if (!signals) return signals.error();
    running_ = std::make_unique<Running>(*std::move(loop), *std::move(signals), plan_.global, options_, log_);
    return running_->bind(std::move(plan_), std::move(passed), std::move(former));
}

int Master::run(const std::function<void()>& announce) {
    return running_->run(announce);
}

}  // namespace phalanx::master
