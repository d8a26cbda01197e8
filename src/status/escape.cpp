#include "escape.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <optional>

namespace phalanx::status {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

constexpr bool is_control(char32_t c) {
    return c < 0x20 || c == 0x7F;
}

/// The second byte's range decides about overlong forms, surrogates and what is past U+10FFFF (Unicode 15,
/// table 3-7).
struct Lead {
    std::size_t length;
    char32_t bits;
    unsigned char second_low = 0x80, second_high = 0xBF;
};

std::optional<Lead> read_lead(unsigned char byte) {
    if (byte < 0x80) return Lead{1, byte};
    if (byte < 0xC2) return std::nullopt;
    if (byte < 0xE0) return Lead{2, byte & 0x1FU};
    if (byte == 0xE0) return Lead{3, 0, 0xA0};
    if (byte == 0xED) return Lead{3, 0x0D, 0x80, 0x9F};
    if (byte < 0xF0) return Lead{3, byte & 0x0FU};
    if (byte == 0xF0) return Lead{4, 0, 0x90};
    if (byte < 0xF4) return Lead{4, byte & 0x07U};
    if (byte == 0xF4) return Lead{4, 0x04, 0x80, 0x8F};
    return std::nullopt;
}

struct Character {
    char32_t code;
    std::size_t length;
};

/// The character a text begins with; nothing where its first byte begins none.
std::optional<Character> first_character(std::string_view text) {
    const auto lead = read_lead(static_cast<unsigned char>(text.front()));
    if (!lead || lead->length > text.size()) return std::nullopt;
    char32_t code = lead->bits;
    for (std::size_t i = 1; i < lead->length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const unsigned char low = i == 1 ? lead->second_low : 0x80;
        const unsigned char high = i == 1 ? lead->second_high : 0xBF;
        if (byte < low || byte > high) return std::nullopt;
        code = code << 6 | (byte & 0x3FU);
    }
    return Character{code, lead->length};
}

bool is_allowed_in_markup(char32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c != 0xFFFE && c != 0xFFFF;
}

void append_markup(std::string& out, char32_t code, std::string_view bytes) {
    switch (code) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += is_allowed_in_markup(code) ? bytes : replacement;
    }
}

void append_json(std::string& out, char32_t code) {
    const auto unit = [&out](char32_t number) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(number));
    };
    constexpr std::string_view plain = "\"\\/\b\f\n\r\t", letters = "\"\\/bfnrt";
    const std::size_t place = code < 0x80 ? plain.find(static_cast<char>(code)) : plain.npos;
    if (place != plain.npos) {
        out += '\\';
        out += letters[place];
    } else if (code >= 0x20 && code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x10000) {
        unit(code);
    } else {
        unit(0xD800 + ((code - 0x10000) >> 10));
        unit(0xDC00 + ((code - 0x10000) & 0x3FF));
    }
}

}  // namespace

std::string escape_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_control(byte)) {
            fmt::format_to(std::back_inserter(out), "\\x{:02X}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

std::string escape_markup(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto character = first_character(text);
        if (!character) return {};
        append_markup(out, character->code, text.substr(0, character->length));
        text.remove_prefix(character->length);
    }
    return out;
}

std::string escape_json(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto character = first_character(text);
        if (character) append_json(out, character->code);
        text.remove_prefix(character ? character->length : 1);
    }
    return out;
}

}  // namespace phalanx::status
