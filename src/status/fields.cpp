#include "fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace phalanx::status {
namespace {

/// "22/Nov/2026:09:43:31 +0000", local time; the months are English whatever the locale.
std::string calendar_time(std::int64_t seconds) {
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t moment = seconds;
    std::tm local{};
    if (localtime_r(&moment, &local) == nullptr) return "-";
    const long minutes = local.tm_gmtoff / 60;
    return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} {}{:02}{:02}", local.tm_mday,
                       months[static_cast<std::size_t>(local.tm_mon)], local.tm_year + 1900, local.tm_hour,
                       local.tm_min, local.tm_sec, minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                       std::abs(minutes) % 60);
}

std::string time_value(std::int64_t seconds, const Style& style) {
    return style.times == Style::Times::calendar ? calendar_time(seconds) : fmt::to_string(seconds);
}

std::string text_value(std::string_view text, const Style& style) {
    return text.empty() ? "-" : style.escape(text);
}

/// URI and query are escaped apart: one that is not UTF-8 leaves the other readable in markup.
std::string address(const SlotSnapshot& worker, const Style& style) {
    std::string value = text_value(worker.uri, style);
    if (!worker.query.empty()) value += '?' + style.escape(worker.query);
    return value;
}

}  // namespace

std::int64_t seconds_since(std::int64_t moment, std::int64_t now) {
    return std::max<std::int64_t>(0, now - moment);
}

std::vector<Field> pool_fields(const PoolSnapshot& pool, const Style& style, Extent extent) {
    const auto number = [](auto value) { return fmt::to_string(value); };
    std::vector<Field> fields{
        {"pool", "pool", style.escape(pool.pool), true},
        {"process manager", "process-manager", style.escape(pool.process_manager), true},
        {"start time", "start-time", time_value(pool.started_at, style), false},
        {"start since", "start-since", number(seconds_since(pool.started_at, pool.now)), false},
        {"accepted conn", "accepted-conn", number(pool.accepted), false},
        {"listen queue", "listen-queue", number(pool.listen_queue), false},
        {"max listen queue", "max-listen-queue", number(pool.max_listen_queue), false},
        {"listen queue len", "listen-queue-len", number(pool.listen_queue_length), false},
        {"idle processes", "idle-processes", number(pool.idle), false},
        {"active processes", "active-processes", number(pool.active), false},
        {"total processes", "total-processes", number(pool.idle + pool.active), false},
        {"max active processes", "max-active-processes", number(pool.max_active), false},
        {"max children reached", "max-children-reached", number(pool.max_children_reached), false},
        {"slow requests", "slow-requests", number(pool.slow_requests), false},
    };
    if (extent == Extent::php_fpm) return fields;
    const LineSnapshot& line = pool.line;
    fields.insert(fields.end(),
                  {
                      {"queue length", "queue-length", number(line.length), false},
                      {"max queue length", "max-queue-length", number(line.longest), false},
                      {"queue oldest usec", "queue-oldest-usec", number(line.oldest_usec), false},
                      {"queue wait p50", "queue-wait-p50", number(line.wait_p50_usec), false},
                      {"queue wait p95", "queue-wait-p95", number(line.wait_p95_usec), false},
                      {"queue wait p99", "queue-wait-p99", number(line.wait_p99_usec), false},
                      {"queued requests", "queued-requests", number(line.joined), false},
                      {"shed requests", "shed-requests", number(line.shed), false},
                      {"expired requests", "expired-requests", number(line.expired), false},
                      {"abandoned requests", "abandoned-requests", number(line.abandoned), false},
                      {"idle kept-alive", "idle-kept-alive", number(line.kept_idle), false},
                      {"parked connections", "parked-connections", number(line.parked), false},
                  });
    return fields;
}

std::array<Field, 13> worker_fields(const SlotSnapshot& worker, std::int64_t now, const Style& style) {
    const auto number = [](auto value) { return fmt::to_string(value); };
    return {{
        {"pid", "pid", number(worker.pid), false},
        {"state", "state", std::string(stage_name(worker.stage)), true},
        {"start time", "start-time", time_value(worker.started_at, style), false},
        {"start since", "start-since", number(seconds_since(worker.started_at, now)), false},
        {"requests", "requests", number(worker.requests), false},
        {"request duration", "request-duration", number(worker.duration_usec), false},
        {"request method", "request-method", text_value(worker.method, style), true},
        {"request uri", "request-uri", address(worker, style), true},
        {"content length", "content-length", number(worker.content_length), false},
        {"user", "user", text_value(worker.user, style), true},
        {"script", "script", text_value(worker.script, style), true},
        {"last request cpu", "last-request-cpu", fmt::format("{:.2f}", worker.cpu_percent), false},
        {"last request memory", "last-request-memory", number(worker.memory_peak), false},
    }};
}

}  // namespace phalanx::status
