#include "phalanx/fastcgi/body_reader.hpp"

#include <algorithm>
#include <array>

#include "phalanx/base/panic.hpp"
#include "phalanx/fastcgi/head_rules.hpp"
#include "phalanx/fastcgi/limits.hpp"

namespace phalanx::fastcgi {

void BodyReader::start(std::uint16_t request_id, Input input) {
    state_ = BodyState::complete;
    request_id_ = request_id;
    stream_ended_ = false;
    input_ = input;
    left_ = 0;
    record_left_ = 0;
    padding_left_ = 0;
    ignored_ = 0;
}

void BodyReader::expect(std::uint64_t length) {
    if (left_ != 0 || record_left_ != 0) base::panic("a body's length is set after its start");
    left_ = length;
    if (length == 0) return;
    state_ = input_ == Input::open ? BodyState::open : BodyState::ended_early;
}

std::size_t BodyReader::read(std::span<std::byte> room) {
    std::size_t filled = 0;
    while (filled < room.size() && state_ == BodyState::open) {
        if (record_left_ == 0 && !next_record()) break;
        const std::uint64_t wanted = std::min<std::uint64_t>({room.size() - filled, record_left_, left_});
        const std::size_t count = source_.read_some(room.subspan(filled, static_cast<std::size_t>(wanted)));
        if (count == 0 && !end(BodyState::connection_lost)) break;
        filled += count;
        record_left_ -= count;
        left_ -= count;
        if (left_ == 0) state_ = BodyState::complete;
    }
    return filled;
}

// Goes to the next STDIN record that has content. False: the body has ended.
bool BodyReader::next_record() {
    while (true) {
        if (!source_.skip(padding_left_)) return end(BodyState::connection_lost);
        padding_left_ = 0;
        std::array<std::byte, kHeaderBytes> bytes{};
        if (!source_.read_exactly(bytes)) return end(BodyState::connection_lost);
        const RecordHeader header = RecordHeader::decode(bytes);
        if (header.version == 0 || header.request_id != request_id_) return end(BodyState::violation);
        if (header.type == RecordType::standard_input) {
            record_left_ = header.content_length;
            padding_left_ = header.padding_length;
            return record_left_ > 0 || end(BodyState::ended_early);
        }
        if (header.type != RecordType::data && header.type != RecordType::abort_request) {
            return end(BodyState::violation);
        }
        if (!ignore(header)) return false;
        if (header.type == RecordType::abort_request) return end(BodyState::aborted);
    }
}

bool BodyReader::ignore(const RecordHeader& header) {
    ignored_ += kHeaderBytes + header.following();
    if (ignored_ > kMaxIgnoredBytes) return end(BodyState::violation);
    return source_.skip(header.following()) || end(BodyState::connection_lost);
}

bool BodyReader::end(BodyState state) {
    state_ = state;
    return false;
}

Finish BodyReader::finish() {
    if (state_ == BodyState::open && !drain()) return Finish::drop;
    if (state_ != BodyState::complete && state_ != BodyState::aborted) return Finish::drop;
    // Body bytes past CONTENT_LENGTH must never be taken for a request (CVE-2026-129289).
    if (record_left_ > 0) return Finish::drop;
    if (!source_.skip(padding_left_)) {
        state_ = BodyState::connection_lost;
        return Finish::drop;
    }
    padding_left_ = 0;
    return judge_what_follows();
}

std::optional<std::span<const std::byte>> BodyReader::bytes_behind() const {
    return source_.rehearse([reader = *this]() mutable -> std::optional<std::span<const std::byte>> {
        if (reader.finish() == Finish::drop) return std::nullopt;
        return reader.source_.buffered();
    });
}

bool BodyReader::drain() {
    if (left_ > kMaxDrainBytes) return false;
    std::array<std::byte, BufferedSource::kBufferBytes> dropped;
    while (state_ == BodyState::open) (void)read(dropped);
    return true;
}

// Only records that have arrived are looked at; read_head judges later ones by the same rules.
Finish BodyReader::judge_what_follows() {
    while (source_.buffered().size() >= kHeaderBytes) {
        const std::span<const std::byte> bytes = source_.buffered();
        const RecordHeader header = RecordHeader::decode(bytes.first<kHeaderBytes>());
        const HeadStep step = HeadRules().next(header);
        if (step == HeadStep::violation || step == HeadStep::too_large) return Finish::drop;
        const std::size_t size = kHeaderBytes + header.following();
        if (step != HeadStep::skip || bytes.size() < size) break;
        source_.consume(size);
        stream_ended_ = true;
    }
    return Finish::keep;
}

}  // namespace phalanx::fastcgi
