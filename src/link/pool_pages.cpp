#include "phalanx/link/pool_pages.hpp"

#include <bit>

namespace phalanx::link {
namespace {

// The scoreboard's entries are aligned to cache lines (64); both headers' sizes keep that.
static_assert(sizeof(WorkersPage) % 64 == 0 && sizeof(MasterPage) % 64 == 0);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);

std::size_t workers_size(const PoolPages::Layout& layout) {
    return sizeof(WorkersPage) + layout.slots * layout.slot_bytes;
}
std::size_t master_size(const PoolPages::Layout& layout) {
    return sizeof(MasterPage) + layout.pool_bytes;
}

}  // namespace

base::Result<PoolPages> PoolPages::create(const Layout& layout) {
    if (layout.slots > max_workers_per_pool) return base::Error{"a pool cannot have that many workers"};
    PoolPages pages;
    pages.layout_ = layout;
    auto workers_fd = os::make_sealed_memory("phalanx-workers", workers_size(layout));
    if (!workers_fd) return workers_fd.error();
    auto workers = os::Mapping::map(workers_fd->get(), workers_size(layout), os::Access::read_write);
    if (!workers) return workers.error();
    auto master = os::make_master_memory("phalanx-master", master_size(layout));
    if (!master) return master.error();
    pages.workers_fd_ = *std::move(workers_fd);
    pages.workers_ = *std::move(workers);
    pages.master_fd_ = std::move(master->fd);
    pages.master_ = std::move(master->mapping);
    return pages;
}

base::Result<PoolPages> PoolPages::attach(int workers_fd, int master_fd, const Layout& layout) {
    PoolPages pages;
    pages.layout_ = layout;
    auto workers = os::Mapping::map(workers_fd, workers_size(layout), os::Access::read_write);
    if (!workers) return workers.error();
    auto master = os::Mapping::map(master_fd, master_size(layout), os::Access::read_only);
    if (!master) return master.error();
    pages.workers_ = *std::move(workers);
    pages.master_ = *std::move(master);
    return pages;
}

WorkersPage& PoolPages::workers() const {
    return *reinterpret_cast<WorkersPage*>(workers_.bytes().data());
}

MasterPage& PoolPages::master() const {
    return *reinterpret_cast<MasterPage*>(master_.bytes().data());
}

std::span<std::byte> PoolPages::slot_area() const {
    return workers_.bytes().subspan(sizeof(WorkersPage));
}

std::span<std::byte> PoolPages::pool_area() const {
    return master_.bytes().subspan(sizeof(MasterPage));
}

void PoolPages::set_timed_out(base::WorkerSlot slot, bool timed_out) const {
    const std::uint64_t bit = std::uint64_t{1} << (slot.number() % 64);
    auto& word = master().timed_out[slot.number() / 64];
    timed_out ? word.fetch_or(bit) : word.fetch_and(~bit);
}

bool PoolPages::is_timed_out(base::WorkerSlot slot) const {
    return (master().timed_out[slot.number() / 64].load() >> (slot.number() % 64) & 1) != 0;
}

void PoolPages::set_idle(base::WorkerSlot slot) const {
    workers().idle[slot.number() / 64].fetch_or(std::uint64_t{1} << (slot.number() % 64));
}

bool PoolPages::take_idle(base::WorkerSlot slot) const {
    const std::uint64_t bit = std::uint64_t{1} << (slot.number() % 64);
    return (workers().idle[slot.number() / 64].fetch_and(~bit) & bit) != 0;
}

std::optional<base::WorkerSlot> PoolPages::lowest_idle(std::span<const std::uint64_t> eligible) const {
    for (std::size_t word = 0; word < eligible.size(); ++word) {
        if (eligible[word] == 0) continue;
        const std::uint64_t idle = workers().idle[word].load() & eligible[word];
        if (idle != 0) {
            return base::WorkerSlot(
                static_cast<std::uint16_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(idle))));
        }
    }
    return std::nullopt;
}

}  // namespace phalanx::link
