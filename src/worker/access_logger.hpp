#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "client_stream.hpp"
#include "inheritance.hpp"
#include "phalanx/fastcgi/params.hpp"
#include "phalanx/log/access_log.hpp"
#include "phalanx/php/request_port.hpp"
#include "phalanx/status/slot_writer.hpp"

namespace phalanx::worker {

/// CPU time that a request has used.
struct CpuTime {
    std::chrono::microseconds user{0};
    std::chrono::microseconds system{0};
};
/// What this process has used so far (getrusage(2)).
[[nodiscard]] CpuTime cpu_time_so_far();

/// Writes a pool's access log, one line and one write(2) per request (php-fpm: access.log, access.format).
class AccessLogger {
  public:
    explicit AccessLogger(const Inheritance& inherited);

    /// The format asks for the request's CPU time.
    [[nodiscard]] bool wants_cpu() const { return format_ && format_->needs_cpu_time(); }
    /// Takes the client's address, which nobody can tell once the client has left.
    void request_begins(const ClientStream& client);
    /// Logs a request at the end of its script.
    void write(const php::ScriptBegin& request, const php::ScriptEnd& end, const fastcgi::Params& params,
               const status::SlotWriter& slot, const CpuTime& cpu);
    void replace(os::UniqueFd log) { replacement_ = std::move(log); }

  private:
    [[nodiscard]] int fd() const { return replacement_ ? replacement_.get() : inherited_.access_log.get(); }

    const Inheritance& inherited_;
    std::optional<log::AccessFormat> format_;  ///< nothing: no access log
    os::UniqueFd replacement_;                 ///< opened anew since this worker was made
    std::string peer_;                         ///< IP address of the request's client
    std::string line_;
};

}  // namespace phalanx::worker
