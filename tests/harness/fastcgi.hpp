#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phalanx::harness {

/// The FastCGI specification's numbers (section 8), written down a second time on purpose: what the tests
/// send and read must not share a mistake with the program they test.
enum class RecordType : std::uint8_t {
    Begin = 1,
    Abort = 2,
    End = 3,
    Params = 4,
    Stdin = 5,
    Stdout = 6,
    Stderr = 7,
    Data = 8,
    GetValues = 9,
    GetValuesResult = 10,
    Unknown = 11,
};

inline constexpr std::uint16_t kResponder = 1;
inline constexpr std::uint16_t kAuthorizer = 2;
inline constexpr std::uint16_t kFilter = 3;
inline constexpr std::uint8_t kKeepConnection = 1;
inline constexpr std::size_t kLargestContent = 65'535;
inline constexpr std::size_t kRecordHead = 8;

using Param = std::pair<std::string, std::string>;

/// One request as a web server would describe it.
struct Request {
    std::vector<Param> params;
    std::string body;
    std::uint16_t role = kResponder;
    std::uint16_t id = 1;
    bool keep = false;

    /// Replaces the param of that name, or adds it at the end.
    Request& set(std::string_view name, std::string_view value);
    Request& remove(std::string_view name);
    Request& keep_connection() { return keep = true, *this; }
    Request& with_body(std::string text, std::string_view type = "application/octet-stream");
};

/// The params nginx's fastcgi_params file would send for this method and target ("/a.php?x=1") below a
/// document root.
[[nodiscard]] Request make_request(std::string_view method, std::string_view root, std::string_view target);

/// How a request is cut into records.
struct RecordSizes {
    std::size_t params = kLargestContent;
    std::size_t body = kLargestContent;
    std::uint8_t padding = 0;
};

[[nodiscard]] std::string record(RecordType type, std::uint16_t id, std::string_view content,
                                 std::uint8_t padding = 0);
[[nodiscard]] std::string begin_record(std::uint16_t role, std::uint16_t id, std::uint8_t flags);
[[nodiscard]] std::string name_value(std::string_view name, std::string_view value);

/// BEGIN and PARAMS with their empty end record: all that comes before the body. A pair never spans two
/// records.
[[nodiscard]] std::string encode_head(const Request& request, const RecordSizes& sizes = {});
/// STDIN records with their empty end record.
[[nodiscard]] std::string encode_body(const Request& request, const RecordSizes& sizes = {});
[[nodiscard]] std::string encode(const Request& request, const RecordSizes& sizes = {});

struct Record {
    RecordType type{};
    std::uint16_t id = 0;
    std::string content;
};

/// Takes the first whole record off the front of the bytes, if there is one.
[[nodiscard]] std::optional<Record> take_record(std::string& bytes);

}  // namespace phalanx::harness
