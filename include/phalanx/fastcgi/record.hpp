#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// The wire format of FastCGI 1.0 (section 8 of the specification lists the constants).
namespace phalanx::fastcgi {

inline constexpr std::size_t kHeaderBytes = 8;          ///< FCGI_HEADER_LEN (3.3)
inline constexpr std::size_t kMaxContentBytes = 65535;  ///< what contentLength can say (3.3)
inline constexpr std::size_t kBeginBodyBytes = 8;       ///< FCGI_BeginRequestBody (5.1)
inline constexpr std::size_t kEndRequestBytes = 16;     ///< a whole FCGI_EndRequestRecord (5.5)
inline constexpr std::byte kKeepConnection{1};          ///< FCGI_KEEP_CONN, bit 0 of BEGIN's flags (5.1)
inline constexpr std::uint16_t kNullRequestId = 0;      ///< FCGI_NULL_REQUEST_ID: management records (3.3)

/// Record types. The wire may carry any other number here.
enum class RecordType : std::uint8_t {
    begin_request = 1,
    abort_request = 2,
    end_request = 3,
    params = 4,
    standard_input = 5,
    standard_output = 6,
    standard_error = 7,
    data = 8,
    get_values = 9,
    get_values_result = 10,
    unknown_type = 11,  ///< FCGI_MAXTYPE: greater ones are unknown
};

/// Roles (5.1). The wire may carry any other number here.
enum class Role : std::uint16_t { responder = 1, authorizer = 2, filter = 3 };

/// END_REQUEST's protocolStatus (5.5).
enum class ProtocolStatus : std::uint8_t {
    request_complete = 0,
    cannot_multiplex = 1,
    overloaded = 2,
    unknown_role = 3,
};

/// FCGI_Header (3.3): what stands before the content of every record.
struct RecordHeader {
    std::uint8_t version = 1;  ///< 0 is refused, every other value accepted, as php-fpm does
    RecordType type = RecordType::begin_request;
    std::uint16_t request_id = kNullRequestId;
    std::uint16_t content_length = 0;
    std::uint8_t padding_length = 0;

    /// Bytes of content and padding that follow this header.
    [[nodiscard]] constexpr std::size_t following() const {
        return std::size_t{content_length} + padding_length;
    }
    [[nodiscard]] static constexpr RecordHeader decode(std::span<const std::byte, kHeaderBytes> bytes);
    [[nodiscard]] constexpr std::array<std::byte, kHeaderBytes> encode() const;
    constexpr bool operator==(const RecordHeader&) const = default;
};

/// A number in network byte order, as all of FastCGI's are (3.3).
[[nodiscard]] constexpr std::uint16_t read_u16(std::byte high, std::byte low) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(high) << 8U | std::to_integer<unsigned>(low));
}

constexpr RecordHeader RecordHeader::decode(std::span<const std::byte, kHeaderBytes> bytes) {
    return {.version = std::to_integer<std::uint8_t>(bytes[0]),
            .type = static_cast<RecordType>(bytes[1]),
            .request_id = read_u16(bytes[2], bytes[3]),
            .content_length = read_u16(bytes[4], bytes[5]),
            .padding_length = std::to_integer<std::uint8_t>(bytes[6])};
}

constexpr std::array<std::byte, kHeaderBytes> RecordHeader::encode() const {
    const auto low = [](unsigned number) { return static_cast<std::byte>(number & 0xffU); };
    return {low(version),
            static_cast<std::byte>(type),
            low(request_id >> 8U),
            low(request_id),
            low(content_length >> 8U),
            low(content_length),
            low(padding_length),
            std::byte{0}};
}

/// A whole END_REQUEST record (5.5) with its reserved bytes zero.
[[nodiscard]] constexpr std::array<std::byte, kEndRequestBytes> encode_end_request(std::uint16_t request_id,
                                                                                   std::uint32_t app_status,
                                                                                   ProtocolStatus status) {
    const auto header = RecordHeader{.type = RecordType::end_request,
                                     .request_id = request_id,
                                     .content_length = kEndRequestBytes - kHeaderBytes}
                            .encode();
    std::array<std::byte, kEndRequestBytes> record{};
    for (std::size_t i = 0; i < kHeaderBytes; ++i) record[i] = header[i];
    for (std::size_t i = 0; i < 4; ++i) {
        record[kHeaderBytes + i] = static_cast<std::byte>(app_status >> (24U - 8U * i) & 0xffU);
    }
    record[kHeaderBytes + 4] = static_cast<std::byte>(status);
    return record;
}

}  // namespace phalanx::fastcgi
