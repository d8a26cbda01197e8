#pragma once

#include <cstddef>

/// Every bound on what a client may make this room do. php-fpm has none of them but the record's own size.
namespace phalanx::fastcgi {

/// Contents of all PARAMS records of one request.
inline constexpr std::size_t kMaxParamsBytes = 2UL * 1024 * 1024;
/// A request's head in all: its records' headers and padding, and empty STDIN records before it, included.
/// The slack lets PARAMS records of 128 bytes and more reach kMaxParamsBytes.
inline constexpr std::size_t kMaxHeadBytes = kMaxParamsBytes + kMaxParamsBytes / 8;
/// One name; web servers bound a header's name to far less.
inline constexpr std::size_t kMaxNameBytes = 16UL * 1024;
/// One value.
inline constexpr std::size_t kMaxValueBytes = 512UL * 1024;
/// Pairs of one request, repeated names counted each time. nginx passes on some 6,500 headers at most (of 5
/// bytes, in four buffers of 8 KB).
inline constexpr std::size_t kMaxPairs = 8192;
/// Body bytes that a script left unread and that are read and dropped all the same: a web server that is
/// still sending takes an early close for a failure (nginx: 502). A body that claims more is a mistake.
inline constexpr std::size_t kMaxDrainBytes = 4UL * 1024 * 1024 * 1024;
/// DATA records, headers included, that are skipped while a body is read.
inline constexpr std::size_t kMaxIgnoredBytes = 1024UL * 1024;

}  // namespace phalanx::fastcgi
