#include "staff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "phalanx/os/descriptor.hpp"
#include "worker_output.hpp"

namespace phalanx::master {
namespace {

using link::MessageKind;
using log::Level;

/// Notes of one worker looked at before others get their turn.
constexpr int notes_per_event = 16;

std::chrono::milliseconds since(base::MonotonicTime time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(base::Monotonic::now() - time);
}

std::string age(base::MonotonicTime born) {
    const auto usec =
        std::chrono::duration_cast<std::chrono::microseconds>(base::Monotonic::now() - born).count();
    return fmt::format("{}.{:06}", usec / 1'000'000, usec % 1'000'000);
}

bool was_harmless(const os::ChildEnd& end) {
    return end.how == os::ChildEnd::How::exited ? end.status == 0 : end.status == SIGQUIT;
}

/// What php-fpm counts for emergency_restart_threshold.
bool has_crashed(const os::ChildEnd& end) {
    return end.how != os::ChildEnd::How::exited && (end.status == SIGSEGV || end.status == SIGBUS);
}

}  // namespace

/// What watches one slot's channel and reads its worker's output.
class Staff::Station final : public ReadyHandler {
  public:
    Station(Staff& staff, WorkerHandle& worker)
        : staff_(staff), worker_(worker), turn_(staff.share_, worker.channel_watch) {}
    void on_ready(std::uint32_t) override {
        turn_.handle([this] { return staff_.read_notes(worker_, notes_per_event); });
    }

    std::unique_ptr<WorkerOutput> output;

  private:
    Staff& staff_;
    WorkerHandle& worker_;
    TimeShare::Member turn_;
};

Staff::Staff(PoolSurroundings& around, TimeShare& share, const config::PoolSettings& settings,
             const link::PoolPages& pages, StaffEvents& events)
    : around_(around),
      share_(share),
      settings_(settings),
      pages_(pages),
      events_(events),
      workers_(static_cast<std::size_t>(settings.pm_max_children)) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i].slot = base::WorkerSlot(static_cast<std::uint16_t>(i));
        stations_.push_back(std::make_unique<Station>(*this, workers_[i]));
    }
}

Staff::~Staff() = default;

std::chrono::microseconds Staff::last_duration(const WorkerHandle& worker) const {
    constexpr std::uint64_t longest = 1'000'000;  // whatever the worker has written there
    const std::uint64_t duration = page(worker).duration_usec.load(std::memory_order_relaxed);
    return std::chrono::microseconds(std::min(duration, longest));
}

void Staff::order(std::size_t count, TemplateHandle& from) {
    std::vector<WorkerHandle*> batch;
    for (WorkerHandle& worker : workers_) {
        if (count == 0) break;
        if (worker.life != WorkerLife::absent) continue;
        batch.push_back(&worker);
        --count;
        if (batch.size() < link::max_spawn_batch && count > 0) continue;
        if (!send_order(batch, from)) return;
        batch.clear();
    }
    if (!batch.empty()) (void)send_order(batch, from);
}

bool Staff::send_order(std::span<WorkerHandle*> batch, TemplateHandle& from) {
    std::vector<link::SpawnOrder> orders;
    std::vector<WorkerParts> parts;
    std::vector<int> fds;
    std::vector<int> output_fds;
    for (const WorkerHandle* worker : batch) {
        auto made = make_parts();
        if (!made) {
            say_shortage(made.error());
            break;
        }
        orders.push_back({worker->slot.number()});
        fds.push_back(made->channel.there());
        if (made->output)
            output_fds.insert(output_fds.end(),
                              {made->output->out.write_end.get(), made->output->err.write_end.get()});
        parts.push_back(*std::move(made));
    }
    if (orders.empty()) return false;
    fds.insert(fds.end(), output_fds.begin(), output_fds.end());
    if (!from.spawn(orders, fds, settings_.catch_workers_output ? link::flag_capture_output : 0))
        return false;
    around_.quota.take(orders.size());
    if (orders.size() == batch.size()) told_shortage_ = false;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        WorkerHandle& worker = *batch[i];
        Station& station = *stations_[worker.slot.number()];
        worker.channel = std::move(parts[i].channel);
        worker.pidfd = std::move(parts[i].place_of_pidfd);
        worker.life = WorkerLife::ordered;
        worker.changed_at = base::Monotonic::now();
        auto watch = around_.loop.watch(worker.channel.here(), EPOLLIN, station);
        if (!watch) {
            // Nobody would hear its hello: it will find its channel closed.
            clear(worker);
            continue;
        }
        worker.channel_watch = *std::move(watch);
        if (parts[i].output) {
            station.output = std::make_unique<WorkerOutput>(around_, share_, settings_, worker,
                                                            *std::move(parts[i].output));
        }
    }
    return orders.size() == batch.size();
}

