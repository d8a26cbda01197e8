#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "phalanx/php/request_port.hpp"

namespace phalanx::php {

/// Where a request's body comes from: the web server's connection, or, where it says so by
/// REQUEST_BODY_FILE, a file it has written.
class RequestBody {
  public:
    void begin(RequestPort& port, std::int64_t content_length) noexcept;
    /// Fills the room as far as the body reaches. A file that cannot be opened is an empty body and a PHP
    /// warning, which may leave by longjmp.
    std::size_t read(std::span<char> room);
    /// The client broke off before the body's end: what was read must not pass for the whole of it.
    [[nodiscard]] bool was_cut() const noexcept { return cut_; }
    /// Nothing more is wanted of it, and nothing more is waited for. Closes the file, if one was opened.
    void end() noexcept;

  private:
    enum class Source : std::uint8_t { undecided, connection, file, nothing };
    void choose_source();
    std::size_t read_once(std::span<char> room) const noexcept;

    RequestPort* port_ = nullptr;
    Source source_ = Source::undecided;
    int file_ = -1;
    bool cut_ = false;
    std::size_t left_ = 0;  ///< bytes of CONTENT_LENGTH not read yet
};

}  // namespace phalanx::php
