#include "file_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "phalanx/link/messages.hpp"

namespace phalanx::worker {
namespace {

/// The template's own, and what extensions keep open.
constexpr std::uint64_t own_descriptors = 64;

}  // namespace

void FileLimits::make_room(const link::WorkerSettings& settings) {
    const auto files = static_cast<std::uint64_t>(std::max<std::int64_t>(settings.rlimit_files, 0));
    worker_ = os::file_limit();
    os::FileLimit ours = worker_;
    if (files > worker_.hard) {
        // php-fpm goes on here too: a limit that cannot be raised is no reason to serve nobody.
        if (auto raised = os::limit_files(files); !raised)
            fmt::print(stderr, "ERROR: {}\n", raised.error().text());
        ours = worker_ = os::file_limit();
    } else if (files > 0) {
        worker_ = {files, files};
    }
    const std::uint64_t slots = settings.slots;
    const std::uint64_t batch = 3 * std::min<std::uint64_t>(slots, link::max_spawn_batch);
    const std::uint64_t needed = own_descriptors + batch + (settings.traces != 0 ? slots : 0);
    ours.soft = std::max(worker_.soft, needed);
    // Who may not raise the hard limit takes what is there.
    if (!os::set_file_limit({ours.soft, std::max(ours.hard, ours.soft)}))
        (void)os::set_file_limit({std::min(ours.soft, ours.hard), ours.hard});
    const std::uint64_t soft = os::file_limit().soft;
    const std::uint64_t for_workers = batch + 1;
    kept_below_ = static_cast<int>(std::min<std::uint64_t>(soft > for_workers ? soft - for_workers : 0,
                                                           std::numeric_limits<int>::max()));
}

void FileLimits::limit_worker() const {
    if (worker_.soft != 0) (void)os::set_file_limit(worker_);
}

}  // namespace phalanx::worker