/// With all that the master needs later to look after the worker: else it would have to end it then.
base::Result<Staff::WorkerParts> Staff::make_parts() const {
    WorkerParts parts;
    auto channel = JobChannel::create();
    if (!channel) return channel.error();
    parts.channel = *std::move(channel);
    auto place = os::make_eventfd();
    if (!place) return place.error();
    parts.place_of_pidfd = *std::move(place);
    if (settings_.catch_workers_output) {
        auto output = WorkerOutputEnds::create();
        if (!output) return output.error();
        parts.output = *std::move(output);
    }
    return parts;
}

/// Once until there is none: it is tried again each second.
void Staff::say_shortage(const base::Error& why) {
    if (!std::exchange(told_shortage_, true))
        say(Level::error,
            fmt::format("no more workers can be made for now, there are {}: {}", live(), why.text()));
}

std::size_t Staff::forget_orders(std::chrono::milliseconds older_than) {
    std::size_t forgotten = 0;
    for (WorkerHandle& worker : workers_) {
        if (worker.life != WorkerLife::ordered || since(worker.changed_at) < older_than) continue;
        // Whoever still comes finds its channel closed and ends.
        clear(worker);
        ++forgotten;
    }
    return forgotten;
}

void Staff::forget_order(std::size_t slot) {
    if (slot < workers_.size() && workers_[slot].life == WorkerLife::ordered) clear(workers_[slot]);
}

void Staff::retire_idle(std::size_t count) {
    for (std::size_t i = workers_.size(); i-- > 0 && count > 0;) {
        WorkerHandle& worker = workers_[i];
        if (worker.life != WorkerLife::serving || !is_idle(worker)) continue;
        retire(worker);
        --count;
    }
}

void Staff::retire(WorkerHandle& worker) {
    worker.idle_killed = true;
    send_leave(worker);
}

void Staff::leave_all() {
    all_leave_ = true;
    for (WorkerHandle& worker : workers_) {
        if (worker.life == WorkerLife::serving) send_leave(worker);
    }
}

void Staff::send_leave(WorkerHandle& worker) {
    worker.life = WorkerLife::leaving;
    if (!worker.channel.send_control(MessageKind::leave)) worker.channel.end_sending();
    // After the message: a worker that sees the count looks for it.
    pages_.master().control[worker.slot.number()].fetch_add(1);
    dispatcher_->worker_left(worker.slot);
}

void Staff::signal_all(int signal) {
    all_end_by_ = signal;
    for (WorkerHandle& worker : workers_) {
        // One that was ordered is waited for, else it would come into being behind our back: see hello().
        if (worker.life == WorkerLife::ordered && signal == SIGKILL) clear(worker);
        if (worker.life == WorkerLife::absent || worker.life == WorkerLife::ordered) continue;
        say(Level::debug,
            fmt::format("sending signal {} SIG{} to child {}", signal, ::sigabbrev_np(signal), worker.pid));
        (void)os::send_signal(worker.pidfd, signal);
    }
}

void Staff::replace_log(int fd) {
    for (WorkerHandle& worker : workers_) {
        if (worker.life != WorkerLife::serving) continue;
        // As in php-fpm, whose workers are replaced.
        if (!worker.channel.send_control(MessageKind::replace_log, fd)) send_leave(worker);
        pages_.master().control[worker.slot.number()].fetch_add(1);
    }
}

bool Staff::child_ended(const os::ChildEnd& end) {
    bool known = false;
    for (WorkerHandle& worker : workers_) {
        if (worker.pid != end.pid || worker.life == WorkerLife::absent) continue;
        bury(worker, end);
        known = true;
    }
    return known;
}

void Staff::bury(WorkerHandle& worker, const os::ChildEnd& end) {
    // What it had said before it died still counts; it may even have said its hello in vain.
    if (worker.channel_watch && worker.life != WorkerLife::ordered) (void)read_notes(worker, most_last_notes);
    if (worker.life == WorkerLife::absent) return;
    // As with its notes: what it said comes before its end.
    if (auto& output = stations_[worker.slot.number()]->output) output->finish();
    const bool harmless = was_harmless(end);
    const bool expected = ends_expected_ || worker.idle_killed;
    if (worker.idle_killed && !ends_expected_) {
        say(Level::debug,
            fmt::format("child {} has been killed by the process management after {} seconds from start",
                        end.pid, age(worker.changed_at)));
    } else {
        say(expected   ? Level::debug
            : harmless ? Level::notice
                       : Level::warning,
            fmt::format("child {} exited {} after {} seconds from start", end.pid, describe_end(end),
                        age(worker.changed_at)));
    }
    const auto lived = since(worker.changed_at);
    const bool replace = !expected;
    const bool broke_rules = worker.broke_rules;
    const bool served = page(worker).requests.load() > 0;
    const status::SlotSnapshot last = snapshot(worker);
    const auto code = code_of_lost(last, loss_reason(worker));
    if (code && !is_logged(last)) events_.request_lost(last, *code);
    // Its own last words are enough for the client.
    const bool is_to_be_told = code && last.answer == status::AnswerState::none;
    clear(worker, is_to_be_told ? std::optional(LostAnswer{*code, last.request_id}) : std::nullopt);
    worker.replaces_dead = replace;
    if (has_crashed(end)) around_.worker_crashed();
    events_.worker_gone(lived, broke_rules || (replace && !harmless && !served));
}

