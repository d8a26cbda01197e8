#include "harness/png.hpp"

#include <algorithm>
#include <string_view>

namespace phalanx::harness {
namespace {

constexpr std::size_t kLargestStoredBlock = 65'535;

std::string big_endian(std::uint32_t number) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
    return bytes;
}

std::uint32_t crc32(std::string_view bytes) {
    constexpr std::uint32_t kPolynomial = 0xEDB88320;
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char each : bytes) {
        crc ^= static_cast<unsigned char>(each);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    }
    return ~crc;
}

std::uint32_t adler32(std::string_view bytes) {
    constexpr std::uint32_t kPrime = 65'521;
    std::uint32_t low = 1;
    std::uint32_t high = 0;
    for (const char each : bytes) {
        low = (low + static_cast<unsigned char>(each)) % kPrime;
        high = (high + low) % kPrime;
    }
    return high << 16 | low;
}

/// A zlib stream of stored blocks (RFC 1950, RFC 1951 3.2.4).
std::string stored(std::string_view bytes) {
    std::string stream("\x78\x01");
    for (std::string_view left = bytes; !left.empty();) {
        const auto size = static_cast<std::uint16_t>(std::min(left.size(), kLargestStoredBlock));
        stream += size == left.size() ? '\1' : '\0';
        for (const int number : {int{size}, ~int{size}}) {
            stream.append(1, static_cast<char>(number)).append(1, static_cast<char>(number >> 8));
        }
        stream += left.substr(0, size);
        left.remove_prefix(size);
    }
    return stream + big_endian(adler32(bytes));
}

std::string chunk(std::string_view type, std::string_view content) {
    std::string named(type);
    named.append(content);
    return big_endian(static_cast<std::uint32_t>(content.size())) + named + big_endian(crc32(named));
}

}  // namespace

std::string make_png(std::uint32_t width, std::uint32_t height) {
    using namespace std::string_literals;
    std::string pixels;
    for (std::uint32_t y = 0; y < height; ++y) {
        pixels += '\0';  // this line is not filtered
        for (std::uint32_t x = 0; x < width; ++x) {
            for (const std::uint32_t colour : {x, y, x * y}) pixels += static_cast<char>(colour);
        }
    }
    const std::string eight_bits_true_colour = "\x08\x02\x00\x00\x00"s;
    return "\x89PNG\r\n\x1a\n" +
           chunk("IHDR", big_endian(width) + big_endian(height) + eight_bits_true_colour) +
           chunk("IDAT", stored(pixels)) + chunk("IEND", "");
}

}  // namespace phalanx::harness
