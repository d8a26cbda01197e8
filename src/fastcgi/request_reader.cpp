#include "phalanx/fastcgi/request_reader.hpp"

#include <algorithm>

#include "phalanx/base/panic.hpp"
#include "phalanx/fastcgi/head_scanner.hpp"

namespace phalanx::fastcgi {
namespace {

using Kind = HeadOutcome::Kind;

// The one variable of 4.1 that php-fpm knows.
constexpr std::string_view kMultiplexing = "FCGI_MPXS_CONNS";

HeadOutcome violation(std::string_view what) {
    return {.kind = Kind::violation, .head = {}, .answer = {}, .what = what};
}

}  // namespace

void RequestReader::reset() {
    source_.reset();
    body_.start(kNullRequestId, BodyReader::Input::open);
    final_.reset();
    in_request_ = false;
}

HeadOutcome RequestReader::read_head(Params& params) {
    if (in_request_) base::panic("reading a head before the last request was finished");
    params.clear();
    if (final_) return *final_;
    const HeadOutcome outcome = read_records(params);
    if (outcome.kind == Kind::request) {
        in_request_ = true;
    } else if (outcome.kind != Kind::answer) {
        final_ = outcome;
    }
    return outcome;
}

HeadOutcome RequestReader::read_records(Params& params) {
    HeadRules rules;
    Kind at_end = Kind::end_of_stream;
    decoder_.reset();
    while (true) {
        if (!source_.await()) return stopped(at_end);
        std::array<std::byte, kHeaderBytes> bytes{};
        if (!source_.read_exactly(bytes)) return stopped(Kind::truncated);
        const RecordHeader header = RecordHeader::decode(bytes);
        switch (rules.next(header)) {
            case HeadStep::skip:
                if (!source_.skip(header.following())) return stopped(Kind::truncated);
                break;
            case HeadStep::begin:
                at_end = Kind::truncated;
                if (const auto refusal = take_begin(rules, header)) return *refusal;
                break;
            case HeadStep::params:
                if (!feed_params(header, params)) return stopped(Kind::truncated);
                break;
            case HeadStep::params_end:
                return take_end(rules, header);
            case HeadStep::management:
                return take_management(header, params);
            case HeadStep::violation:
            case HeadStep::too_large:
                return violation(rules.what());
        }
    }
}

std::optional<HeadOutcome> RequestReader::take_begin(HeadRules& rules, const RecordHeader& header) {
    std::array<std::byte, kBeginBodyBytes> body{};
    if (!source_.read_exactly(body) || !source_.skip(header.padding_length)) return stopped(Kind::truncated);
    if (rules.begin_body(body)) return std::nullopt;
    return HeadOutcome{
        .kind = Kind::unknown_role, .head = rules.head(), .answer = {}, .what = "the role is unknown"};
}

// Bad parameters are refused here and not where they occur: the master's scanner, which looks at no
// parameter, could not tell that the worker has no need of the rest. kMaxHeadBytes bounds it.
HeadOutcome RequestReader::take_end(const HeadRules& rules, const RecordHeader& header) {
    if (!source_.skip(header.following())) return stopped(Kind::truncated);
    decoder_.end();
    if (!decoder_.violation().empty()) return violation(decoder_.violation());
    body_.start(rules.head().request_id,
                rules.input_ended() ? BodyReader::Input::ended : BodyReader::Input::open);
    return {.kind = Kind::request, .head = rules.head(), .answer = {}, .what = {}};
}

// 4: its content is decoded into the params, which hold no request's yet.
HeadOutcome RequestReader::take_management(const RecordHeader& header, Params& params) {
    if (header.type != RecordType::get_values) {
        if (!source_.skip(header.following())) return stopped(Kind::truncated);
        return {.kind = Kind::answer, .head = {}, .answer = unknown_type_answer(header.type), .what = {}};
    }
    if (!feed_params(header, params)) return stopped(Kind::truncated);
    decoder_.end();
    if (!decoder_.violation().empty()) return violation(decoder_.violation());
    const bool asked = params.find(kMultiplexing).has_value();
    params.clear();
    return {.kind = Kind::answer, .head = {}, .answer = values_answer(asked), .what = {}};
}

// Gives a record's content to the decoder and passes over its padding.
bool RequestReader::feed_params(const RecordHeader& header, Params& params) {
    std::size_t left = header.content_length;
    while (left > 0) {
        if (!source_.await()) return false;
        const auto piece = source_.buffered().first(std::min(left, source_.buffered().size()));
        decoder_.feed(piece, params);
        source_.consume(piece.size());
        left -= piece.size();
    }
    return source_.skip(header.padding_length);
}

HeadOutcome RequestReader::stopped(Kind at_end) const {
    const bool failed = source_.state() == BufferedSource::State::failed;
    return {.kind = failed ? Kind::failed : at_end,
            .head = {},
            .answer = {},
            .what = failed ? "reading from the client failed" : "the client closed the connection"};
}

// 4.1: only names that are known are answered. One request at a time: the value is 0.
std::span<const std::byte> RequestReader::values_answer(bool multiplexing_asked) {
    constexpr std::size_t kPairBytes = 2 + kMultiplexing.size() + 1;
    constexpr std::size_t kPaddedBytes = (kPairBytes + 7) / 8 * 8;
    static_assert(kHeaderBytes + kPaddedBytes <= std::tuple_size_v<decltype(answer_)>);
    RecordHeader header{.type = RecordType::get_values_result};
    if (multiplexing_asked) {
        header.content_length = kPairBytes;
        header.padding_length = kPaddedBytes - kPairBytes;
    }
    answer_.fill(std::byte{0});
    std::ranges::copy(header.encode(), answer_.begin());
    answer_[kHeaderBytes] = static_cast<std::byte>(kMultiplexing.size());
    answer_[kHeaderBytes + 1] = std::byte{1};
    auto* const name = answer_.data() + kHeaderBytes + 2;
    std::ranges::transform(kMultiplexing, name, [](char letter) { return static_cast<std::byte>(letter); });
    name[kMultiplexing.size()] = static_cast<std::byte>('0');
    return std::span(answer_).first(kHeaderBytes + header.following());
}

// 4.2
std::span<const std::byte> RequestReader::unknown_type_answer(RecordType type) {
    const RecordHeader header{.type = RecordType::unknown_type, .content_length = 8};
    answer_.fill(std::byte{0});
    std::ranges::copy(header.encode(), answer_.begin());
    answer_[kHeaderBytes] = static_cast<std::byte>(type);
    return std::span(answer_).first(kHeaderBytes + header.following());
}

std::size_t RequestReader::read_body(std::span<char> room) {
    return body_.read(std::as_writable_bytes(room));
}

bool RequestReader::body_was_cut() const {
    switch (body_.state()) {
        case BodyState::open:
        case BodyState::complete:
        case BodyState::ended_early:
            return false;
        case BodyState::aborted:
        case BodyState::violation:
        case BodyState::connection_lost:
            break;
    }
    return true;
}

Finish RequestReader::finish_request() {
    if (!in_request_) base::panic("finishing a request that was not begun");
    in_request_ = false;
    const Finish finish = body_.finish();
    if (finish == Finish::drop) final_ = violation("the connection is out of step");
    return finish;
}

bool RequestReader::next_head_buffered() const {
    HeadScanner scanner;
    return scanner.feed(leftover()) != HeadScanner::Verdict::incomplete;
}

}  // namespace phalanx::fastcgi
