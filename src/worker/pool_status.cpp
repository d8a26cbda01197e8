#include "pool_status.hpp"

#include <algorithm>

namespace phalanx::worker {
namespace {

std::int64_t number(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

std::string_view or_dash(const std::string& text) {
    return text.empty() ? std::string_view("-") : std::string_view(text);
}

void tell_worker(const status::SlotSnapshot& worker, std::int64_t now, php::StatusFields& fields) {
    fields.begin_worker();
    fields.number("pid", worker.pid);
    fields.text("state", status::stage_name(worker.stage));
    fields.number("start-time", worker.started_at);
    fields.number("start-since", std::max<std::int64_t>(now - worker.started_at, 0));
    fields.number("requests", number(worker.requests));
    fields.number("request-duration", number(worker.duration_usec));
    fields.text("request-method", or_dash(worker.method));
    fields.text("request-uri", or_dash(worker.uri));
    fields.text("query-string", worker.query);
    fields.number("request-length", number(worker.content_length));
    fields.text("user", or_dash(worker.user));
    fields.text("script", or_dash(worker.script));
    fields.decimal("last-request-cpu", worker.cpu_percent);
    fields.number("last-request-memory", number(worker.memory_peak));
}

}  // namespace

status::SlotPage& slot_page(const Inheritance& inherited, base::WorkerSlot slot) {
    return status::slots_in(inherited.pages.slot_area())[slot.number()];
}

status::PoolSnapshot pool_snapshot(const Inheritance& inherited) {
    return status::take_snapshot(inherited.settings.pool, inherited.settings.process_manager,
                                 status::pool_in(inherited.pages.pool_area()),
                                 status::slots_in(inherited.pages.slot_area()));
}

bool tell_status(void* context, php::StatusFields& fields) noexcept {
    const status::PoolSnapshot pool = pool_snapshot(*static_cast<const Inheritance*>(context));
    fields.text("pool", pool.pool);
    fields.text("process-manager", pool.process_manager);
    fields.number("start-time", pool.started_at);
    fields.number("start-since", std::max<std::int64_t>(pool.now - pool.started_at, 0));
    fields.number("accepted-conn", number(pool.accepted));
    fields.number("listen-queue", number(pool.listen_queue));
    fields.number("max-listen-queue", number(pool.max_listen_queue));
    fields.number("listen-queue-len", number(pool.listen_queue_length));
    fields.number("idle-processes", number(pool.idle));
    fields.number("active-processes", number(pool.active));
    fields.number("total-processes", number(pool.idle + pool.active));
    fields.number("max-active-processes", number(pool.max_active));
    fields.number("max-children-reached", number(pool.max_children_reached));
    fields.number("slow-requests", number(pool.slow_requests));
    for (const status::SlotSnapshot& worker : pool.workers) tell_worker(worker, pool.now, fields);
    return true;
}

}  // namespace phalanx::worker
