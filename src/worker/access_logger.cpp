#include "access_logger.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "phalanx/base/clock.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::worker {
namespace {

/// Looks up what a format asks of one request.
class RequestSource final : public log::AccessSource {
  public:
    RequestSource(const fastcgi::Params& params, const php::ScriptEnd& end) : params_(params), end_(end) {}
    [[nodiscard]] std::optional<std::string_view> param(std::string_view name) const noexcept override {
        return params_.find(name);
    }
    [[nodiscard]] std::string_view response_header(std::string_view name) const noexcept override {
        return end_.response_header == nullptr ? std::string_view() : end_.response_header(name);
    }

  private:
    const fastcgi::Params& params_;
    const php::ScriptEnd& end_;
};

std::optional<log::AccessFormat> parse_format(const Inheritance& inherited) {
    if (!inherited.access_log) return std::nullopt;
    const std::string& text = inherited.settings.access_format;
    // The master has checked it.
    auto format =
        log::AccessFormat::parse(text.empty() ? log::default_access_format : std::string_view(text));
    if (!format) return std::nullopt;
    return *std::move(format);
}

}  // namespace

CpuTime cpu_time_so_far() {
    rusage usage{};
    (void)::getrusage(RUSAGE_SELF, &usage);
    const auto duration = [](const timeval& time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return {duration(usage.ru_utime), duration(usage.ru_stime)};
}

AccessLogger::AccessLogger(const Inheritance& inherited)
    : inherited_(inherited), format_(parse_format(inherited)) {}

void AccessLogger::request_begins(const ClientStream& client) {
    if (format_) peer_ = os::peer_ip(client.fd());
}

void AccessLogger::write(const php::ScriptBegin& request, const php::ScriptEnd& end,
                         const fastcgi::Params& params, const status::SlotWriter& slot, const CpuTime& cpu) {
    if (!format_) return;
    log::AccessRecord record;
    record.pool = inherited_.settings.pool;
    record.peer = peer_;
    record.method = request.method;
    record.uri = request.request_uri;
    record.query = request.query;
    record.user = request.user;
    record.script = request.script_path;
    record.content_length = request.content_length;
    record.status = end.response_code;
    record.memory_peak = end.memory_peak;
    record.duration = std::chrono::microseconds(base::monotonic_usec() - slot.begun_usec());
    record.waited = std::chrono::microseconds(slot.waited_usec());
    record.cpu_user = cpu.user;
    record.cpu_system = cpu.system;
    record.accepted_at = slot.begun_wall();
    record.written_at = base::wall_seconds();
    record.worker_pid = ::getpid();
    record.master_pid = inherited_.master();
    if (log::is_suppressed(inherited_.settings.access_suppress_paths, record)) return;
    line_.clear();
    format_->append_line(line_, record, RequestSource(params, end));
    if (!line_.empty()) (void)!::write(fd(), line_.data(), line_.size());
}

}  // namespace phalanx::worker
