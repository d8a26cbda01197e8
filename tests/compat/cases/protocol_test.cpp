#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

using harness::begin_record;
using harness::name_value;
using harness::record;
using harness::RecordType;

/// A request without a script's path: answered with 404, which is enough to see how the bytes were read.
std::string minimal(std::uint16_t id, bool keep) {
    return begin_record(1, id, keep ? 1 : 0) +
           record(RecordType::Params, id,
                  name_value("REQUEST_METHOD", "GET") + name_value("SCRIPT_NAME", "/none.php")) +
           record(RecordType::Params, id, "") + record(RecordType::Stdin, id, "");
}

Case raw(std::string name, std::string bytes, std::string differs = {}) {
    Case one{std::move(name)};
    one.raw = std::move(bytes);
    one.differs = std::move(differs);
    return one;
}

TEST(Protocol, RecordsAreReadAlike) {
    const std::string get = record(RecordType::GetValues, 0, name_value("FCGI_MPXS_CONNS", ""));
    std::string version_nine = minimal(1, false);
    version_nine[0] = 9;
    std::string version_zero = minimal(1, false);
    version_zero[0] = 0;
    compare(
        {.cases =
             {
                 raw("kept", minimal(1, true)),
                 raw("not kept", minimal(1, false)),
                 raw("a large id", minimal(65'535, true)),
                 raw("another version", version_nine),
                 raw("version zero", version_zero),
                 raw("empty stdin first", record(RecordType::Stdin, 1, "") + minimal(1, true)),
                 raw("get values", get),
                 raw("get values, then a request", get + minimal(1, true)),
                 raw("get values without any", record(RecordType::GetValues, 0, "")),
                 raw("get unknown values", record(RecordType::GetValues, 0,
                                                  name_value("FCGI_MAX_CONNS", "") + name_value("X", ""))),
                 raw("a begin that is too short", record(RecordType::Begin, 1, "\0\1") + minimal(1, true)),
                 raw("abort first", record(RecordType::Abort, 1, "")),
                 raw("params first", record(RecordType::Params, 1, "")),
                 raw("an unknown type first", record(static_cast<RecordType>(77), 1, "")),
                 raw("an answer's type first", record(RecordType::Stdout, 1, "x")),
                 raw("a pair over two records",
                     begin_record(1, 1, 1) + record(RecordType::Params, 1, "\4\4NAM") +
                         record(RecordType::Params, 1, "Eabcd") + record(RecordType::Params, 1, ""),
                     "the specification lets a pair go over records; php-fpm drops the connection"),
                 raw("a length beyond the record", begin_record(1, 1, 1) +
                                                       record(RecordType::Params, 1, "\4\x7fNAMEabcd") +
                                                       record(RecordType::Params, 1, "")),
                 raw("an enormous length", begin_record(1, 1, 1) +
                                               record(RecordType::Params, 1, "\xff\xff\xff\xff\1abc") +
                                               record(RecordType::Params, 1, "")),
                 raw("no params at all", begin_record(1, 1, 1) + record(RecordType::Params, 1, "") +
                                             record(RecordType::Stdin, 1, "")),
                 raw("half a request", minimal(1, true).substr(0, 30)),
                 raw("nothing but half a header", "\1\1"),
             },
         .log = Log::Ignore});
}

TEST(Protocol, TheEndOfOneRequestAndTheNext) {
    compare({.cases =
                 {
                     raw("two at once", minimal(1, true) + minimal(2, false)),
                     raw("three at once", minimal(1, true) + minimal(2, true) + minimal(3, false)),
                     raw("surplus body",
                         begin_record(1, 1, 1) +
                             record(RecordType::Params, 1,
                                    name_value("REQUEST_METHOD", "POST") + name_value("CONTENT_LENGTH", "2") +
                                        name_value("SCRIPT_NAME", "/none.php")) +
                             record(RecordType::Params, 1, "") + record(RecordType::Stdin, 1, "abcdef") +
                             record(RecordType::Stdin, 1, "")),
                     raw("exact body",
                         begin_record(1, 1, 1) +
                             record(RecordType::Params, 1,
                                    name_value("REQUEST_METHOD", "POST") + name_value("CONTENT_LENGTH", "2") +
                                        name_value("SCRIPT_NAME", "/none.php")) +
                             record(RecordType::Params, 1, "") + record(RecordType::Stdin, 1, "ab") +
                             record(RecordType::Stdin, 1, ""),
                         "the body is as long as it should be, so the connection is in step and may be kept"),
                 },
             .log = Log::Ignore});
}

}  // namespace
}  // namespace phalanx::compat
