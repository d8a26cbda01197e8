#include "phalanx/master/master.hpp"

#include "running.hpp"

namespace phalanx::master {

Master::Master(config::Settings settings, Options options, log::ErrorLog& log)
    : settings_(std::move(settings)), options_(std::move(options)), log_(log) {}

Master::~Master() = default;

base::Result<void> Master::bind(os::PassedSockets passed, std::optional<os::PassedDescriptor> former) {
    auto loop = EventLoop::create();
    if (!loop) return loop.error();
    auto signals = os::SignalQueue::open(Running::its_signals);
    if (!signals) return signals.error();
    running_ =
        std::make_unique<Running>(*std::move(loop), *std::move(signals), settings_.global, options_, log_);
    return running_->bind(std::move(settings_), std::move(passed), std::move(former));
}

int Master::run(const std::function<void()>& announce) {
    return running_->run(announce);
}

}  // namespace phalanx::master
