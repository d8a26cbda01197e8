#include <fmt/format.h>

#include <iterator>

#include "fields.hpp"

namespace phalanx::status {
namespace {

struct Metric {
    std::string_view name;  ///< without "phpfpm_"
    std::string_view type;
    std::string_view help;
    std::uint64_t value;
};

void append(std::string& out, const Metric& metric) {
    const std::string help = fmt::format("# HELP phpfpm_{} {}\n", metric.name, metric.help);
    const std::string type = fmt::format("# TYPE phpfpm_{} {}\n", metric.name, metric.type);
    // php-fpm has these two lines the other way round for one metric.
    const bool type_first = metric.name == "listen_queue_length";
    out += type_first ? type : help;
    out += type_first ? help : type;
    fmt::format_to(std::back_inserter(out), "phpfpm_{} {}\n", metric.name, metric.value);
}

void append_line(std::string& out, const LineSnapshot& line) {
    const Metric metrics[] = {
        {"queue_requests", "gauge", "The number of requests that wait in the master for a worker.",
         line.length},
        {"max_queue_requests", "counter", "The most requests that have waited in the master at once.",
         line.longest},
        {"queue_oldest_microseconds", "gauge", "How long the first request in the master's line has waited.",
         line.oldest_usec},
        {"queue_wait_p50_microseconds", "gauge", "The median waiting time in the line in the last minutes.",
         line.wait_p50_usec},
        {"queue_wait_p95_microseconds", "gauge", "Its 95th percentile.", line.wait_p95_usec},
        {"queue_wait_p99_microseconds", "gauge", "Its 99th percentile.", line.wait_p99_usec},
        {"queued_requests", "counter", "The number of requests that have waited in the line.", line.joined},
        {"shed_requests", "counter", "The number of requests refused because the line was full.", line.shed},
        {"expired_requests", "counter", "The number of requests that exceeded 'queue.timeout'.",
         line.expired},
        {"abandoned_requests", "counter", "The number of requests whose client left before their turn.",
         line.abandoned},
        {"idle_kept_alive_connections", "gauge", "The number of kept-alive connections between two requests.",
         line.kept_idle},
        {"parked_connections", "gauge", "The number of connections whose request has not arrived yet.",
         line.parked},
    };
    for (const Metric& metric : metrics) append(out, metric);
}

}  // namespace

std::string render_openmetrics(const PoolSnapshot& pool, Extent extent) {
    const std::string reached = fmt::format("Could pool {} using a {} PM on PHP-FPM be reached?",
                                            escape_text(pool.pool), escape_text(pool.process_manager));
    const Metric metrics[] = {
        {"up", "gauge", reached, 1},
        {"start_since", "counter", "The number of seconds since FPM has started.",
         static_cast<std::uint64_t>(seconds_since(pool.started_at, pool.now))},
        {"accepted_connections", "counter", "The number of requests accepted by the pool.", pool.accepted},
        {"listen_queue", "gauge", "The number of requests in the queue of pending connections.",
         pool.listen_queue},
        {"max_listen_queue", "counter",
         "The maximum number of requests in the queue of pending connections since FPM has started.",
         pool.max_listen_queue},
        {"listen_queue_length", "gauge", "The size of the socket queue of pending connections.",
         pool.listen_queue_length},
        {"idle_processes", "gauge", "The number of idle processes.", pool.idle},
        {"active_processes", "gauge", "The number of active processes.", pool.active},
        {"total_processes", "gauge", "The number of idle + active processes.", pool.idle + pool.active},
        {"max_active_processes", "counter", "The maximum number of active processes since FPM has started.",
         pool.max_active},
        {"max_children_reached", "counter",
         "The number of times, the process limit has been reached, when pm tries to start more children "
         "(works "
         "only for pm 'dynamic' and 'ondemand').",
         pool.max_children_reached},
        {"slow_requests", "counter",
         "The number of requests that exceeded your 'request_slowlog_timeout' value.", pool.slow_requests},
    };
    std::string out;
    for (const Metric& metric : metrics) append(out, metric);
    if (extent == Extent::with_line) append_line(out, pool.line);
    return out += "# EOF\n";
}

}  // namespace phalanx::status
