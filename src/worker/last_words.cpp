#include "last_words.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "client_stream.hpp"
#include "phalanx/fastcgi/short_answer.hpp"

namespace phalanx::worker {
namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
/// The others that end a process which does nothing about them, and that somebody sends.
constexpr std::array end_signals{SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGXFSZ};
/// Enough for the handler below, which calls nothing deep (PHP's own handlers do not use it).
constexpr std::size_t handler_stack_bytes = 64UL * 1024;

fastcgi::ShortAnswer timed_out(fastcgi::gateway_timeout);
fastcgi::ShortAnswer stopped(fastcgi::service_unavailable);
fastcgi::ShortAnswer crashed(fastcgi::bad_gateway);

const link::PoolPages* pool_pages = nullptr;
base::WorkerSlot own_slot;
/// A program that a script starts is a copy of the worker, handlers included, until it executes.
pid_t own_pid = 0;
const ClientStream* volatile awaiting = nullptr;
volatile std::uint16_t awaiting_id = 0;

void tell_client(fastcgi::ShortAnswer& answer) {
    const ClientStream* const stream = awaiting;
    if (stream == nullptr || stream->answer_begun() || ::getpid() != own_pid) return;
    stream->note_last_words();
    answer.address_to(awaiting_id);
    const auto bytes = answer.bytes();
    (void)::send(stream->fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)::shutdown(stream->fd(), SHUT_WR);
}

/// The signal is blocked while its handler runs: sent again, it acts by its default when that returns.
void die_of(int signal) {
    (void)::signal(signal, SIG_DFL);
    (void)::raise(signal);
}

void on_end(int signal) {
    const bool stops = pool_pages->master().draining.load() != 0;
    tell_client(pool_pages->is_timed_out(own_slot) ? timed_out : stops ? stopped : crashed);
    die_of(signal);
}

void on_crash(int signal) {
    tell_client(crashed);
    die_of(signal);
}

void handle(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK;
    sigfillset(&action.sa_mask);
    (void)::sigaction(signal, &action, nullptr);
}

}  // namespace

void LastWords::install(const link::PoolPages& pages, base::WorkerSlot slot) {
    static std::array<std::byte, handler_stack_bytes> stack;
    pool_pages = &pages;
    own_slot = slot;
    own_pid = ::getpid();
    const stack_t own{stack.data(), 0, stack.size()};
    (void)::sigaltstack(&own, nullptr);
    for (const int signal : end_signals) handle(signal, on_end);
    for (const int signal : crash_signals) handle(signal, on_crash);
}

void LastWords::uninstall() {
    awaiting = nullptr;
    for (const int signal : end_signals) (void)::signal(signal, SIG_DFL);
    for (const int signal : crash_signals) (void)::signal(signal, SIG_DFL);
}

std::vector<int> LastWords::signals() {
    std::vector<int> all(crash_signals.begin(), crash_signals.end());
    all.insert(all.end(), end_signals.begin(), end_signals.end());
    return all;
}

void LastWords::request_begins(const ClientStream& stream, std::uint16_t request_id) noexcept {
    awaiting_id = request_id;
    awaiting = &stream;
}

void LastWords::request_ends() noexcept {
    awaiting = nullptr;
}

}  // namespace phalanx::worker