LossReason Staff::loss_reason(const WorkerHandle& worker) const {
    if (worker.timed_out_at) return LossReason::timeout;
    return ends_expected_ ? LossReason::stop : LossReason::crash;
}

void Staff::clear(WorkerHandle& worker, std::optional<LostAnswer> answer) {
    around_.quota.give_back();
    Station& station = *stations_[worker.slot.number()];
    if (station.output) station.output->finish();
    station.output.reset();
    dispatcher_->recover(worker, answer);
    worker.channel_watch = {};
    around_.foreign.keep(worker.channel.close());
    set_live(worker, false);
    pages_.set_timed_out(worker.slot, false);
    status::SlotPage& slot = page(worker);
    status::PoolPage& pool = status::pool_in(pages_.pool_area());
    // A worker may have written anything: what it claims is held within reason.
    constexpr std::uint64_t most_requests = std::uint64_t{1} << 48;
    pool.departed_requests.fetch_add(std::min(slot.requests.load(), most_requests));
    std::memset(static_cast<void*>(&slot), 0, sizeof slot);
    const base::WorkerSlot place = worker.slot;
    const bool replaces_dead = worker.replaces_dead;
    worker = WorkerHandle{};
    worker.slot = place;
    worker.replaces_dead = replaces_dead;
}

std::size_t Staff::count(WorkerLife life) const {
    std::size_t number = 0;
    for (const WorkerHandle& worker : workers_) number += worker.life == life ? 1 : 0;
    return number;
}

bool Staff::is_idle(const WorkerHandle& worker) const {
    return page(worker).stage.load() == static_cast<std::uint32_t>(status::Stage::idle);
}

std::size_t Staff::idle() const {
    std::size_t number = 0;
    for (const WorkerHandle& worker : workers_)
        number += worker.life == WorkerLife::serving && is_idle(worker) ? 1 : 0;
    return number;
}

std::chrono::milliseconds Staff::longest_idle() const {
    const std::uint64_t now = base::monotonic_usec();
    std::uint64_t longest = 0;
    for (const WorkerHandle& worker : workers_) {
        if (worker.life != WorkerLife::serving || !is_idle(worker)) continue;
        const status::SlotPage& slot = page(worker);
        const std::uint64_t last_end = slot.accepted_usec.load() + slot.duration_usec.load();
        const std::uint64_t hello_usec =
            now - static_cast<std::uint64_t>(since(worker.changed_at).count()) * 1000;
        const std::uint64_t since_usec = std::max(last_end, hello_usec);
        longest = std::max(longest, now > since_usec ? now - since_usec : 0);
    }
    return std::chrono::milliseconds(longest / 1000);
}

void Staff::end_for_time(WorkerHandle& worker, std::uint64_t request) const {
    if (!worker.timed_out_at) worker.timed_out_at = base::Monotonic::now();
    worker.timed_out_request = request;
    pages_.set_timed_out(worker.slot, true);
    (void)os::send_signal(worker.pidfd, SIGTERM);
}

void Staff::spare(WorkerHandle& worker) const {
    worker.timed_out_at.reset();
    pages_.set_timed_out(worker.slot, false);
}

status::SlotSnapshot Staff::snapshot(const WorkerHandle& worker) const {
    return status::read_slot(page(worker), base::monotonic_usec());
}

status::SlotPage& Staff::page(const WorkerHandle& worker) const {
    return status::slots_in(pages_.slot_area())[worker.slot.number()];
}

void Staff::set_live(const WorkerHandle& worker, bool live) const {
    status::PoolPage& pool = status::pool_in(pages_.pool_area());
    const std::uint64_t bit = std::uint64_t{1} << (worker.slot.number() % 64);
    auto& word = pool.live_mask[worker.slot.number() / 64];
    live ? word.fetch_or(bit) : word.fetch_and(~bit);
}

void Staff::say(Level level, const std::string& text) const {
    around_.log.pool(settings_.name).log(level, text);
}

std::string describe_end(const os::ChildEnd& end) {
    if (end.how == os::ChildEnd::How::exited) return fmt::format("with code {}", end.status);
    const char* name = ::sigabbrev_np(end.status);
    const char* core = end.how == os::ChildEnd::How::dumped_core ? " - core dumped" : "";
    return fmt::format("on signal {} (SIG{}{})", end.status, name != nullptr ? name : "?", core);
}

}  // namespace phalanx::master
