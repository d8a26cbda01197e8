#include "phalanx/fastcgi/response_writer.hpp"

#include <algorithm>

namespace phalanx::fastcgi {
namespace {

constexpr std::size_t kMaxPadding = 7;
constexpr std::array<std::byte, kMaxPadding> kPadding{};
// Kept free for closing the open record and for END_REQUEST, so that these always join the buffer's write.
constexpr std::size_t kReserved = kMaxPadding + kEndRequestBytes;

constexpr std::size_t padding_of(std::size_t size) {
    return (8 - size % 8) % 8;
}

}  // namespace

void ResponseWriter::begin(std::uint16_t request_id) {
    request_id_ = request_id;
    failed_ = false;
    ended_ = false;
    record_open_ = false;
    used_ = 0;
    bytes_sent_ = 0;
}

bool ResponseWriter::write(Stream stream, std::string_view bytes) {
    // An empty record would be the stream's end.
    if (failed_ || ended_ || bytes.empty()) return !failed_;
    if (!fits(stream, bytes.size())) return send_large(stream, bytes);
    append(stream, bytes);
    return true;
}

bool ResponseWriter::flush() {
    if (failed_) return false;
    if (used_ == 0) {
        failed_ = !sink_.is_open();
        return !failed_;
    }
    close_record();
    const std::array<Piece, 1> pieces{Piece(buffer_).first(used_)};
    return send(pieces);
}

bool ResponseWriter::end(std::uint32_t app_status, ProtocolStatus status) {
    if (failed_ || ended_) return !failed_;
    close_record();
    const auto record = encode_end_request(request_id_, app_status, status);
    std::ranges::copy(record, buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += record.size();
    ended_ = true;
    return flush();
}

bool ResponseWriter::fits(Stream stream, std::size_t size) const {
    const bool continues = record_open_ && open_stream_ == stream;
    const std::size_t overhead = kReserved + (continues ? 0 : kMaxPadding + kHeaderBytes);
    return size <= kBufferBytes && used_ + overhead + size <= kBufferBytes;
}

void ResponseWriter::append(Stream stream, std::string_view bytes) {
    if (!record_open_ || open_stream_ != stream) {
        close_record();
        record_open_ = true;
        open_stream_ = stream;
        open_start_ = used_;
        used_ += kHeaderBytes;
    }
    const Piece content = std::as_bytes(std::span(bytes));
    // Not std::ranges::copy: with g++ 12 that goes byte by byte where the source is const.
    std::copy(content.begin(), content.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += content.size();
}

// Writes the header, whose length field is known only now, and the padding.
void ResponseWriter::close_record() {
    if (!record_open_) return;
    record_open_ = false;
    const RecordHeader header = header_for(open_stream_, used_ - open_start_ - kHeaderBytes);
    std::ranges::copy(header.encode(), buffer_.begin() + static_cast<std::ptrdiff_t>(open_start_));
    std::fill_n(buffer_.begin() + static_cast<std::ptrdiff_t>(used_), header.padding_length, std::byte{0});
    used_ += header.padding_length;
}

bool ResponseWriter::send_large(Stream stream, std::string_view bytes) {
    // Each record takes a header, its content and perhaps padding; the first write has the buffer besides.
    constexpr std::size_t kRecordsPerWrite = (kMaxPieces - 1) / 3;
    std::array<std::array<std::byte, kHeaderBytes>, kRecordsPerWrite> headers{};
    std::array<Piece, kMaxPieces> pieces;
    close_record();
    Piece rest = std::as_bytes(std::span(bytes));
    while (!rest.empty()) {
        std::size_t count = 0;
        if (used_ > 0) pieces[count++] = Piece(buffer_).first(used_);
        for (std::size_t i = 0; i < kRecordsPerWrite && !rest.empty(); ++i) {
            const Piece content = rest.first(std::min(rest.size(), kMaxRecordContent));
            const RecordHeader header = header_for(stream, content.size());
            headers[i] = header.encode();
            pieces[count++] = headers[i];
            pieces[count++] = content;
            if (header.padding_length > 0) pieces[count++] = Piece(kPadding).first(header.padding_length);
            rest = rest.subspan(content.size());
        }
        if (!send(std::span<const Piece>(pieces).first(count))) return false;
    }
    return true;
}

// Every send carries the whole buffer, so that it is empty afterwards.
bool ResponseWriter::send(std::span<const Piece> pieces) {
    used_ = 0;
    failed_ = ended_ ? !sink_.write_last(pieces) : !sink_.write(pieces);
    if (failed_) return false;
    for (const Piece& piece : pieces) bytes_sent_ += piece.size();
    return true;
}

RecordHeader ResponseWriter::header_for(Stream stream, std::size_t size) const {
    return {.type = stream == Stream::output ? RecordType::standard_output : RecordType::standard_error,
            .request_id = request_id_,
            .content_length = static_cast<std::uint16_t>(size),
            .padding_length = static_cast<std::uint8_t>(padding_of(size))};
}

}  // namespace phalanx::fastcgi
