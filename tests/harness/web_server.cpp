#include "harness/web_server.hpp"

#include <csignal>
#include <stdexcept>

namespace phalanx::harness {

void WebServer::start(Command command) {
    command.output = files_ / "output";
    command.errors = files_ / "error.log";
    command.end_signal = SIGTERM;
    process_ = std::make_unique<ChildProcess>(command);
    const auto settled = [this] {
        return connect_to(address_, milliseconds(1000)).is_open() || !process_->running();
    };
    if (!eventually(kPatience, settled) || !process_->running()) {
        throw std::runtime_error(command.arguments.front() + " did not start:\n" + error_log());
    }
}

}  // namespace phalanx::harness
