#include <algorithm>
#include <array>
#include <charconv>

#include "phalanx/status/status_page.hpp"

namespace phalanx::status {
namespace {

/// PHP looks at no more variables than this (its default of max_input_vars).
constexpr int max_variables = 1000;

/// The words, those that come first having precedence over those after them; "full" stands apart.
constexpr std::array<std::string_view, 5> words{"html", "xml", "json", "openmetrics", "full"};
constexpr std::array<Format, 4> formats{Format::html, Format::xml, Format::json, Format::openmetrics};

/// Longest name worth decoding: one byte more than the longest word, to tell it from longer ones.
constexpr std::size_t decoded_size = 12;

/// The variable's name as PHP would register it, as far as it fits.
std::string decode_name(std::string_view raw) {
    std::string name;
    while (!raw.empty() && name.size() < decoded_size) {
        char c = raw.front();
        std::size_t length = 1;
        unsigned char byte = 0;
        if (c == '+') c = ' ';
        if (c == '%' && raw.size() > 2) {
            const auto [end, error] = std::from_chars(raw.data() + 1, raw.data() + 3, byte, 16);
            if (error == std::errc{} && end == raw.data() + 3) {
                c = static_cast<char>(byte);
                length = 3;
            }
        }
        raw.remove_prefix(length);
        if (c == '\0') break;
        if (c == ' ' && name.empty()) continue;
        name += c;
    }
    return name;
}

/// "json[a]" is an entry of json; without its end the bracket is a part of the name.
std::string variable_name(std::string_view raw) {
    std::string name = decode_name(raw);
    const std::size_t bracket = name.find('[');
    if (bracket == name.npos || bracket == 0) return name;
    const bool closed =
        raw.find(']') != raw.npos || raw.find("%5D") != raw.npos || raw.find("%5d") != raw.npos;
    if (closed) name.resize(bracket);
    return name;
}

}  // namespace

View view_from_query(std::string_view query) {
    View view;
    std::array<bool, words.size()> present{};
    for (int i = 0; i < max_variables && !query.empty(); ++i) {
        const std::string_view variable = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), variable.size() + 1));
        const std::string name = variable_name(variable.substr(0, variable.find('=')));
        if (name.empty()) continue;
        if (name == "queue") view.extent = Extent::with_line;
        for (std::size_t w = 0; w < words.size(); ++w) present[w] = present[w] || words[w].starts_with(name);
    }
    if (present.back()) view.detail = Detail::processes;
    const auto first = std::find(present.begin(), present.end() - 1, true);
    if (first != present.end() - 1) view.format = formats[static_cast<std::size_t>(first - present.begin())];
    return view;
}

Format format_from_query(std::string_view query) {
    return view_from_query(query).format;
}

}  // namespace phalanx::status
