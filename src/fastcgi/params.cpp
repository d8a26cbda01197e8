#include "phalanx/fastcgi/params.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>

#include "phalanx/base/panic.hpp"

namespace phalanx::fastcgi {
namespace {

/// One of 64, by the tag's hash (of Fibonacci, by multiplication).
std::uint64_t bit_of(std::uint64_t tag) {
    return std::uint64_t{1} << (tag * 0x9e3779b97f4a7c15U >> 58U);
}

/// In a record the one follows the other: one search for both.
bool has_zero(std::string_view name, std::string_view value) {
    constexpr auto none = std::string_view::npos;
    if (name.data() + name.size() == value.data())
        return std::string_view(name.data(), name.size() + value.size()).find('\0') != none;
    return name.find('\0') != none || value.find('\0') != none;
}

}  // namespace

void Params::clear() {
    used_ = 0;
    entries_.clear();
    tags_.clear();
    seen_ = 0;
    by_name_.clear();
}

void Params::set(std::string_view name, std::string_view value) {
    if (has_zero(name, value)) {
        if (name.find('\0') != std::string_view::npos) return;
        value = value.substr(0, value.find('\0'));
    }
    // The fix-up sets one parameter to (a part of) another: growing the buffer would pull it from under us.
    if (is_own(name) || is_own(value)) {
        const std::string name_copy(name);
        const std::string value_copy(value);
        set(name_copy, value_copy);
        return;
    }
    const std::uint64_t tag = tag_of(name);
    if (const std::size_t index = index_of(name, tag); index < entries_.size()) {
        entries_[index].value_offset = keep(value);
        entries_[index].value_length = value.size();
        return;
    }
    const std::size_t name_offset = keep(name);
    const std::size_t value_offset = keep(value);
    entries_.push_back({name_offset, name.size(), value_offset, value.size()});
    tags_.push_back(tag);
    seen_ |= bit_of(tag);
    if (are_many()) take_place(entries_.size() - 1);
}

// The text of an erased pair stays in the buffer until clear(): offsets of the others need not change.
void Params::erase(std::string_view name) {
    const std::size_t index = index_of(name, tag_of(name));
    if (index == entries_.size()) return;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
    tags_.erase(tags_.begin() + static_cast<std::ptrdiff_t>(index));
    are_many() ? take_all_places() : by_name_.clear();
}

std::optional<std::string_view> Params::find(std::string_view name) const {
    const std::size_t index = index_of(name, tag_of(name));
    if (index == entries_.size()) return std::nullopt;
    return value_of(entries_[index]);
}

Params::Pair Params::at(std::size_t index) const {
    if (index >= entries_.size()) base::panic("no parameter at this place");
    return {.name = name_of(entries_[index]), .value = value_of(entries_[index])};
}

bool Params::is_own(std::string_view text) const {
    const std::less<const char*> before;
    return !before(text.data(), text_.data()) && before(text.data(), text_.data() + text_.size());
}

std::size_t Params::keep(std::string_view text) {
    const std::size_t begin = used_;
    used_ += text.size() + 1;
    if (used_ > text_.size()) text_.resize(2 * used_);
    text.copy(&text_[begin], text.size());
    text_[used_ - 1] = '\0';
    return begin;
}

std::size_t Params::index_of(std::string_view name, std::uint64_t tag) const {
    if ((seen_ & bit_of(tag)) == 0) return entries_.size();
    if (are_many()) {
        const auto place = place_of(name);
        const bool is_there = place != by_name_.end() && name_of(entries_[*place]) == name;
        return is_there ? *place : entries_.size();
    }
    for (auto next = tags_.begin();; ++next) {
        next = std::find(next, tags_.end(), tag);
        const auto index = static_cast<std::size_t>(next - tags_.begin());
        if (next == tags_.end() || name_of(entries_[index]) == name) return index;
    }
}

std::vector<std::uint32_t>::const_iterator Params::place_of(std::string_view name) const {
    return std::lower_bound(
        by_name_.begin(), by_name_.end(), name,
        [this](std::uint32_t index, std::string_view wanted) { return name_of(entries_[index]) < wanted; });
}

void Params::take_place(std::size_t index) {
    if (by_name_.size() != index) return take_all_places();
    by_name_.insert(place_of(name_of(entries_[index])), static_cast<std::uint32_t>(index));
}

void Params::take_all_places() {
    by_name_.resize(entries_.size());
    std::iota(by_name_.begin(), by_name_.end(), std::uint32_t{0});
    std::sort(by_name_.begin(), by_name_.end(), [this](std::uint32_t one, std::uint32_t other) {
        return name_of(entries_[one]) < name_of(entries_[other]);
    });
}

/// Its length and last bytes: beginnings are often the same (HTTP_, SERVER_, REMOTE_).
std::uint64_t Params::tag_of(std::string_view name) {
    std::uint64_t tag = 0;
    if (name.size() >= sizeof tag) {
        // Of a size that the compiler knows: one load, and no call that copies a few bytes.
        std::memcpy(&tag, name.data() + name.size() - sizeof tag, sizeof tag);
    } else {
        for (const char each : name) tag = tag << 8U | static_cast<unsigned char>(each);
    }
    return tag ^ static_cast<std::uint64_t>(name.size()) << 56U;
}

}  // namespace phalanx::fastcgi
