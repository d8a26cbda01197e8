#include "phalanx/fastcgi/params_decoder.hpp"

#include <algorithm>

#include "phalanx/fastcgi/limits.hpp"

namespace phalanx::fastcgi {
namespace {

/// 3.4: lengths from here on are said in four bytes.
constexpr std::uint32_t kFirstLongLength = 0x80;

}  // namespace

void ParamsDecoder::reset() {
    stage_ = Stage::name_length;
    length_ = 0;
    length_bytes_left_ = 0;
    total_ = 0;
    pairs_ = 0;
    pending_.clear();
    violation_ = {};
}

void ParamsDecoder::feed(std::span<const std::byte> bytes, Params& params) {
    total_ += bytes.size();
    if (total_ > kMaxParamsBytes && violation_.empty()) violation_ = "the parameters are too large";
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!rest.empty() && violation_.empty()) {
        if (const std::size_t used = feed_short_pair(rest, params); used > 0) {
            rest.remove_prefix(used);
            continue;
        }
        rest.remove_prefix(stage_ == Stage::text ? feed_text(rest, params)
                                                 : feed_length(static_cast<std::byte>(rest.front())));
        // A pair of two empty texts is complete without another byte.
        if (stage_ == Stage::text && name_size_ + value_size_ == 0) finish_pair({}, params);
    }
}

void ParamsDecoder::end() {
    const bool between_pairs = stage_ == Stage::name_length && length_bytes_left_ == 0;
    if (!between_pairs && violation_.empty()) violation_ = "the parameters end within a pair";
}

// Nearly all pairs are such, and need not be taken byte by byte as below.
std::size_t ParamsDecoder::feed_short_pair(std::string_view bytes, Params& params) {
    static_assert(kMaxNameBytes >= kFirstLongLength && kMaxValueBytes >= kFirstLongLength);
    if (stage_ != Stage::name_length || length_bytes_left_ > 0 || bytes.size() < 2) return 0;
    const auto name_size = static_cast<unsigned char>(bytes[0]),
               value_size = static_cast<unsigned char>(bytes[1]);
    const std::size_t size = 2U + name_size + value_size;
    if (name_size >= kFirstLongLength || value_size >= kFirstLongLength || size > bytes.size()) return 0;
    if (pairs_ == kMaxPairs) return 0;
    ++pairs_;
    params.set(bytes.substr(2, name_size), bytes.substr(2U + name_size, value_size));
    return size;
}

// 3.4: one byte below 128, or four bytes whose highest bit is set and not part of the length.
std::size_t ParamsDecoder::feed_length(std::byte next) {
    const auto number = std::to_integer<std::uint32_t>(next);
    if (length_bytes_left_ > 0) {
        length_ = length_ << 8U | number;
        if (--length_bytes_left_ == 0) take_length(length_);
    } else if (number < kFirstLongLength) {
        take_length(number);
    } else {
        length_ = number & 0x7fU;
        length_bytes_left_ = 3;
    }
    return 1;
}

void ParamsDecoder::take_length(std::uint32_t length) {
    if (stage_ == Stage::name_length) {
        if (length > kMaxNameBytes) violation_ = "a parameter's name is too long";
        if (++pairs_ > kMaxPairs) violation_ = "there are too many parameters";
        name_size_ = length;
        stage_ = Stage::value_length;
    } else {
        if (length > kMaxValueBytes) violation_ = "a parameter's value is too long";
        value_size_ = length;
        stage_ = Stage::text;
    }
}

std::size_t ParamsDecoder::feed_text(std::string_view bytes, Params& params) {
    const std::size_t missing = name_size_ + value_size_ - pending_.size();
    const std::string_view text = bytes.substr(0, missing);
    if (pending_.empty() && text.size() == missing) {
        finish_pair(text, params);
        return missing;
    }
    pending_.append(text);
    if (text.size() == missing) finish_pair(pending_, params);
    return text.size();
}

void ParamsDecoder::finish_pair(std::string_view text, Params& params) {
    params.set(text.substr(0, name_size_), text.substr(name_size_));
    pending_.clear();
    stage_ = Stage::name_length;
}

}  // namespace phalanx::fastcgi
