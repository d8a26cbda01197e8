#include "phalanx/fastcgi/head_rules.hpp"

#include "phalanx/fastcgi/limits.hpp"

namespace phalanx::fastcgi {

HeadStep HeadRules::next(const RecordHeader& header) {
    if (header.version == 0) return refuse(HeadStep::violation, "a record has version 0");
    const HeadStep step = begun_ ? after_begin(header) : before_begin(header);
    if (step == HeadStep::violation || step == HeadStep::too_large) return step;
    // php-fpm reads content and padding of a head's records into one block of this size.
    if (step != HeadStep::skip && header.following() > kMaxContentBytes) {
        return refuse(HeadStep::violation, "content and padding of a record exceed 65535 bytes");
    }
    // No overflow: the sum never passes the limit by more than one record.
    head_bytes_ += kHeaderBytes + header.following();
    if (head_bytes_ > kMaxHeadBytes) return refuse(HeadStep::too_large, "the request's head is too large");
    return step;
}

HeadStep HeadRules::before_begin(const RecordHeader& header) {
    switch (header.type) {
        case RecordType::standard_input:
            if (header.content_length == 0) return HeadStep::skip;
            return refuse(HeadStep::violation, "STDIN data before BEGIN_REQUEST");
        case RecordType::begin_request:
            if (header.content_length != kBeginBodyBytes) {
                return refuse(HeadStep::violation, "BEGIN_REQUEST has a body of a wrong size");
            }
            begun_ = true;
            head_.request_id = header.request_id;
            return HeadStep::begin;
        case RecordType::get_values:
            return HeadStep::management;
        default:
            break;
    }
    // 4.2: a management record of a type that is not understood is answered, not refused.
    if (header.request_id == kNullRequestId && header.type > RecordType::unknown_type) {
        return HeadStep::management;
    }
    return refuse(HeadStep::violation, "a record other than BEGIN_REQUEST opens a request");
}

HeadStep HeadRules::after_begin(const RecordHeader& header) {
    if (header.request_id != head_.request_id) {
        return refuse(HeadStep::violation, "a record of another request interrupts the parameters");
    }
    if (header.type == RecordType::standard_input && header.content_length == 0) {
        input_ended_ = true;
        return HeadStep::params_end;
    }
    if (header.type != RecordType::params) {
        return refuse(HeadStep::violation, "a record other than PARAMS interrupts the parameters");
    }
    params_bytes_ += header.content_length;
    if (params_bytes_ > kMaxParamsBytes) return refuse(HeadStep::too_large, "the parameters are too large");
    return header.content_length == 0 ? HeadStep::params_end : HeadStep::params;
}

bool HeadRules::begin_body(std::span<const std::byte, kBeginBodyBytes> body) {
    head_.role = static_cast<Role>(read_u16(body[0], body[1]));
    head_.keep_connection = (body[2] & kKeepConnection) != std::byte{0};
    return head_.role >= Role::responder && head_.role <= Role::filter;
}

HeadStep HeadRules::refuse(HeadStep step, std::string_view what) {
    what_ = what;
    return step;
}

}  // namespace phalanx::fastcgi
