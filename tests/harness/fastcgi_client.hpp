#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/fastcgi.hpp"
#include "harness/socket.hpp"

namespace phalanx::harness {

struct EndRecord {
    std::uint32_t app_status = 0;
    std::uint8_t protocol_status = 0;
};

/// What came back for one request.
struct Answer {
    std::string output;  ///< all STDOUT bytes: head and body
    std::string errors;  ///< all STDERR bytes
    std::vector<Record> others;
    std::optional<EndRecord> end;
    bool closed = false;     ///< the server closed or reset the connection before the end record
    bool timed_out = false;  ///< nothing of the two happened in time

    [[nodiscard]] bool complete() const { return end.has_value(); }
    /// 200 unless a Status header says otherwise; 0 when no whole head came.
    [[nodiscard]] int status() const;
    [[nodiscard]] std::string body() const;
    /// The lines of the head, as sent and in order.
    [[nodiscard]] std::vector<std::string> header_lines() const;
    /// The value of the first header of that name, whatever its case.
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// For the messages of failing tests; long texts are shortened.
std::ostream& operator<<(std::ostream& out, const Answer& answer);

/// One FastCGI connection, as a web server holds it. Every wait ends.
class FastCgiClient {
  public:
    explicit FastCgiClient(const Address& server) : socket_(connect_to(server)) {}

    [[nodiscard]] bool connected() const { return socket_.is_open(); }

    /// Writes everything; false when the server closed the connection or took nothing until the deadline.
    bool send(std::string_view bytes, milliseconds deadline = kPatience);
    bool send(const Request& request, const RecordSizes& sizes = {}) { return send(encode(request, sizes)); }

    /// Reads up to and including the next END_REQUEST, or to the end of the connection.
    [[nodiscard]] Answer read_answer(milliseconds deadline = kPatience);
    [[nodiscard]] std::optional<Record> read_record(milliseconds deadline = kPatience);

    /// Whether the server's side is closed within the time; bytes that come before are kept for the next
    /// read.
    [[nodiscard]] bool wait_until_closed(milliseconds deadline = kPatience);

    /// Sends and reads in turns, so that neither side's buffers can hold the other up.
    [[nodiscard]] Answer exchange(const Request& request, const RecordSizes& sizes = {},
                                  milliseconds deadline = kPatience);
    /// Tells the server that nothing more will be sent; its answer can still be read.
    void finish_sending() const;
    void close() { socket_.close(); }

  private:
    enum class Read { More, Closed, TimedOut };
    Read read_more(Clock::time_point end);
    bool take_into(Answer& answer);

    Descriptor socket_;
    std::string received_;
};

/// One request over a connection of its own.
[[nodiscard]] Answer ask(const Address& server, const Request& request, const RecordSizes& sizes = {});

}  // namespace phalanx::harness
