#include "phalanx/worker/template.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "become_pool_user.hpp"
#include "inheritance.hpp"
#include "jail.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/os/shared_memory.hpp"
#include "phalanx/php/engine.hpp"
#include "phalanx/php/info.hpp"
#include "phalanx/status/scoreboard.hpp"
#include "worker.hpp"

namespace phalanx::worker {
namespace {

using base::Error;
using base::Result;
using link::MessageHead;
using link::MessageKind;
using os::ReceivedMessage;
using os::Waiting;

constexpr int exit_software = 70;  ///< php-fpm: failed to initialize
constexpr int channel = link::template_channel_fd;

/// The next whole message; `end` once the master has let go. What workers hand over meanwhile is taken.
ReceivedMessage wait_for_message(std::span<std::byte> room, std::size_t most_fds,
                                 TraceSource* traces = nullptr) {
    for (;;) {
        if (traces != nullptr && traces->inbox() >= 0) {
            std::array<pollfd, 2> watched{{{channel, POLLIN, 0}, {traces->inbox(), POLLIN, 0}}};
            (void)::poll(watched.data(), watched.size(), -1);
            if (watched[1].revents != 0) traces->take_offers();
            if (watched[0].revents == 0) continue;
        }
        ReceivedMessage message = os::receive_message(channel, room, most_fds, Waiting::yes);
        if (message.state != ReceivedMessage::State::nothing) return message;
    }
}

Result<Inheritance> receive_inheritance() {
    MessageHead head;
    ReceivedMessage message =
        wait_for_message(std::as_writable_bytes(std::span(&head, 1)), link::template_fds_without_log + 1);
    if (message.state != ReceivedMessage::State::message || head.kind != MessageKind::setup ||
        message.fds.size() < link::template_fds_without_log) {
        return Error{"the master sent no settings"};
    }
    const auto fd = [&](link::TemplateFd which) -> os::UniqueFd& {
        return message.fds[static_cast<std::size_t>(which)];
    };

    Inheritance inherited;
    const int settings_fd = fd(link::TemplateFd::settings).get();
    const auto size = os::file_size(settings_fd, link::max_settings_bytes);
    if (!size) return size.error();
    auto mapping = os::Mapping::map(settings_fd, *size, os::Access::read_only);
    if (!mapping) return mapping.error();
    auto settings = link::decode(mapping->bytes());
    if (!settings) return settings.error();
    inherited.settings = *std::move(settings);

    const link::PoolPages::Layout layout{inherited.settings.slots, sizeof(status::SlotPage),
                                         sizeof(status::PoolPage)};
    auto pages = link::PoolPages::attach(fd(link::TemplateFd::workers_page).get(),
                                         fd(link::TemplateFd::master_page).get(), layout);
    if (!pages) return pages.error();
    inherited.pages = *std::move(pages);
    inherited.listener = std::move(fd(link::TemplateFd::listener));
    inherited.wake = std::move(fd(link::TemplateFd::wake));
    if (message.fds.size() > link::template_fds_without_log)
        inherited.access_log = std::move(fd(link::TemplateFd::access_log));
    return inherited;
}

php::EngineOptions engine_options(const link::WorkerSettings& settings, const std::string& program) {
    php::EngineOptions options;
    options.program = program;
    options.ini_path = settings.ini_path;
    options.ignore_ini = settings.ignore_ini != 0;
    options.defines = settings.ini_defines;
    options.extended_info = settings.extended_info != 0;
    options.pool_values = php_values(settings);
    return options;
}

struct IdentityChange {
    Inheritance& inherited;
    std::string failure;
};

bool become_pool_user_in_start(void* context) noexcept {
    auto& change = *static_cast<IdentityChange*>(context);
    change.inherited.files.make_room(change.inherited.settings);
    const auto done = become_pool_user(change.inherited.settings);
    if (!done) change.failure = done.error().text();
    return done.has_value();
}

Result<void> start_php(Inheritance& inherited, const std::string& program) {
    const link::WorkerSettings& settings = inherited.settings;
    Jail jail;
    if (!settings.chroot.empty()) {
        auto prepared = Jail::prepare(settings.chroot, settings.chdir);
        if (!prepared) return prepared.error();
        jail = *std::move(prepared);
    }
    IdentityChange change{inherited, {}};
    const auto started =
        php::start_engine(engine_options(settings, program), &become_pool_user_in_start, &change);
    if (!change.failure.empty()) return Error{change.failure};
    if (!started) return started.error();
    return jail.enter();
}

bool report(MessageKind kind, std::span<const std::byte> bytes = {}, std::uint32_t flags = 0) {
    const MessageHead head{kind, flags, {}, static_cast<std::uint32_t>(bytes.size())};
    return os::send_message(channel, link::bytes_of(head), bytes, {}, Waiting::yes) == os::SendResult::sent;
}

void report_php_message(void*, const php::Message& message) noexcept {
    const std::string_view text = message.text.substr(0, link::max_inline_bytes);
    (void)report(MessageKind::said, std::as_bytes(std::span(text)),
                 static_cast<std::uint32_t>(message.level));
}

bool report(MessageKind kind, const std::string& text) {
    return report(kind, std::as_bytes(std::span(text)));
}

void report_unmade(std::span<const link::SpawnOrder> orders) {
    if (!orders.empty()) (void)report(MessageKind::unmade, std::as_bytes(orders));
}

/// Runs in the short-lived parent of one batch: its end makes the master the parent of all its workers.
void make_workers(Inheritance& inherited, std::span<const link::SpawnOrder> orders,
                  std::vector<os::UniqueFd>& fds, std::size_t fds_each) {
    const pid_t batch_parent = ::getpid();
    std::vector<link::SpawnOrder> unmade;
    std::vector<link::MadeWorker> made;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        const pid_t pid = ::fork();
        if (pid < 0) unmade.push_back(orders[i]);
        if (pid > 0) made.push_back({orders[i].slot, pid});
        if (pid != 0) continue;
        OwnParts own;
        own.slot = base::WorkerSlot(orders[i].slot);
        own.channel = std::move(fds[i]);
        if (fds_each == 3) {
            own.out = std::move(fds[orders.size() + 2 * i]);
            own.err = std::move(fds[orders.size() + 2 * i + 1]);
        }
        fds.clear();
        ::close(channel);
        ::_exit(run_worker(inherited, std::move(own), batch_parent));
    }
    // The master can reap them only once this process has ended.
    if (!made.empty()) (void)report(MessageKind::made, std::as_bytes(std::span(made)));
    report_unmade(unmade);
}

void spawn_batch(Inheritance& inherited, std::span<const std::byte> payload, std::vector<os::UniqueFd> fds,
                 bool captured) {
    std::vector<link::SpawnOrder> orders(payload.size() / sizeof(link::SpawnOrder));
    if (orders.empty()) return;
    std::memcpy(orders.data(), payload.data(), orders.size() * sizeof(link::SpawnOrder));
    const std::size_t fds_each = captured ? 3 : 1;
    // Descriptors are missing when the template has too many open.
    if (fds.size() != orders.size() * fds_each) return report_unmade(orders);
    const pid_t parent = ::fork();
    if (parent == 0) {
        make_workers(inherited, orders, fds, fds_each);
        ::_exit(0);
    }
    int status = 0;
    while (parent > 0 && ::waitpid(parent, &status, 0) < 0 && errno == EINTR) {
    }
    // Whether it was ended before it had made them all nobody knows: those that it has made are sent away.
    const bool is_done = parent > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!is_done) report_unmade(orders);
}

