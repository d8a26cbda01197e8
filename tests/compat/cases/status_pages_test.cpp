#include "compat/comparison.hpp"
#include "harness/eventually.hpp"

namespace phalanx::compat {
namespace {

/// What depends on the moment, in every format.
const std::vector<Mask> kMoment = {
    {"pid", "(pid: +|\"pid\":|<pid>|\n<tr><td>)[0-9]+"},
    {"start time", "start[ -]time(: +|\":|>|</th><td>)[^<,\n]+"},
    {"start since", "start[ -]since(: +|\":|>|</th><td>)[0-9]+"},
    {"phpfpm_start_since N", "phpfpm_start_since [0-9]+"},
    {"duration", "request[ -]duration(: +|\":|>)[0-9]+"},
    {"row", "<td>Running</td><td>[^<]*</td><td>[0-9]+</td><td>[0-9]+</td><td>[0-9]+</td>"},
};

/// Sampled once a second by php-fpm, and unknown to it of Unix sockets.
const std::vector<Mask> kSampled = {
    {"processes", "(max )?(idle|active|total) processes(: +|\":|</th><td>)[0-9]+"},
    {"processes", "<(max-)?(idle|active|total)-processes>[0-9]+"},
    {"processes", "phpfpm_(max_)?(idle|active|total)_processes [0-9]+"},
    {"queue", "(max )?listen queue( len)?(: +|\":|</th><td>)[0-9]+"},
    {"queue", "<(max-)?listen-queue(-len)?>[0-9]+"},
    {"queue", "phpfpm_(max_)?listen_queue(_length)? [0-9]+"},
};

/// The length of the queue of a TCP listener; its limit is the same on both sides.
const std::vector<Mask> kSampledOfTcp = {
    {"queue", "(max )?listen queue(: +|\":|</th><td>)[0-9]+"},
    {"queue", "<(max-)?listen-queue>[0-9]+"},
    {"queue", "phpfpm_(max_)?listen_queue [0-9]+"},
};

/// php-fpm counts a kept connection's wait for its next request as one.
const std::vector<Mask> kCounted = {
    {"requests", "requests(: +|\":|>)[0-9]+"},
    {"accepted", "accepted[ -]conn(: +|\":|>|</th><td>)[0-9]+"},
    {"phpfpm_accepted_connections N", "phpfpm_accepted_connections [0-9]+"},
};

std::vector<Mask> masks(std::initializer_list<std::vector<Mask>> lists) {
    std::vector<Mask> all;
    for (const std::vector<Mask>& list : lists) all.insert(all.end(), list.begin(), list.end());
    return all;
}

void compare_pages(std::vector<Case> cases) {
    cases.insert(cases.begin(), {"a script that takes a while", "<?php usleep(300000);"});
    compare({.pool = {{"pm.status_path", "/status"}, {"ping.path", "/ping"}},
             .cases = std::move(cases),
             .masks = masks({kMoment, kSampled, kCounted, {{"row", "<tr><td>[0-9]+</td><td>[A-Z][^\n]*"}}}),
             .log = Log::Ignore});
}

TEST(StatusPages, OddQueries) {
    std::vector<Case> cases;
    for (const char* query : {"json&full",
                              "full&json",
                              "FULL",
                              "full=",
                              "full[]=",
                              "json=1",
                              "json=",
                              "html[]=",
                              "html[a]=1",
                              "JSON",
                              "%6Ason",
                              "json;full",
                              "&json",
                              "json&",
                              "xml=&html=",
                              "html&xml&json&openmetrics",
                              "xml&json",
                              "json.x",
                              "json%00",
                              "json%20",
                              "+json",
                              "_json",
                              "openmetrics[]",
                              "text",
                              "full&full",
                              "json%5B%5D",
                              "x=json",
                              "json[",
                              "json]",
                              "=json",
                              "full.=1",
                              "fullx",
                              "ful",
                              "jsonx",
                              "j"}) {
        cases.push_back({.name = query, .target = std::string("/status?") + query});
    }
    compare_pages(std::move(cases));
}

TEST(StatusPages, HeadersInTheirOrder) {
    std::vector<Case> cases;
    for (const char* method : {"GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"}) {
        for (const char* format : {"", "?html", "?json", "?xml", "?openmetrics", "?full"}) {
            cases.push_back({.name = std::string(method) + format,
                             .target = std::string("/status") + format,
                             .method = method});
        }
        cases.push_back({.name = std::string(method) + " ping", .target = "/ping", .method = method});
    }
    compare_pages(std::move(cases));
}

TEST(StatusPages, WhatClientsSendIsEscaped) {
    std::vector<Case> cases{{"a script that takes a while", "<?php usleep(300000);"}};
    for (const char* format : {"html", "json", "xml"}) {
        const std::string page = std::string("/status?full&") + format;
        const auto add = [&](const std::string& name, const std::string& query, std::vector<Change> params) {
            params.push_back({"QUERY_STRING", "full&" + std::string(format) + "&" + query});
            cases.push_back(
                {.name = std::string(format) + ", " + name, .target = page, .params = std::move(params)});
        };
        add("markup", "a=<b>&c=\"d\"&e='f'&amp;", {});
        add("backslashes", "a=\\b/\\\"", {});
        add("characters", "a=\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", {});
        add("user", "", {{"HTTP_AUTHORIZATION", "Basic PGI+JiInXC86eA=="}});
        add("method", "", {{"REQUEST_METHOD", "<a&\"'>"}});
        add("script", "", {{"SCRIPT_FILENAME", "/<a>&\"'\\.php"}});
        add("long query", std::string(600, 'q'), {});
        add("long query of characters", "x" + std::string(510, 'q') + "\xc3\xa4", {});
        add("long method", "", {{"REQUEST_METHOD", std::string(40, 'M')}});
        add("long script", "", {{"SCRIPT_FILENAME", "/" + std::string(400, 's') + ".php"}});
        add("no content length", "", {{"CONTENT_LENGTH", ""}});
    }
    std::vector<Mask> all = masks({kMoment, kSampled, kCounted});
    compare({.pool = {{"pm.status_path", "/status"}},
             .cases = std::move(cases),
             .masks = all,
             .log = Log::Ignore});
}

/// A client of the status address, in the pool's own script, so that the page shows this very request.
constexpr const char* kStatusClient = R"(<?php
function pair($n, $v) { return pack('NN', strlen($n) | 0x80000000, strlen($v) | 0x80000000) . $n . $v; }
function record($type, $body) { return pack('CCnnCC', 1, $type, 1, strlen($body), 0, 0) . $body; }
function answer($path, $query) {
    $socket = stream_socket_client('unix://' . getenv('STATUS_SOCKET'));
    $params = '';
    foreach (['SCRIPT_NAME' => $path, 'SCRIPT_FILENAME' => $path, 'QUERY_STRING' => $query,
              'REQUEST_METHOD' => 'GET'] as $n => $v) $params .= pair($n, $v);
    fwrite($socket, record(1, "\0\1\0\0\0\0\0\0") . record(4, $params) . record(4, '') . record(5, ''));
    $body = '';
    while (($head = stream_get_contents($socket, 8)) !== false && strlen($head) === 8) {
        $fields = unpack('Cversion/Ctype/nid/nlength/Cpadding', $head);
        $content = $fields['length'] ? stream_get_contents($socket, $fields['length']) : '';
        if ($fields['padding']) stream_get_contents($socket, $fields['padding']);
        if ($fields['type'] === 6) $body .= $content;
        if ($fields['type'] === 3) break;
    }
    return $body;
}
)";
constexpr const char* kItsBodies = R"(
foreach (['html', 'json', 'xml'] as $format) {
    $answer = answer('/status', "full&$format");
    echo substr($answer, strpos($answer, "\r\n\r\n") + 4), "\n";
})";
/// The last one is of no file: php-fpm would run scripts there, too.
constexpr const char* kItsHeads = R"(
foreach (['/status', '/ping', '/none.php'] as $path) {
    $answer = answer($path, '');
    echo $path, ': ', substr($answer, 0, strpos($answer, "\r\n\r\n")), "\n";
})";

