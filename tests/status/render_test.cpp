#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "phalanx/status/status_page.hpp"

namespace phalanx::status {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Render : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
    }

    Render() {
        pool.pool = "www";
        pool.process_manager = "static";
        pool.now = pool.started_at = 1795340611;
        pool.accepted = 7;
        pool.listen_queue_length = 4096;
        pool.idle = pool.active = 1;
        pool.max_active = 2;
        SlotSnapshot worker;
        worker.waited_usec = 1500;
        worker.pid = 23544;
        worker.stage = Stage::running;
        worker.started_at = 1795340611;
        worker.requests = 4;
        worker.duration_usec = 40;
        worker.method = "GET";
        worker.uri = "/status";
        worker.query = "full";
        pool.workers.push_back(worker);
    }

    /// As the JSON example of a later moment has it.
    void make_idle() {
        pool.accepted = 10;
        SlotSnapshot& worker = pool.workers.front();
        worker.stage = Stage::idle;
        worker.requests = 5;
        worker.duration_usec = 52;
        worker.query = "xml&full";
        worker.memory_peak = 2097152;
    }

    PoolSnapshot pool;
};

constexpr std::string_view text_of_pool =
    "pool:                 www\n"
    "process manager:      static\n"
    "start time:           22/Nov/2026:09:43:31 +0000\n"
    "start since:          0\n"
    "accepted conn:        7\n"
    "listen queue:         0\n"
    "max listen queue:     0\n"
    "listen queue len:     4096\n"
    "idle processes:       1\n"
    "active processes:     1\n"
    "total processes:      2\n"
    "max active processes: 2\n"
    "max children reached: 0\n"
    "slow requests:        0\n";

constexpr std::string_view text_of_worker =
    "\n"
    "************************\n"
    "pid:                  23544\n"
    "state:                Running\n"
    "start time:           22/Nov/2026:09:43:31 +0000\n"
    "start since:          0\n"
    "requests:             4\n"
    "request duration:     40\n"
    "request method:       GET\n"
    "request URI:          /status?full\n"
    "content length:       0\n"
    "user:                 -\n"
    "script:               -\n"
    "last request cpu:     0.00\n"
    "last request memory:  0\n";

TEST_F(Render, TextIsPhpFpms) {
    const StatusPage page = render(pool, Format::text, Detail::pool);
    EXPECT_EQ(page.content_type, "Content-type: text/plain;charset=UTF-8");
    EXPECT_EQ(page.body, text_of_pool);
    EXPECT_EQ(render(pool, Format::text, Detail::processes).body,
              std::string(text_of_pool) + std::string(text_of_worker));
}

TEST_F(Render, EveryTextBlockOfAProcessBeginsWithAnEmptyLine) {
    pool.workers.push_back(pool.workers.front());
    EXPECT_THAT(render(pool, Format::text, Detail::processes).body,
                EndsWith(std::string(text_of_worker) + std::string(text_of_worker)));
}

constexpr std::string_view json_of_pool =
    R"({"pool":"www","process manager":"static","start time":1795340611,"start since":0,"accepted conn":10,)"
    R"("listen queue":0,"max listen queue":0,"listen queue len":4096,"idle processes":1,"active processes":1,)"
    R"("total processes":2,"max active processes":2,"max children reached":0,"slow requests":0)";
constexpr std::string_view json_of_worker =
    R"({"pid":23544,"state":"Idle","start time":1795340611,"start since":0,"requests":5,"request duration":52,)"
    R"("request method":"GET","request uri":"\/status?xml&full","content length":0,"user":"-","script":"-",)"
    R"("last request cpu":0.00,"last request memory":2097152,"queue duration":1500})";

TEST_F(Render, JsonIsPhpFpms) {
    make_idle();
    const StatusPage page = render(pool, Format::json, Detail::pool);
    EXPECT_EQ(page.content_type, "Content-Type: application/json");
    EXPECT_EQ(page.body, std::string(json_of_pool) + "}");
    const std::string worker(json_of_worker);
    EXPECT_EQ(render(pool, Format::json, Detail::processes).body,
              std::string(json_of_pool) + ", \"processes\":[" + worker + "]}");
    pool.workers.push_back(pool.workers.front());
    EXPECT_THAT(render(pool, Format::json, Detail::processes).body,
                EndsWith("[" + worker + "," + worker + "]}"));
    pool.workers.clear();
    EXPECT_THAT(render(pool, Format::json, Detail::processes).body, EndsWith(", \"processes\":[]}"));
}

TEST_F(Render, XmlIsPhpFpms) {
    const StatusPage page = render(pool, Format::xml, Detail::pool);
    EXPECT_EQ(page.content_type, "Content-type: text/xml;charset=UTF-8");
    const std::string head =
        "<?xml version=\"1.0\" ?>\n<status>\n<pool>www</pool>\n<process-manager>static</process-manager>\n"
        "<start-time>1795340611</start-time>\n<start-since>0</start-since>\n<accepted-conn>7</"
        "accepted-conn>\n"
        "<listen-queue>0</listen-queue>\n<max-listen-queue>0</max-listen-queue>\n"
        "<listen-queue-len>4096</listen-queue-len>\n<idle-processes>1</idle-processes>\n"
        "<active-processes>1</active-processes>\n<total-processes>2</total-processes>\n"
        "<max-active-processes>2</max-active-processes>\n<max-children-reached>0</max-children-reached>\n"
        "<slow-requests>0</slow-requests>\n";
    EXPECT_EQ(page.body, head + "</status>");
    pool.workers.front().query = "xml&full";
    EXPECT_EQ(
        render(pool, Format::xml, Detail::processes).body,
        head +
            "<processes>\n<process><pid>23544</pid><state>Running</state><start-time>1795340611</start-time>"
            "<start-since>0</start-since><requests>4</requests><request-duration>40</request-duration>"
            "<request-method>GET</request-method><request-uri>/status?xml&amp;full</request-uri>"
            "<content-length>0</content-length><user>-</user><script>-</script>"
            "<last-request-cpu>0.00</last-request-cpu><last-request-memory>0</last-request-memory></"
            "process>\n"
            "</processes>\n</status>");
}

