#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "phalanx/fastcgi/byte_stream.hpp"

/// A client's side of FastCGI for tests, written apart from the room so that no fault is made twice.
namespace phalanx::fastcgi::wire {

inline char low(std::size_t number) {
    return static_cast<char>(static_cast<unsigned char>(number & 0xff));
}

inline std::string record(int type, std::string_view content = {}, int id = 1, std::size_t padding = 0,
                          int version = 1) {
    const auto number = static_cast<std::size_t>(id);
    std::string bytes{low(static_cast<std::size_t>(version)),
                      low(static_cast<std::size_t>(type)),
                      low(number >> 8),
                      low(number),
                      low(content.size() >> 8),
                      low(content.size()),
                      low(padding),
                      '\0'};
    bytes += content;
    // Not zero: nobody may look at it.
    bytes.append(padding, '\x7e');
    return bytes;
}

inline std::string begin(int flags = 0, int id = 1, int role = 1, std::size_t padding = 0) {
    const auto number = static_cast<std::size_t>(role);
    return record(
        1, std::string{low(number >> 8), low(number), low(static_cast<std::size_t>(flags)), 0, 0, 0, 0, 0},
        id, padding);
}

inline std::string length(std::size_t size) {
    if (size < 128) return {low(size)};
    return {low(size >> 24 | 0x80), low(size >> 16), low(size >> 8), low(size)};
}

inline std::string pair(std::string_view name, std::string_view value) {
    std::string bytes = length(name.size()) + length(value.size());
    bytes += name;
    bytes += value;
    return bytes;
}

inline std::string params(std::string_view content, int id = 1, std::size_t padding = 0) {
    return record(4, content, id, padding);
}
inline std::string input(std::string_view content = {}, int id = 1, std::size_t padding = 0) {
    return record(5, content, id, padding);
}

/// A stream of bytes cut into PARAMS records of one size, without the empty one.
inline std::string params_cut(std::string_view content, std::size_t size, int id = 1) {
    std::string bytes;
    for (; !content.empty(); content.remove_prefix(std::min(size, content.size()))) {
        bytes += params(content.substr(0, size), id);
    }
    return bytes;
}

/// A request with a body in one record and the empty record behind it.
inline std::string request(std::string_view body, int flags = 1, int id = 1) {
    std::string bytes =
        begin(flags, id) + params(pair("CONTENT_LENGTH", std::to_string(body.size())), id) + params({}, id);
    if (!body.empty()) bytes += input(body, id);
    return bytes + input({}, id);
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline std::string as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Gives a text piece by piece: sizes[0] bytes, sizes[1] bytes, ... and the last size again and again.
class MemorySource : public ByteSource {
  public:
    explicit MemorySource(std::string text, std::vector<std::size_t> sizes = {~std::size_t{0}})
        : text_(std::move(text)), sizes_(std::move(sizes)) {}

    std::ptrdiff_t read(std::span<std::byte> room) noexcept override {
        ++reads_;
        if (left() == 0) return at_end_;
        const std::size_t count = std::min({room.size(), left(), sizes_[turn_]});
        if (turn_ + 1 < sizes_.size()) ++turn_;
        std::memcpy(room.data(), text_.data() + used_, count);
        used_ += count;
        return static_cast<std::ptrdiff_t>(count);
    }
    /// What it gives when the text is used up: 0 the stream's end, less an error.
    void set_end(std::ptrdiff_t result) { at_end_ = result; }
    [[nodiscard]] std::size_t left() const { return text_.size() - used_; }
    [[nodiscard]] int reads() const { return reads_; }

  private:
    std::string text_;
    std::size_t used_ = 0;
    std::vector<std::size_t> sizes_;
    std::size_t turn_ = 0;
    std::ptrdiff_t at_end_ = 0;
    int reads_ = 0;
};

}  // namespace phalanx::fastcgi::wire
