#include "harness/pattern.hpp"

#include <stdexcept>

namespace phalanx::harness {

Pattern::Pattern(const std::string& text) {
    if (::regcomp(&compiled_, text.c_str(), REG_EXTENDED) != 0)
        throw std::runtime_error("not a pattern: " + text);
}

bool Pattern::matches(const std::string& text) const {
    regmatch_t match{};
    return ::regexec(&compiled_, text.c_str(), 1, &match, 0) == 0 && match.rm_so == 0 &&
           static_cast<std::size_t>(match.rm_eo) == text.size();
}

std::string Pattern::replace(const std::string& text, std::string_view replacement) const {
    std::string result;
    const char* rest = text.c_str();
    regmatch_t match{};
    while (*rest != '\0' &&
           ::regexec(&compiled_, rest, 1, &match, rest == text.c_str() ? 0 : REG_NOTBOL) == 0) {
        const auto begin = static_cast<std::size_t>(match.rm_so);
        const auto end = static_cast<std::size_t>(match.rm_eo);
        result.append(rest, begin).append(replacement);
        if (end == begin) result.append(1, rest[end]);  // an empty match: step over one character
        rest += end == begin ? end + 1 : end;
    }
    return result.append(rest);
}

}  // namespace phalanx::harness
