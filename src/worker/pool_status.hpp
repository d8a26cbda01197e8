#pragma once

#include "inheritance.hpp"
#include "phalanx/php/status_fields.hpp"
#include "phalanx/status/scoreboard.hpp"

namespace phalanx::worker {

/// The status of this worker's pool as it stands in the scoreboard.
[[nodiscard]] status::PoolSnapshot pool_snapshot(const Inheritance& inherited);

/// This worker's own entry of the scoreboard.
[[nodiscard]] status::SlotPage& slot_page(const Inheritance& inherited, base::WorkerSlot slot);

/// What fpm_get_status() asks; `context` is the Inheritance.
[[nodiscard]] bool tell_status(void* context, php::StatusFields& fields) noexcept;

}  // namespace phalanx::worker
