#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace phalanx::harness {

/// The sum of the numbers right in front of each such text: what the log counts up in several lines.
inline std::size_t sum_in_log(const std::string& log, std::string_view text) {
    std::size_t sum = 0;
    for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) {
        const std::size_t begin = log.find_last_of(' ', at - 1) + 1;
        sum += std::stoul(log.substr(begin, at - begin));
    }
    return sum;
}

}  // namespace phalanx::harness
