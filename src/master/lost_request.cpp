#include "lost_request.hpp"

#include <unistd.h>

#include "phalanx/base/clock.hpp"
#include "phalanx/fastcgi/short_answer.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

/// Parameters and headers died with the worker.
class Nothing final : public log::AccessSource {
  public:
    [[nodiscard]] std::optional<std::string_view> param(std::string_view) const noexcept override {
        return std::nullopt;
    }
    [[nodiscard]] std::string_view response_header(std::string_view) const noexcept override { return {}; }
};

}  // namespace

std::optional<int> code_of_lost(const status::SlotSnapshot& last, LossReason reason) {
    if (last.stage == status::Stage::idle || last.answer == status::AnswerState::begun) return std::nullopt;
    switch (reason) {
        case LossReason::timeout:
            return 504;
        case LossReason::stop:
            return 503;
        case LossReason::crash:
            break;
    }
    return 502;
}

bool is_logged(const status::SlotSnapshot& last) {
    return last.stage == status::Stage::ending || last.stage == status::Stage::finishing;
}

std::string_view status_of_lost(int code) {
    if (code == 504) return fastcgi::gateway_timeout;
    return code == 503 ? fastcgi::service_unavailable : fastcgi::bad_gateway;
}

void LostRequestLog::write(int log_fd, const status::SlotSnapshot& last, int code) {
    if (!format_) {
        const std::string& text = settings_.access_format;
        auto format =
            log::AccessFormat::parse(text.empty() ? log::default_access_format : std::string_view(text));
        if (!format) return;
        format_ = *std::move(format);
    }
    log::AccessRecord record;
    record.pool = settings_.name;
    record.method = last.method;
    record.uri = last.uri;
    record.query = last.query;
    record.user = last.user;
    record.script = last.script;
    record.content_length = static_cast<std::int64_t>(last.content_length);
    record.status = code;
    record.duration = std::chrono::microseconds(last.duration_usec);
    record.accepted_at = last.request_wall;
    record.written_at = base::wall_seconds();
    record.worker_pid = last.pid;
    record.master_pid = ::getpid();
    std::string line;
    format_->append_line(line, record, Nothing());
    if (!line.empty()) os::write_if_taken(log_fd, line);
}

}  // namespace phalanx::master