TEST(StatusPages, AddressesShowWhatClientsSend) {
    const auto uri = [](const std::string& name, const std::string& text) {
        return Case{
            .name = name,
            .target = "/client.php",
            .params = {
                {"SCRIPT_NAME", text}, {"REQUEST_URI", text}, {"SCRIPT_FILENAME", "{root}/client.php"}}};
    };
    compare({.pool = {{"pm.status_path", "/status"},
                      {"pm.status_listen", "{own}/status.sock"},
                      {"env[STATUS_SOCKET]", "{own}/status.sock"}},
             .scripts = {{"client.php", std::string(kStatusClient) + kItsBodies}},
             .cases = {{"a script that takes a while", "<?php usleep(300000);"},
                       uri("plain", "/client.php"),
                       uri("markup", "/<a href=\"x\">&'b'"),
                       uri("characters", "/\xc3\xa4\xe2\x82\xac"),
                       uri("backslashes", "/a\\b\\\"c"),
                       uri("long", "/" + std::string(300, 'u')),
                       {.name = "query", .target = "/client.php?a=<b>&c=%22d"},
                       {.name = "post", .target = "/client.php", .method = "POST", .body = "abc"},
                       {.name = "user",
                        .target = "/client.php",
                        .params = {{"HTTP_AUTHORIZATION", "Basic PGI+JiInXC86eA=="}}}},
             .masks = masks({kMoment, kSampled, kCounted}),
             .log = Log::Ignore});
}

/// Its workers have the pool's own expose_php; the status address has php.ini's.
TEST(StatusPages, AddressesHaveTheHeadsOfPhp) {
    for (const char* exposed : {"", "on", "off"}) {
        for (const char* by_ini : {"expose_php=1", "expose_php=0"}) {
            Group group{.pool = {{"pm.status_path", "/status"},
                                 {"pm.status_listen", "{own}/status.sock"},
                                 {"ping.path", "/ping"},
                                 {"env[STATUS_SOCKET]", "{own}/status.sock"}},
                        .scripts = {{"client.php", std::string(kStatusClient) + kItsHeads}},
                        .cases = {{.name = "heads", .target = "/client.php"}},
                        .log = Log::Ignore,
                        .arguments = {"-n", "-d", by_ini}};
            if (*exposed != '\0') group.pool.emplace_back("php_admin_flag[expose_php]", exposed);
            compare(group);
        }
    }
}

