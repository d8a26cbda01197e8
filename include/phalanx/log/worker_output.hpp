#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "phalanx/log/escape.hpp"

namespace phalanx::log {

/// Whether a caught line says who said it (php-fpm: decorate_workers_output).
enum class Decoration : std::uint8_t { decorated, raw };

struct OutputSettings {
    std::string pool;
    std::int64_t pid = 0;  ///< of the worker, shown only
    Decoration decoration = Decoration::decorated;
    std::size_t log_limit =
        1024;  ///< php-fpm's directive: a line has at most one character less, its end not counted
    std::size_t prefix_size = 0;  ///< bytes the log puts before a line: ErrorLog::prefix_size(Level::warning)
};

/// Makes log lines of what one worker writes to its standard output and standard error (php-fpm:
/// catch_workers_output). It reads no pipe and writes no log: its owner, the worker's handle in the master,
/// feeds it bytes and passes its lines on, decorated ones as warnings, raw ones as they are.
///
/// A line ends at a newline, at the marker a worker writes to its standard error at the end of a request,
/// when the other stream speaks, and when its pipe is closed; empty lines vanish. Longer lines are wrapped,
/// each part decorated like a line. In decorated lines control bytes are escaped, so that none can be forged;
/// php-fpm lets them through. Raw ones, which anybody can forge, are the worker's bytes
/// (wrapped between characters of UTF-8).
class OutputDecorator {
  public:
    enum class Stream : std::uint8_t { out, err };
    /// Takes one line, without its end. The view holds during the call.
    using LineTaker = std::function<void(std::string_view line)>;

    /// The marker that ends a request's output, written to standard error and known on both streams, but only
    /// as a whole: a part of it is text (CVE-2024-9026).
    static constexpr std::string_view end_marker{"\0fscf\0", 6};

    /// The longest line of any log_limit: what one stream of a worker may hold back in the master.
    static constexpr std::size_t max_line_size = 131'072;  // 128 KiB

    explicit OutputDecorator(OutputSettings settings);

    /// Bytes read from the worker's pipe. Memory held afterwards is at most one line per stream.
    void feed(Stream stream, std::string_view bytes, const LineTaker& take);

    /// Whether a line is under way that has not come out.
    [[nodiscard]] bool is_within_line(Stream stream) const;

    /// When a pipe was closed: together with the first bytes of its unfinished line, or after them.
    enum class Closed : std::uint8_t { at_once, later };
    /// The pipe's other end is closed: an unfinished line comes out and, as with php-fpm, says so if that
    /// came at once.
    void close(Stream stream, Closed closed, const LineTaker& take);

  private:
    /// Bytes of a line that is not over yet; of the marker, how many bytes of it may be arriving.
    struct Pending {
        std::string text;
        std::size_t marker_bytes = 0;
    };

    Pending& pending(Stream stream) { return pending_[static_cast<std::size_t>(stream)]; }
    void feed_text(Stream stream, std::string_view bytes, const LineTaker& take);
    std::size_t feed_marker(Stream stream, std::string_view bytes, const LineTaker& take);
    void finish_line(Stream stream, std::string_view ending, const LineTaker& take);
    void give_piece(Stream stream, std::string_view ending, const LineTaker& take);

    std::array<std::string, 2> opening_;  ///< what stands before the text, by stream
    std::string_view closing_;
    std::size_t capacity_ = 0;  ///< bytes of text in one line, escaped ones counted as written
    std::array<Pending, 2> pending_;
    std::string line_;
    bool decorated_;
    Escaping escaping_;
};

}  // namespace phalanx::log
