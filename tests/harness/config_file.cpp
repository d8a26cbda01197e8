#include "harness/config_file.hpp"

#include <algorithm>

namespace phalanx::harness {

Section& Section::set(std::string_view key, std::string_view value) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.first == key; });
    if (found == entries_.end()) {
        entries_.emplace_back(key, value);
    } else {
        found->second = value;
    }
    return *this;
}

Section& Section::remove(std::string_view key) {
    std::erase_if(entries_, [&](const auto& entry) { return entry.first == key; });
    return *this;
}

std::string Section::value(std::string_view key) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.first == key; });
    return found == entries_.end() ? std::string() : found->second;
}

std::string Section::text() const {
    std::string text;
    text.append("[").append(name_).append("]\n");  // not with +: g++ 12 warns of an overlap there is not
    for (const auto& [key, value] : entries_) text += key + " = " + value + "\n";
    return text;
}

Section& ConfigFile::pool(std::string_view name) {
    const auto found =
        std::find_if(pools_.begin(), pools_.end(), [&](const Section& s) { return s.name() == name; });
    return found == pools_.end() ? pools_.emplace_back(std::string(name)) : *found;
}

std::string ConfigFile::text() const {
    std::string text = global_.text();
    for (const Section& pool : pools_) text += "\n" + pool.text();
    return text;
}

}  // namespace phalanx::harness