TEST_F(Render, HtmlIsPhpFpms) {
    const StatusPage page = render(pool, Format::html, Detail::pool);
    EXPECT_EQ(page.content_type, "Content-type: text/html;charset=UTF-8");
    const std::string_view head =
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
        "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n"
        "<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n"
        "<head><title>PHP-FPM Status "
        "Page</title></head>\n<body>\n<table>\n<tr><th>pool</th><td>www</td></tr>\n"
        "<tr><th>process manager</th><td>static</td></tr>\n"
        "<tr><th>start time</th><td>22/Nov/2026:09:43:31 +0000</td></tr>\n";
    EXPECT_THAT(page.body, StartsWith(head));
    EXPECT_THAT(page.body, EndsWith("<tr><th>slow requests</th><td>0</td></tr>\n</table>\n</body></html>"));
    const std::string full = render(pool, Format::html, Detail::processes).body;
    EXPECT_THAT(full, StartsWith(head));
    EXPECT_THAT(
        full,
        EndsWith("<tr><th>slow requests</th><td>0</td></tr>\n</table>\n<table border=\"1\">\n"
                 "<tr><th>pid</th><th>state</th><th>start time</th><th>start since</th><th>requests</th>"
                 "<th>request duration</th><th>request method</th><th>request uri</th><th>content length</th>"
                 "<th>user</th><th>script</th><th>last request cpu</th><th>last request memory</th></tr>\n"
                 "<tr><td>23544</td><td>Running</td><td>22/Nov/2026:09:43:31 +0000</td><td>0</td><td>4</td>"
                 "<td>40</td><td>GET</td><td>/status?full</td><td>0</td><td>-</td><td>-</td><td>0.00</td>"
                 "<td>0</td></tr>\n</table></body></html>"));
}

TEST_F(Render, OpenmetricsIsPhpFpmsAndHasNoProcesses) {
    const StatusPage page = render(pool, Format::openmetrics, Detail::processes);
    EXPECT_EQ(page.content_type, "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8");
    EXPECT_EQ(page.body, render(pool, Format::openmetrics, Detail::pool).body);
    EXPECT_THAT(page.body,
                StartsWith("# HELP phpfpm_up Could pool www using a static PM on PHP-FPM be reached?\n"
                           "# TYPE phpfpm_up gauge\nphpfpm_up 1\n"
                           "# HELP phpfpm_start_since The number of seconds since FPM has started.\n"
                           "# TYPE phpfpm_start_since counter\nphpfpm_start_since 0\n"
                           "# HELP phpfpm_accepted_connections The number of requests accepted by the pool.\n"
                           "# TYPE phpfpm_accepted_connections counter\nphpfpm_accepted_connections 7\n"));
    EXPECT_THAT(page.body,
                HasSubstr("phpfpm_max_listen_queue 0\n# TYPE phpfpm_listen_queue_length gauge\n"
                          "# HELP phpfpm_listen_queue_length The size of the socket queue of pending "
                          "connections.\nphpfpm_listen_queue_length 4096\n"));
    EXPECT_THAT(page.body, EndsWith("phpfpm_max_children_reached 0\n"
                                    "# HELP phpfpm_slow_requests The number of requests that exceeded your "
                                    "'request_slowlog_timeout' value.\n# TYPE phpfpm_slow_requests counter\n"
                                    "phpfpm_slow_requests 0\n# EOF\n"));
}

TEST_F(Render, AWorkerWithoutARequestShowsDashes) {
    pool.workers.front().method.clear();
    pool.workers.front().uri.clear();
    pool.workers.front().query.clear();
    EXPECT_THAT(render(pool, Format::text, Detail::processes).body,
                HasSubstr("request method:       -\nrequest URI:          -\ncontent length:"));
}

TEST_F(Render, ClientsCannotForgeTextOrMarkup) {
    SlotSnapshot& worker = pool.workers.front();
    worker.user = "u\npool: evil\x1B[2J";
    worker.script = "<script>\"&'";
    worker.query = "a=</td>";
    const std::string text = render(pool, Format::text, Detail::processes).body;
    EXPECT_THAT(text, HasSubstr("user:                 u\\x0Apool: evil\\x1B[2J\n"));
    for (const Format format : {Format::html, Format::xml}) {
        const std::string body = render(pool, format, Detail::processes).body;
        EXPECT_THAT(body, Not(HasSubstr("<script>\"")));
        EXPECT_THAT(body, HasSubstr("&lt;script&gt;&quot;&amp;'"));
        EXPECT_THAT(body, HasSubstr("/status?a=&lt;/td&gt;"));
        EXPECT_THAT(body, HasSubstr("pool: evil\xEF\xBF\xBD[2J"));
    }
    EXPECT_THAT(render(pool, Format::json, Detail::processes).body,
                HasSubstr(R"("user":"u\npool: evil\u001b[2J","script":"<script>\"&'")"));
}

TEST_F(Render, CpuHasTwoDecimalsAndAClockSetBackGivesNoNegativeAge) {
    make_idle();
    pool.workers.front().cpu_percent = 33.333;
    pool.now = 10;
    const std::string body = render(pool, Format::json, Detail::processes).body;
    EXPECT_THAT(body, HasSubstr("\"last request cpu\":33.33,"));
    EXPECT_THAT(body, Not(HasSubstr("\"start since\":-")));
}

}  // namespace
}  // namespace phalanx::status
