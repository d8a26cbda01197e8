#pragma once

#include <cstddef>
#include <span>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

enum class Access { read_only, read_write };

/// One mapping of a memfd, unmapped when it goes.
class Mapping {
  public:
    Mapping() = default;
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    /// Maps the first `size` bytes of `fd`, shared.
    [[nodiscard]] static base::Result<Mapping> map(int fd, std::size_t size, Access access);
    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

  private:
    explicit Mapping(std::span<std::byte> bytes) : bytes_(bytes) {}
    std::span<std::byte> bytes_;
};

/// A zeroed memfd of fixed size: sealed against shrinking (a mapping can never fault), growing and further
/// seals.
[[nodiscard]] base::Result<UniqueFd> make_sealed_memory(const char* name, std::size_t size);

/// Memory that others can only read: F_SEAL_FUTURE_WRITE lets no mapping but the maker's earlier one write.
struct MasterMemory {
    UniqueFd fd;      ///< to hand out: can only be mapped read-only
    Mapping mapping;  ///< the maker's, writable
};
/// Like make_sealed_memory(), but only the maker can ever write it.
[[nodiscard]] base::Result<MasterMemory> make_master_memory(const char* name, std::size_t size);

/// A memfd with these bytes in it, read-only for whoever gets it.
[[nodiscard]] base::Result<UniqueFd> make_memory_with(const char* name, std::span<const std::byte> bytes);

/// An empty memfd, which grows as it is written.
[[nodiscard]] base::Result<UniqueFd> make_empty_memory(const char* name);

/// The size of a file or memfd, at most `most`.
[[nodiscard]] base::Result<std::size_t> file_size(int fd, std::size_t most);

}  // namespace phalanx::os
