#include "phalanx/log/escape.hpp"

#include "unit.hpp"

namespace phalanx::log {
namespace {

/// Bytes of a character of UTF-8, told by its first byte alone; 1 for a byte that begins none.
std::size_t length_of_character(unsigned char lead) {
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    if (lead >= 0xF0 && lead < 0xF5) return 4;
    return 1;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

Unit first_unit(std::string_view text, Escaping escaping) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte < 0x80) {
        if (escaping == Escaping::newline) return {1, byte == '\n'};
        if (byte == '\t') return {1, escaping == Escaping::quoted};
        const bool quote = escaping == Escaping::quoted && (byte == '"' || byte == '\\');
        return {1, byte < 0x20 || byte == 0x7F || quote};
    }
    const std::size_t length = length_of_character(byte);
    if (length > text.size()) return {1, false};
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i])) return {1, false};
    }
    const bool control =
        escaping != Escaping::newline && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    return {length, control};
}

void append_unit(std::string& out, std::string_view bytes, Unit unit) {
    if (!unit.escaped) {
        out += bytes.substr(0, unit.length);
        return;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : bytes.substr(0, unit.length)) {
        const auto byte = static_cast<unsigned char>(c);
        out += "\\x";
        out += digits[byte >> 4];
        out += digits[byte & 0x0F];
    }
}

void append_escaped(std::string& out, std::string_view text, Escaping escaping) {
    while (!text.empty()) {
        const Unit unit = first_unit(text, escaping);
        append_unit(out, text, unit);
        text.remove_prefix(unit.length);
    }
}

std::string escape_controls(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_escaped(out, text, Escaping::line);
    return out;
}

}  // namespace phalanx::log