/// The head of a ping that nobody but the master can answer: the pool sleeps, or its worker is busy.
std::vector<std::string> ping_heads(const harness::DaemonProgram& program, const char* exposed,
                                    const char* by_ini) {
    harness::Site site(program);
    site.start_options().arguments.insert(site.start_options().arguments.end(), {"-d", by_ini});
    site.add_pool("awake");
    site.pool().set("pm", "ondemand").set("ping.path", "/ping").set("pm.max_children", "1");
    if (*exposed != '\0') site.pool().set("php_admin_flag[expose_php]", exposed);
    site.script("busy.php", "<?php usleep(300000);");
    site.start();
    std::vector<std::string> heads = site.get("/ping").header_lines();
    std::optional<harness::FastCgiClient> busy(site.address());
    (void)busy->send(site.request("/busy.php"));
    (void)harness::eventually(harness::kPatience, [&] { return !site.daemon().workers().empty(); });
    harness::FastCgiClient other(site.address());
    (void)other.send(site.request("/ping"));
    (void)busy->read_answer();
    busy.reset();  // php-fpm's worker waits for that
    for (std::string& line : other.read_answer().header_lines()) heads.push_back(std::move(line));
    return heads;
}

TEST(StatusPages, OfSleepingAndBusyPoolsHaveTheHeadsOfPhp) {
    SKIP_UNLESS_BOTH();
    for (const char* exposed : {"", "on", "off"}) {
        for (const char* by_ini : {"expose_php=1", "expose_php=0"})
            EXPECT_EQ(ping_heads(*harness::installed_php_fpm(), exposed, by_ini),
                      ping_heads(*harness::driven_daemon(), exposed, by_ini))
                << exposed << " " << by_ini;
    }
}

TEST(StatusPages, Counters) {
    const auto asks = [](const std::string& name, const std::string& target,
                         const std::string& method = "GET") {
        return Case{.name = name, .target = target, .method = method, .closes = true};
    };
    compare({.pool = {{"pm.status_path", "/status"}, {"ping.path", "/ping"}, {"listen", "127.0.0.1:{port}"}},
             .scripts = {{"one.php", "<?php echo 1;"}, {"slow.php", "<?php usleep(300000); echo 2;"}},
             .cases =
                 {// Time for the master to have heard of its worker, which may serve before that.
                  asks("a script that takes a while", "/slow.php"), asks("at first", "/status?full"),
                  asks("a script", "/one.php?x=1"), asks("another", "/one.php", "POST"),
                  asks("a missing one", "/none.php"), asks("a refused one", "/one.txt"),
                  asks("ping", "/ping"), asks("text", "/status?full"), asks("json", "/status?full&json"),
                  asks("xml", "/status?full&xml"), asks("openmetrics", "/status?openmetrics"),
                  asks("html", "/status?html")},
             .masks = masks({kMoment, {kSampled.begin(), kSampled.begin() + 3}, kSampledOfTcp}),
             .log = Log::Ignore});
}

TEST(StatusPages, Function) {
    compare({.scripts = {{"types.php", R"(<?php
            function types($list) {
                foreach ($list as $k => $v) {
                    echo $k, ': ', is_array($v) ? 'array' : gettype($v), "\n";
                    if (is_array($v)) types($v);
                }
            }
            types(fpm_get_status());)"},
                         {"values.php", R"(<?php $s = fpm_get_status(); $p = $s['procs'][0];
            echo json_encode([$s['pool'], $s['process-manager'], $s['max-children-reached'], $s['slow-requests'],
                count($s['procs']), $p['state'], $p['request-method'], $p['request-uri'], $p['query-string'],
                $p['request-length'], $p['user'], $p['script'], $p['pid'] === getmypid(), $p['last-request-cpu'],
                $p['last-request-memory'], $s['start-time'] <= time(), $p['start-since'] >= 0]);)"}},
             // As above: time for the master.
             .cases = {{"a script that takes a while", "<?php usleep(300000);"},
                       {"types", "", "/types.php"},
                       {"values", "", "/values.php?a=<b>"},
                       {.name = "of a post",
                        .target = "/values.php",
                        .method = "POST",
                        .params = {{"HTTP_AUTHORIZATION", "Basic YTpi"}},
                        .body = "12345"},
                       {"arguments", "<?php fpm_get_status(1);"}},
             .masks = masks({kMoment})});
}

TEST(StatusPages, PingOfOddBytes) {
    for (const char* response : {"\"pong <&> 'x'\"", "'a\\b\"c'", "\xc3\xa4\xff", "on", "1|2", "\"  \""}) {
        compare({.pool = {{"ping.path", "/ping"}, {"ping.response", response}},
                 .cases = {{"ping", "", "/ping"}, {"head", "", "/ping", "HEAD"}},
                 .log = Log::Ignore});
    }
}

}  // namespace
}  // namespace phalanx::compat
