#include "phalanx/fastcgi/head_scanner.hpp"

#include <algorithm>

namespace phalanx::fastcgi {

HeadScanner::Verdict HeadScanner::feed(std::span<const std::byte> bytes) {
    while (!bytes.empty() && verdict_ == Verdict::incomplete) {
        const std::size_t used = step(bytes);
        consumed_ += used;
        bytes = bytes.subspan(used);
    }
    return verdict_;
}

// Takes at least one byte: the stage `rest` is only entered with something to skip.
std::size_t HeadScanner::step(std::span<const std::byte> bytes) {
    if (stage_ != Stage::rest) return collect(bytes);
    const std::size_t used = std::min(bytes.size(), rest_);
    rest_ -= used;
    if (rest_ == 0) {
        verdict_ = at_record_end_;
        stage_ = Stage::header;
    }
    return used;
}

std::size_t HeadScanner::collect(std::span<const std::byte> bytes) {
    const std::size_t used = std::min(bytes.size(), block_.size() - block_used_);
    std::copy_n(bytes.begin(), used, block_.begin() + static_cast<std::ptrdiff_t>(block_used_));
    block_used_ += used;
    if (block_used_ < block_.size()) return used;
    block_used_ = 0;
    stage_ == Stage::header ? judge_header() : judge_begin_body();
    // A record that ends here ends now, not with the next byte, which may never come.
    if (verdict_ == Verdict::incomplete && stage_ == Stage::rest && rest_ == 0) {
        verdict_ = at_record_end_;
        stage_ = Stage::header;
    }
    return used;
}

void HeadScanner::judge_header() {
    const RecordHeader header = RecordHeader::decode(block_);
    at_record_end_ = Verdict::incomplete;
    stage_ = Stage::rest;
    rest_ = header.following();
    switch (rules_.next(header)) {
        case HeadStep::skip:
        case HeadStep::params:
            break;
        case HeadStep::begin:
            stage_ = Stage::begin_body;
            break;
        case HeadStep::params_end:
            at_record_end_ = Verdict::complete;
            break;
        case HeadStep::management:
            at_record_end_ = Verdict::for_worker;
            break;
        case HeadStep::violation:
            verdict_ = Verdict::for_worker;
            break;
        case HeadStep::too_large:
            verdict_ = Verdict::too_large;
            break;
    }
}

void HeadScanner::judge_begin_body() {
    stage_ = Stage::rest;
    rest_ -= kBeginBodyBytes;
    if (!rules_.begin_body(block_)) at_record_end_ = Verdict::for_worker;
}

}  // namespace phalanx::fastcgi
