#pragma once

#include <cstdint>
#include <string_view>

namespace phalanx::php {

/// Receives the fields of php-fpm's fpm_get_status() one by one, in their order there. The room `worker`
/// names them, since it knows the scoreboard; this room makes a PHP array of them. Texts are copied.
class StatusFields {
  public:
    virtual ~StatusFields() = default;
    virtual void text(std::string_view name, std::string_view value) = 0;
    virtual void number(std::string_view name, std::int64_t value) = 0;
    virtual void decimal(std::string_view name, double value) = 0;
    /// What follows describes one worker: the next entry of the list "procs".
    virtual void begin_worker() = 0;
};

/// Fills in the status of this worker's pool. False: it cannot be had, fpm_get_status() gives false. Runs
/// without any PHP code between, so it may use objects as it likes; it must not throw.
using StatusSource = bool (*)(void* context, StatusFields& fields) noexcept;

/// Without a source fpm_get_status() gives false.
void set_status_source(StatusSource source, void* context);

}  // namespace phalanx::php
