// The master's scanner and the worker's reader must agree: the scanner says `incomplete` exactly while
// read_head would wait for more.

#include <cstdint>

#include "fastcgi/wire.hpp"
#include "phalanx/fastcgi/head_scanner.hpp"
#include "phalanx/fastcgi/request_reader.hpp"

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace phalanx::fastcgi;
    using Kind = HeadOutcome::Kind;
    using Verdict = HeadScanner::Verdict;
    if (size == 0) return 0;
    const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size)).subspan(1);
    const std::size_t step = std::size_t{data[0]} + 1;

    HeadScanner whole;
    whole.feed(bytes);
    HeadScanner cut;
    for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min(step, rest.size()))) {
        cut.feed(rest.first(std::min(step, rest.size())));
    }
    require(cut.verdict() == whole.verdict() && cut.head_bytes() == whole.head_bytes());

    wire::MemorySource source(wire::as_text(bytes), {step});
    RequestReader reader(source);
    Params params;
    const HeadOutcome outcome = reader.read_head(params);
    const bool waits = outcome.kind == Kind::end_of_stream || outcome.kind == Kind::truncated;
    require(waits == (whole.verdict() == Verdict::incomplete));
    if (outcome.kind == Kind::request) {
        require(whole.verdict() == Verdict::complete);
        require(whole.head().request_id == outcome.head.request_id && whole.head().role == outcome.head.role);
        require(whole.keep_connection() == outcome.head.keep_connection);
    }
    if (outcome.kind == Kind::answer) require(whole.verdict() == Verdict::for_worker);
    if (!waits) require(bytes.size() - source.left() - reader.leftover().size() == whole.head_bytes());
    return 0;
}
