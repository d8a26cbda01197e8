#pragma once

#include <cstdint>

#include "phalanx/os/own_memory.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::worker {

/// Whether a worker's own memory is above pm.max_memory: what is resident and shared with nobody, so that
/// what it has from its template does not count. That number costs the kernel a walk over all pages. It is
/// asked for only while a bound that costs nothing (all that is resident and of no file) is above the limit;
/// and again only when that bound has grown by what was missing, or after so many requests.
///
/// Made by the template before it changes root; the worker's part begins with open().
class MemoryLimit {
  public:
    MemoryLimit() = default;  ///< none
    [[nodiscard]] static MemoryLimit create(std::uint64_t bytes);

    /// The worker's side, right after its birth.
    void open();
    /// To be asked after each request.
    [[nodiscard]] bool is_exceeded();

  private:
    static constexpr int requests_between_looks = 64;

    std::uint64_t limit_ = 0;  ///< 0: none
    os::UniqueFd proc_;        ///< /proc, which a jail does not have
    os::OwnMemory memory_;
    std::uint64_t look_from_ = 0;  ///< a bound below it is not worth a look
    int until_look_ = 0;           ///< requests
};

}  // namespace phalanx::worker
