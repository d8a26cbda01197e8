#include <gtest/gtest.h>

#include "phalanx/php/status_fields.hpp"
#include "site.hpp"

namespace phalanx::php {
namespace {

class FunctionsTest : public PhpTest {};

TEST_F(FunctionsTest, FinishRequestEndsTheAnswerOnce) {
    const MemoryPort port = run(
        "<?php ob_start(); echo 'sent'; var_dump(0); $f = fastcgi_finish_request(); echo 'not sent'; flush();"
        "file_put_contents(__DIR__ . '/after', json_encode([$f, fastcgi_finish_request(), "
        "connection_status()]));"
        "error_log('late');");
    EXPECT_EQ(port.body, "sentint(0)\n");
    EXPECT_EQ(port.head, "Content-type: text/html; charset=UTF-8\r\n\r\n");
    EXPECT_TRUE(port.finished);
    EXPECT_TRUE(port.logged("PHP message: late"));
    EXPECT_EQ(run("<?php readfile(__DIR__ . '/after');").body, "[true,false,0]");
}

TEST_F(FunctionsTest, FinishRequestSendsAHeadWithoutABody) {
    const MemoryPort port =
        run("<?php http_response_code(204); fastcgi_finish_request(); http_response_code(500);");
    EXPECT_EQ(port.head, "Status: 204 No Content\r\nContent-type: text/html; charset=UTF-8\r\n\r\n");
}

TEST_F(FunctionsTest, FunctionsTakeNoArguments) {
    const MemoryPort port = run(
        "<?php try { fastcgi_finish_request(1); } catch (ArgumentCountError $e) { echo $e->getMessage(); }");
    EXPECT_EQ(port.body, "fastcgi_finish_request() expects exactly 0 arguments, 1 given");
}

TEST_F(FunctionsTest, RequestHeadersAreSpelledAsSent) {
    const std::string path = site_.write(
        "h.php", "<?php echo json_encode([apache_request_headers() === getallheaders(), getallheaders()]);");
    MemoryPort port({{"SCRIPT_FILENAME", path},
                     {"HTTP_X_FOO_BAR", "1"},
                     {"HTTP_", "bare"},
                     {"HTTP__XY", "odd"},
                     {"CONTENT_TYPE", "text/plain"},
                     {"CONTENT_MD5", "skipped"},
                     {"CONTENT_LENGTH", ""},
                     {"HTTP_AcCept", "mixed"},
                     {"REQUEST_METHOD", "GET"}});
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(
        port.body,
        R"([true,{"Accept":"mixed","Content-Length":"","Content-Type":"text\/plain","_xy":"odd","X-Foo-Bar":"1"}])");
}

bool give_status(void*, StatusFields& fields) noexcept {
    fields.text("pool", "www");
    fields.number("start-time", 1795340611);
    for (const char* state : {"Idle", "Running"}) {
        fields.begin_worker();
        fields.text("state", state);
        fields.decimal("last-request-cpu", 0.5);
    }
    return true;
}

TEST_F(FunctionsTest, GetStatusIsTheSourcesList) {
    EXPECT_EQ(run("<?php var_dump(fpm_get_status());").body, "bool(false)\n");
    set_status_source(give_status, nullptr);
    EXPECT_EQ(
        run("<?php echo json_encode(fpm_get_status());").body,
        R"({"pool":"www","start-time":1795340611,"procs":[{"state":"Idle","last-request-cpu":0.5},{"state":"Running","last-request-cpu":0.5}]})");
    set_status_source([](void*, StatusFields&) noexcept { return false; }, nullptr);
    EXPECT_EQ(run("<?php var_dump(fpm_get_status());").body, "bool(false)\n");
    set_status_source(nullptr, nullptr);
}

TEST_F(FunctionsTest, HasWhatPhpFpmHasAndNoMore) {
    const MemoryPort port = run(
        "<?php foreach (['dl', 'apache_response_headers', 'cli_set_process_title', 'pcntl_fork', 'chroot', "
        "'fpm_get_status'] as $f)"
        " echo (int) function_exists($f); echo (int) extension_loaded('pcntl'), (int) "
        "extension_loaded('cgi-fcgi'),"
        " php_sapi_name();");
    EXPECT_EQ(port.body, "00000101fpm-fcgi");
}

}  // namespace
}  // namespace phalanx::php
