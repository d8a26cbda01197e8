#include "compat/web_servers/visit.hpp"

#include <csignal>

#include "harness/http_client.hpp"
#include "harness/http_form.hpp"

namespace phalanx::compat {
namespace {

using harness::HttpRequest;
using harness::Site;

/// Tells all that the web server said of the request.
constexpr const char* kShow = R"(<?php
header('Content-Type: text/plain');
header('X-Script: ' . basename(__FILE__));
foreach ($_FILES as $name => $file) {
    echo $name, ' holds ', md5_file($file['tmp_name']), "\n";
    unset($_FILES[$name]['tmp_name']);
}
unset($_SERVER['PHALANX_QUEUE_USEC']);  // Phalanx's own
$all = ['server' => $_SERVER, 'headers' => getallheaders(), 'get' => $_GET, 'post' => $_POST, 'cookies' => $_COOKIE,
        'files' => $_FILES];
foreach (['REQUEST_TIME', 'REQUEST_TIME_FLOAT', 'SERVER_PORT', 'REMOTE_PORT'] as $other) {
    if (isset($_SERVER[$other])) $all['server'][$other] = is_numeric($_SERVER[$other]);
}
unset($all['headers']['Proxy']);  // php-fpm shows it here
if (str_starts_with($_SERVER['SERVER_SOFTWARE'], 'Caddy')) {  // it keeps no order and tells some lengths twice
    ksort($all['server']);
    ksort($all['headers']);
    unset($all['headers']['Content-Length']);
}
var_export($all);
echo 'body ', strlen($body = file_get_contents('php://input')), ' ', md5($body), "\n";)";

const std::vector<std::pair<std::string, std::string>> kScripts = {
    {"show.php", kShow},
    {"index.php", kShow},
    {"two words.php", kShow},
    {"a+b.php", kShow},
    {"folder/show.php", kShow},
    {"private/show.php", kShow},
    {"large.php", "<?php for ($i = 0; $i < 300; ++$i) echo str_repeat(chr(97 + $i % 26), 9973);"},
    {"flushed.php", "<?php for ($i = 0; $i < 20; ++$i) { echo $i, ' '; flush(); }"},
    {"cookies.php",
     "<?php setcookie('a', '1'); setcookie('b', 'x y'); header('X-A: 1'); header('X-A: 2', false);"},
    {"away.php", "<?php header('Location: /show.php?from=away'); echo 'moved';"},
    {"gone.php", "<?php header('HTTP/1.1 410 Over There'); echo 'gone';"},
    {"unchanged.php", "<?php http_response_code(304);"},
    {"nothing.php", "<?php http_response_code(204);"},
    {"empty.php", ""},
    {"fatal.php", "<?php echo 'begun'; no_such_function();"},
    {"logs.php", "<?php error_log('one'); error_log(\"two\\nthree\"); echo 'logged';"},
    {"finish.php", "<?php echo 'done'; fastcgi_finish_request(); echo 'unseen';"},
    {"half.php", "<?php header('Content-Length: 4'); echo 'four';"},
    {"unread.php", "<?php echo 'unread';"},
    {"text.txt", "a file\n"},
};

std::vector<HttpRequest> requests() {
    std::vector<HttpRequest> all;
    for (const char* target : {"/show.php",
                               "/show.php?a=1&b[]=x%20y&c=%26+",
                               "/show.php?",
                               "/show.php/info",
                               "/show.php/info?a=b",
                               "/show.php/",
                               "/show.php/a%20b/c",
                               "/show.php/a+b",
                               "/show.php/%41%2Bc",
                               "/show.php/%C3%A9",
                               "/show.php/a//b",
                               "/show.php/a/../b",
                               "/show.php/x.php/y",
                               "/two%20words.php/in%20fo?q",
                               "/a+b.php",
                               "/a%2Bb.php",
                               "/folder/show.php/x",
                               "/folder/../show.php",
                               "/%73how.php",
                               "//show.php",
                               "/show.php/a%3Fb",
                               "/show.php/a%25b",
                               "/show.php/a%2Fb",
                               "/show.php?x=/other.php/info",
                               "/large.php",
                               "/flushed.php",
                               "/cookies.php",
                               "/away.php",
                               "/gone.php",
                               "/unchanged.php",
                               "/nothing.php",
                               "/empty.php",
                               "/fatal.php",
                               "/logs.php",
                               "/finish.php",
                               "/half.php",
                               "/text.txt",
                               "/missing.php",
                               "/missing.php/info",
                               "/folder/missing.php?x",
                               "/folder",
                               "/",
                               "/none",
                               "/show.phpx",
                               "/SHOW.PHP",
                               "/fpm-ping",
                               "/fpm-ping.php",
                               "/private/show.php"}) {
        all.push_back({.target = target});
    }
    for (const char* target : {"/show.php", "/large.php", "/missing.php", "/away.php", "/cookies.php"}) {
        all.push_back({.method = "HEAD", .target = target});
    }
    for (const char* method : {"PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"}) {
        all.push_back({.method = method, .target = "/show.php/x", .body = "a body"});
    }
    all.push_back(harness::form_post("/show.php?q=1", {{"a", "1"}, {"b[x]", "two words & more"}}));
    all.push_back(
        harness::form_post("/show.php/info", {{"a", "b"}},
                           {"file", "n\xC3\xA4me.bin", "application/x-test", std::string(300'000, 'f')}));
    all.push_back({.method = "POST", .target = "/show.php", .body = std::string(2'000'000, 'b')});
    all.push_back({.method = "POST", .target = "/show.php"});
    all.push_back({.method = "POST", .target = "/missing.php", .body = std::string(100'000, 'b')});
    // More than post_max_size: nobody reads it, and the next request may use the same connection to PHP.
    all.push_back({.method = "POST", .target = "/unread.php", .body = std::string(9'000'000, 'b')});
    all.push_back({.target = "/unread.php"});
    all.push_back({.target = "/show.php", .headers = {{"Authorization", "Basic cm9iaW46cGFzczp3b3Jk"}}});
    all.push_back({.target = "/show.php", .headers = {{"Authorization", "Bearer abc.def"}}});
    all.push_back(
        {.target = "/private/show.php", .headers = {{"Authorization", "Basic cm9iaW46cGFzc3dvcmQ="}}});
    all.push_back({.target = "/show.php",
                   .headers = {{"Cookie", "a=1; b=x%20y"},
                               {"X-Odd_Name", "1"},
                               {"Proxy", "http://evil.example/"},
                               {"X-Forwarded-Proto", "https"},
                               {"Accept-Language", "de"},
                               {"User-Agent", "a \"quoted\" one"},
                               {"X-Empty", ""}}});
    return all;
}

const std::vector<Mask>& masks() {
    static const std::vector<Mask> masks = {
        {"Date: SOME TIME", "[Dd]ate: [^\r]*"},
        // HAProxy sends what is there when it looks.
        {"a length", "transfer-encoding: chunked|content-length: [0-9]+"},
        {"", "\\{\"level\":\"(info|warn)\"[^\n]*\n"},
        {R"("ts":TIME)", R"("ts":[0-9.]+)"},
        {":PORT", "127\\.0\\.0\\.1:[0-9]+|(:|at 127\\.0\\.0\\.1 Port )[0-9]{4,5}"},
        {"SERVER'S FOLDER", "/tmp/phalanx-test-[A-Za-z0-9]{6}"},
        {"[ID]", "\\[pid [0-9:]+(tid [0-9]+)?\\]|[0-9]+#[0-9]+: \\*[0-9]+"},
        {"LOG TIME", "\\[?[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]+ [0-9:.]+ [0-9]{4}\\]?|[0-9/-]{10} [0-9:]{8}"},
    };
    return masks;
}

/// One program with the web server before it, and all that it answers.
class Visit {
  public:
    Visit(const harness::DaemonProgram& program, const harness::TempDir& scripts, const ServerMaker& make,
          Upstream upstream)
        : site_(program, scripts.path()) {
        if (upstream == Upstream::Tcp) {
            site_.pool().set("listen", "127.0.0.1:" + std::to_string(harness::free_tcp_port()));
        }
        site_.pool().set("pm.max_children", "1").set("ping.path", "/fpm-ping.php");
        site_.start();
        server_ = make(site_.address(), scripts.path());
    }
    [[nodiscard]] std::string answer(const HttpRequest& request) {
        const harness::HttpAnswer answer = client_of(*server_).send(request, true);
        return hidden(answer.head + "\n" + answer.body);
    }
    [[nodiscard]] std::string logs() {
        const std::string of_server = hidden(server_->error_log());
        server_.reset();
        site_.daemon().signal(SIGTERM);
        (void)site_.daemon().wait();
        return of_server + "---\n" + hidden(site_.daemon().log());
    }

  private:
    [[nodiscard]] std::string hidden(std::string text) const {
        return masked(std::move(text), site_, masks());
    }
    harness::HttpClient& client_of(const harness::WebServer& server) {
        if (!client_) client_.emplace(server.address());
        return *client_;
    }

    Site site_;
    std::unique_ptr<harness::WebServer> server_;
    std::optional<harness::HttpClient> client_;
};

}  // namespace

void compare_visits(const ServerMaker& make_server, Upstream upstream) {
    SKIP_UNLESS_BOTH();
    const harness::TempDir scripts;
    for (const auto& [name, code] : kScripts) {
        // Apache tells of a file that has just been written otherwise than a second later.
        std::filesystem::last_write_time(
            scripts.write(name, code), std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    }
    Visit original(*harness::installed_php_fpm(), scripts, make_server, upstream);
    Visit tested(*harness::driven_daemon(), scripts, make_server, upstream);
    for (const HttpRequest& request : requests()) {
        const std::string expected = original.answer(request);
        EXPECT_EQ(expected, tested.answer(request)) << request.method << " " << request.target;
        EXPECT_NE(expected, "\n") << "no answer to " << request.method << " " << request.target;
    }
    EXPECT_EQ(original.logs(), tested.logs());
}

}  // namespace phalanx::compat
