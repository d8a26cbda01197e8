#include "phalanx/fastcgi/content_length.hpp"

#include <charconv>
#include <limits>
#include <string_view>

namespace phalanx::fastcgi {

std::optional<std::uint64_t> content_length(const Params& params) {
    const auto value = params.find("CONTENT_LENGTH");
    if (!value) return std::nullopt;
    const std::size_t start = value->find_first_not_of(" \t\n\v\f\r");
    if (start == std::string_view::npos) return 0;
    std::string_view text = value->substr(start);
    if (text.front() == '+') text.remove_prefix(1);
    // from_chars knows no sign for this type: a minus is garbage to it, and garbage is 0.
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range || number > kMost) return kMost;
    return error == std::errc() ? number : 0;
}

}  // namespace phalanx::fastcgi
