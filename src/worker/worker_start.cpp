#include "worker_start.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "become_pool_user.hpp"
#include "last_words.hpp"
#include "phalanx/os/apparmor.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "phalanx/php/engine.hpp"
#include "phalanx/php/status_fields.hpp"
#include "pool_status.hpp"
#include "worker.hpp"
#include "worker_message.hpp"

namespace phalanx::worker {
namespace {

volatile std::sig_atomic_t leave_wanted = 0;
volatile std::sig_atomic_t channel_of_handler = -1;
pid_t pid_of_handler = 0;

/// Waking a worker that waits for a message would race with its going to wait; closing its inbox does not:
/// the wait ends at once, before or after.
void on_quit(int signal) {
    if (::getpid() != pid_of_handler) {
        // A program that a script starts, which is a copy of the worker until it executes.
        (void)::signal(signal, SIG_DFL);
        (void)::raise(signal);
        return;
    }
    leave_wanted = 1;
    os::stop_receiving(channel_of_handler);
}

/// Waits until the batch's parent has ended, so that the master is this process's parent.
bool become_child_of(pid_t master, pid_t batch_parent) {
    while (::getppid() != master) {
        const pid_t parent = ::getppid();
        if (parent != batch_parent) return ::getppid() == master;
        const auto pidfd = os::open_pidfd(parent);
        if (pidfd) os::await_end(*pidfd);
    }
    return true;
}

void set_up_output(OwnParts& own) {
    const os::UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    (void)os::place_at(own.out ? own.out.get() : nothing.get(), STDOUT_FILENO);
    (void)os::place_at(own.err ? own.err.get() : nothing.get(), STDERR_FILENO);
    own.out.reset();
    own.err.reset();
}

void set_up_environment(const link::WorkerSettings& settings) {
    if (settings.clear_env != 0) ::clearenv();
    // Backwards: php-fpm has it so, the first entry of a name takes effect, and $_SERVER shows this order.
    for (auto entry = settings.environment.rbegin(); entry != settings.environment.rend(); ++entry) {
        ::setenv(entry->name.c_str(), entry->value.c_str(), 1);
    }
    if (settings.identity.user.empty()) return;
    const auto is_set_by_pool = [&settings](std::string_view name) {
        return std::any_of(settings.environment.begin(), settings.environment.end(),
                           [name](const auto& entry) { return entry.name == name; });
    };
    if (!is_set_by_pool("USER")) ::setenv("USER", settings.identity.user.c_str(), 1);
    if (!is_set_by_pool("HOME")) ::setenv("HOME", settings.identity.home.c_str(), 1);
}

void set_up_signals(const link::PoolPages& pages, base::WorkerSlot slot) {
    pid_of_handler = ::getpid();
    struct sigaction action {};
    action.sa_handler = on_quit;
    sigemptyset(&action.sa_mask);
    // Ours come before the others are reset, so that they find their handlers at any moment.
    (void)::sigaction(SIGQUIT, &action, nullptr);
    (void)::signal(SIGPIPE, SIG_IGN);
    LastWords::install(pages, slot);
    std::vector<int> ours = LastWords::signals();
    ours.insert(ours.end(), {SIGQUIT, SIGPIPE});
    os::reset_signals_except(ours);
}

/// Takes what PHP says outside of requests.
void tell_message(void* inherited, const php::Message& message) noexcept {
    WorkerMessage(static_cast<Inheritance*>(inherited)->settings, message).write_to_standard_error();
}

}  // namespace

bool leave_requested() noexcept {
    return leave_wanted != 0;
}

void restore_worker_signals(const link::PoolPages& pages, base::WorkerSlot slot) {
    (void)::alarm(0);
    set_up_signals(pages, slot);
}

void forget_worker_signals() {
    LastWords::uninstall();
    struct sigaction now {};
    if (::sigaction(SIGQUIT, nullptr, &now) == 0 && now.sa_handler == on_quit)
        (void)::signal(SIGQUIT, SIG_DFL);
}

bool become_child_of_master(const Inheritance& inherited, pid_t batch_parent) {
    if (!become_child_of(inherited.master(), batch_parent)) return false;
    live_and_die_with(inherited.master());
    return true;
}

bool start_as_worker(Inheritance& inherited, OwnParts& own) {
    const link::WorkerSettings& settings = inherited.settings;
    inherited.traces.offer(own.slot);
    inherited.files.limit_worker();
    set_up_output(own);
    inherited.memory.open();
    if (!settings.apparmor_hat.empty()) {
        if (auto entered = os::enter_apparmor_hat(settings.apparmor_hat); !entered) {
            fmt::print(stderr, "ERROR: [pool {0}] {1}\nERROR: [pool {0}] child failed to initialize\n",
                       settings.pool, entered.error().text());
            return false;
        }
    }
    os::set_process_title(fmt::format("php-fpm: pool {}", settings.pool));
    set_up_environment(settings);
    // The access log's times follow a TZ that the pool sets, or the lack of one.
    ::tzset();
    channel_of_handler = own.channel.get();
    set_up_signals(inherited.pages, own.slot);
    php::set_message_sink(&tell_message, &inherited);
    php::worker_started();
    php::set_status_source(&tell_status, &inherited);
    php::apply_pool_values(php_values(settings));
    return true;
}

std::vector<config::PhpValue> php_values(const link::WorkerSettings& settings) {
    using Kind = config::PhpValue::Kind;
    std::vector<config::PhpValue> values;
    for (const auto& value : settings.php_values) {
        values.push_back({value.admin != 0 ? Kind::admin_value : Kind::value, value.name, value.value});
    }
    return values;
}

}  // namespace phalanx::worker