void answer_trace_order(TraceSource& traces, std::span<const std::byte> payload) {
    link::TraceOrder order;
    if (payload.size() != sizeof order) return;
    std::memcpy(&order, payload.data(), sizeof order);
    const auto parts = link::encode_in_parts(traces.trace(order));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const MessageHead head{MessageKind::traced,
                               i + 1 < parts.size() ? link::flag_more : 0U,
                               {},
                               static_cast<std::uint32_t>(parts[i].size())};
        (void)os::send_message(channel, link::bytes_of(head), parts[i], {}, Waiting::yes);
    }
}

void serve_orders(Inheritance& inherited) {
    constexpr std::size_t most_bytes = sizeof(MessageHead) + link::max_spawn_batch * sizeof(link::SpawnOrder);
    std::array<std::byte, most_bytes> room;
    for (;;) {
        ReceivedMessage message = wait_for_message(room, link::max_spawn_batch * 3, &inherited.traces);
        if (message.state == ReceivedMessage::State::end) return;
        MessageHead head;
        // Without its descriptors an order is still to be answered.
        if (message.size < sizeof head || (message.cut && !message.lost_fds)) continue;
        std::memcpy(&head, room.data(), sizeof head);
        const auto payload = std::span(room).first(message.size).subspan(sizeof head);
        if (head.kind == MessageKind::spawn) {
            spawn_batch(inherited, payload, std::move(message.fds),
                        (head.flags & link::flag_capture_output) != 0);
        } else if (head.kind == MessageKind::trace) {
            answer_trace_order(inherited.traces, payload);
        } else if (head.kind == MessageKind::replace_log && !message.fds.empty()) {
            inherited.access_log = std::move(message.fds[0]);
        }
    }
}

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): the process title overwrites argv[0]
int run_template(std::string program) {
    (void)::fcntl(channel, F_SETFD, FD_CLOEXEC);
    auto inherited = receive_inheritance();
    if (!inherited) {
        const std::string why = inherited.error().text();
        // Without a channel nobody but who started it by hand wants to know.
        if (!report(MessageKind::failed, why)) fmt::print(stderr, "ERROR: {}\n", why);
        return exit_software;
    }
    live_and_die_with(inherited->master());
    os::set_process_title(fmt::format("php-fpm: template of {}", inherited->settings.pool));
    if (inherited->settings.traces != 0) {
        // Without it requests are served all the same; the slow log then says that a trace failed.
        if (auto traces = TraceSource::create(inherited->settings.slots))
            inherited->traces = *std::move(traces);
    }
    inherited->memory = MemoryLimit::create(inherited->settings.max_memory);
    php::set_message_sink(&report_php_message, nullptr);
    if (auto started = start_php(*inherited, program); !started) {
        (void)report(MessageKind::failed, started.error().text());
        return exit_software;
    }
    // Those of extensions: what ends this process is its end.
    os::reset_signals();
    inherited->traces.keep_below(inherited->files.kept_below());
    const php::Identity php = php::identity();
    (void)report(MessageKind::ready, std::as_bytes(std::span(php.version)),
                 php.is_exposed ? link::flag_exposed : 0);
    serve_orders(*inherited);
    return 0;
}

}  // namespace phalanx::worker
