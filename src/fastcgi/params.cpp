#include "phalanx/fastcgi/params.hpp"

#include <algorithm>
#include <functional>

#include "phalanx/base/panic.hpp"

namespace phalanx::fastcgi {
namespace {

bool lies_within(std::string_view text, const std::string& buffer) {
    const std::less_equal<const char*> not_after;
    return not_after(buffer.data(), text.data()) && not_after(text.data(), buffer.data() + buffer.size());
}

}  // namespace

void Params::clear() {
    text_.clear();
    entries_.clear();
}

void Params::set(std::string_view name, std::string_view value) {
    if (name.find('\0') != std::string_view::npos) return;
    value = value.substr(0, value.find('\0'));
    // The fix-up sets one parameter to (a part of) another: growing the buffer would pull it from under us.
    if (lies_within(name, text_) || lies_within(value, text_)) {
        const std::string name_copy(name);
        const std::string value_copy(value);
        set(name_copy, value_copy);
        return;
    }
    if (const std::size_t index = index_of(name); index < entries_.size()) {
        entries_[index].value_offset = text_.size();
        entries_[index].value_length = value.size();
        text_.append(value).push_back('\0');
        return;
    }
    const Entry entry{.name_offset = text_.size(),
                      .name_length = name.size(),
                      .value_offset = text_.size() + name.size() + 1,
                      .value_length = value.size(),
                      .tag = tag_of(name)};
    text_.append(name).push_back('\0');
    text_.append(value).push_back('\0');
    entries_.push_back(entry);
}

// The text of an erased pair stays in the buffer until clear(): offsets of the others need not change.
void Params::erase(std::string_view name) {
    const std::size_t index = index_of(name);
    if (index < entries_.size()) entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::optional<std::string_view> Params::find(std::string_view name) const {
    const std::size_t index = index_of(name);
    if (index == entries_.size()) return std::nullopt;
    return at(index).value;
}

Params::Pair Params::at(std::size_t index) const {
    if (index >= entries_.size()) base::panic("no parameter at this place");
    const Entry& entry = entries_[index];
    const std::string_view text = text_;
    return {.name = text.substr(entry.name_offset, entry.name_length),
            .value = text.substr(entry.value_offset, entry.value_length)};
}

std::size_t Params::index_of(std::string_view name) const {
    const std::uint64_t tag = tag_of(name);
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.tag == tag &&
               std::string_view(text_).substr(entry.name_offset, entry.name_length) == name;
    });
    return static_cast<std::size_t>(found - entries_.begin());
}

/// Its length and last bytes: beginnings are often the same (HTTP_, SERVER_, REMOTE_).
std::uint64_t Params::tag_of(std::string_view name) {
    std::uint64_t tag = 0;
    const std::size_t count = std::min(name.size(), sizeof tag - 2);
    name.copy(reinterpret_cast<char*>(&tag), count, name.size() - count);
    return tag << 16U | (name.size() & 0xffffU);
}

}  // namespace phalanx::fastcgi
