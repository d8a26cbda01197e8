#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// The two ends of a pipe(2), both close-on-exec.
struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};
[[nodiscard]] base::Result<Pipe> make_pipe();

/// A non-blocking eventfd(2) counter, zero at first.
[[nodiscard]] base::Result<UniqueFd> make_eventfd();

/// What writing does when a pipe or terminal is full.
enum class WhenFull { wait, refuse };
/// Opens a log for appending, created with mode 0600 (php-fpm: error_log, access.log). Never waits for a
/// named pipe's reader: without one it fails (ENXIO). A path that names a descriptor of this process
/// (/dev/stderr, /proc/self/fd/2) is a duplicate of it where it cannot be opened again: a socket, another
/// user's pipe or terminal; `full` has no effect then, the flags are shared.
[[nodiscard]] base::Result<UniqueFd> open_for_append(const std::string& path, WhenFull full = WhenFull::wait);
/// Tells open files of one kind apart, sockets for example; 0 where there is none.
[[nodiscard]] ino_t inode_of(int fd);
/// open(2) for reading only.
[[nodiscard]] base::Result<UniqueFd> open_for_reading(const std::string& path);
/// Adds to a file in one write and never waits, whatever kind of file it is (made with mode 0600).
[[nodiscard]] base::Result<void> append_at_once(const std::string& path, std::string_view text);
/// A folder, for openat(2) only.
[[nodiscard]] base::Result<UniqueFd> open_directory(const std::string& path);

/// Puts a descriptor at a fixed number, kept over exec.
[[nodiscard]] base::Result<void> place_at(int fd, int number);
/// Opens /dev/null at those of the numbers 0, 1 and 2 that the caller of this program left closed.
[[nodiscard]] base::Result<void> fill_standard_descriptors();
[[nodiscard]] base::Result<void> set_non_blocking(int fd);
/// The flag is the open file's: whoever shares it can take it away.
[[nodiscard]] bool is_non_blocking(int fd);

/// Whether this process may have one more descriptor open (RLIMIT_NOFILE).
[[nodiscard]] bool can_open_descriptor();

/// Writes everything, waiting if it must; for small files and for helpers, never on the master's paths.
[[nodiscard]] base::Result<void> write_all(int fd, std::string_view bytes);

/// Writes one line of a log, whole or not at all: never waits for a pipe that is full.
bool write_if_taken(int fd, std::string_view line);

/// What raise_descriptor_limit() makes, or has made, the soft limit.
[[nodiscard]] std::uint64_t most_descriptors();
/// Raises the soft limit of open files to the hard one and returns the soft limit that was there before.
std::uint64_t raise_descriptor_limit();

}  // namespace phalanx::os
