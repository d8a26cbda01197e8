#include "script_child.hpp"

#include <pthread.h>

#include "worker.hpp"
#include "worker_message.hpp"

namespace phalanx::worker {
namespace {

Worker* watched = nullptr;

void on_fork_in_child() {
    if (watched != nullptr) watched->become_script_child();
    watched = nullptr;
}

}  // namespace

void watch_forks_of(Worker& worker) {
    watched = &worker;
    // Not called for programs that PHP starts by posix_spawn; for those it starts by fork and exec, closing
    // what exec would close does no harm.
    (void)::pthread_atfork(nullptr, nullptr, on_fork_in_child);
}

void ScriptChild::log(const php::Message& message, bool) noexcept {
    WorkerMessage(settings_, message).write_to_standard_error();
}

}  // namespace phalanx::worker
