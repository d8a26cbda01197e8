#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

/// Times, process numbers, measured durations and sizes; everything else has to be equal.
const std::vector<Mask> kMeasured = {
    {"start time: SOME", "start time: +[^\n]+"},
    {"start since: SOME", "start since: +[0-9]+"},
    {"duration: SOME", "request duration: +[0-9]+"},
    {"cpu: SOME", "last request cpu: +[0-9.]+"},
    {"memory: SOME", "last request memory: +[0-9]+"},
    {"pid: SOME", "pid: +[0-9]+"},
    {"\"start time\":N", "\"start time\":[0-9]+"},
    {"\"start since\":N", "\"start since\":[0-9]+"},
    {"\"request duration\":N", "\"request duration\":[0-9]+"},
    {"\"last request cpu\":N", "\"last request cpu\":[0-9.]+"},
    {"\"last request memory\":N", "\"last request memory\":[0-9]+"},
    {"\"pid\":N", "\"pid\":[0-9]+"},
    {"<start-time>", "<start-time>[0-9]+</start-time>"},
    {"<start-since>", "<start-since>[0-9]+</start-since>"},
    {"<request-duration>", "<request-duration>[0-9]+</request-duration>"},
    {"<last-request-cpu>", "<last-request-cpu>[0-9.]+</last-request-cpu>"},
    {"<last-request-memory>", "<last-request-memory>[0-9]+</last-request-memory>"},
    {"<pid>", "<pid>[0-9]+</pid>"},
    {"html time", "<th>start time</th><td>[^<]*"},
    {"html since", "<th>start since</th><td>[0-9]+"},
    {"phpfpm_start_since N", "phpfpm_start_since [0-9]+"},
    // html rows and the counters: how often a kept connection counts is each program's own.
    {"<tr><td>ROW", "<tr><td>[0-9]+</td><td>[A-Z][^\n]*"},
    {"accepted conn: N", "accepted conn: +[0-9]+"},
    {"\"accepted conn\":N", "\"accepted conn\":[0-9]+"},
    {"<accepted-conn>", "<accepted-conn>[0-9]+</accepted-conn>"},
    {"html accepted", "<th>accepted conn</th><td>[0-9]+"},
    {"phpfpm_accepted_connections N", "phpfpm_accepted_connections [0-9]+"},
    {"\"requests\":N", "\"requests\":[0-9]+"},
    {"\nrequests: N", "\nrequests: +[0-9]+"},
    {"<requests>", "<requests>[0-9]+</requests>"},
    // php-fpm samples these once a second and adds to the sample, so that one worker can be two or three.
    {"active: N", "(idle|active|total) processes: +[0-9]+"},
    {"\"processes\":N", "\"(idle|active|total) processes\":[0-9]+"},
    {"<processes>", "<(idle|active|total)-processes>[0-9]+</(idle|active|total)-processes>"},
    {"html processes", "<th>(idle|active|total) processes</th><td>[0-9]+"},
    {"phpfpm_processes N", "phpfpm_(idle|active|total)_processes [0-9]+"},
    {"max active: N", "max active processes: +[0-9]+"},
    {"\"max active\":N", "\"max active processes\":[0-9]+"},
    {"<max-active-processes>", "<max-active-processes>[0-9]+</max-active-processes>"},
    {"html max active", "<th>max active processes</th><td>[0-9]+"},
    // php-fpm knows nothing of Unix sockets' queues.
    {"queue len: N", "listen queue len: +[0-9]+"},
    {"\"queue len\":N", "\"listen queue len\":[0-9]+"},
    {"<queue-len>", "<listen-queue-len>[0-9]+</listen-queue-len>"},
    {"html queue len", "<th>listen queue len</th><td>[0-9]+"},
    {"phpfpm_listen_queue_length N", "phpfpm_listen_queue_length [0-9]+"},
    {"phpfpm_max_active_processes N", "phpfpm_max_active_processes [0-9]+"},
};

TEST(Status, InEveryFormat) {
    compare(
        {.pool = {{"pm.status_path", "/fpm-status"}},
         .scripts = {{"seen.php", "<?php echo 'seen';"}},
         .cases =
             {
                 {"a script first", "", "/seen.php?a=<b>&c=\"d\"", "POST", {}, "x=y"},
                 {"text", "", "/fpm-status"},
                 {"full text", "", "/fpm-status?full"},
                 {"json", "", "/fpm-status?json"},
                 {"full json", "", "/fpm-status?full&json"},
                 {"xml", "", "/fpm-status?xml"},
                 {"full xml", "", "/fpm-status?xml&full"},
                 {"html", "", "/fpm-status?html"},
                 {"full html", "", "/fpm-status?html&full"},
                 {"openmetrics", "", "/fpm-status?openmetrics"},
                 {"full openmetrics", "", "/fpm-status?openmetrics&full"},
                 {"several", "", "/fpm-status?json&html"},
                 {"an unknown key", "", "/fpm-status?yaml"},
                 {"a value", "", "/fpm-status?json=0"},
                 {"capitals", "", "/fpm-status?JSON"},
                 {"head", "", "/fpm-status?json", "HEAD"},
                 {"post", "", "/fpm-status", "POST", {}, "json=1"},
                 {"odd bytes", "", "/fpm-status?json&full&x=\"<\\>'&y=\xc3\xa4"},
                 {"odd user", "", "/fpm-status?full&json", "GET", {{"HTTP_AUTHORIZATION", "Basic PGI+OiI="}}},
                 {"more path", "", "/fpm-status/x"},
                 {"no script path", "", "/fpm-status", "GET", {{"SCRIPT_FILENAME", std::nullopt}}},
                 {"any script path", "", "/fpm-status", "GET", {{"SCRIPT_FILENAME", "/nowhere"}}},
             },
         .masks = kMeasured,
         .log = Log::Ignore});
}

TEST(Status, Ping) {
    compare({.pool = {{"ping.path", "/ping"}, {"ping.response", "\"all is well\""}},
             .scripts = {{"ping", "<?php echo 'a script of that name';"}},
             .cases = {
                 {"get", "", "/ping"},
                 {"head", "", "/ping", "HEAD"},
                 {"post", "", "/ping", "POST", {}, "a=b"},
                 {"query", "", "/ping?x=y"},
                 {"more path", "", "/ping/x"},
                 {"by name only", "", "/other", "GET", {{"SCRIPT_NAME", "/ping"}}},
                 {"no script path", "", "/ping", "GET", {{"SCRIPT_FILENAME", std::nullopt}}},
             }});
}

}  // namespace
}  // namespace phalanx::compat
