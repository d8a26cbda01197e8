#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/site.hpp"

namespace phalanx::harness {

/// Requests of every kind that ends in its own way, one after the other in turns, each checked for its own
/// right answer. What can be sent over a kept connection goes over one and over short ones by turns.
class MixedRequests {
  public:
    /// Writes the scripts into a site that has been started with `display_errors` off.
    explicit MixedRequests(Site& site) : site_(site) {
        site.script("get.php", "<?php $a = range(1, 50); header('X-A: ' . count($a)); echo $_GET['text'];");
        site.script("form.php", "<?php echo strlen($_POST['field']);");
        site.script("upload.php",
                    "<?php echo $_FILES['file']['size'], ' ', is_file($_FILES['file']['tmp_name']);");
        site.script("fatal.php", "<?php no_such_function();");
        site.script("exit.php",
                    "<?php function f() { echo 'left'; exit(3); } register_shutdown_function("
                    "function () { echo ' early'; }); f(); echo 'never';");
        site.script("exception.php",
                    "<?php function f($x) { throw new Exception($x); } f(str_repeat('x', 999));");
        site.script("memory.php", "<?php ini_set('memory_limit', '8M'); $x = str_repeat('x', 64 << 20);");
        site.script("finish.php",
                    "<?php echo 'early'; fastcgi_finish_request(); echo 'late'; "
                    "$a = range(1, 1000); error_log('said later');");
        site.script("program.php", "<?php exec('echo one; exit 3', $lines, $code); echo $lines[0], $code;");
        site.script("long.php", "<?php for ($i = 0; $i < 100; ++$i) echo str_repeat('x', 10000);");
        site.script("body.php", "<?php echo strlen(file_get_contents('php://input'));");
    }

    /// How many requests make one turn of all kinds.
    static constexpr std::uint64_t kinds() { return kKinds.size(); }

    /// False: the answer was wrong, and the test has been told.
    bool send_next() {
        const Kind& kind = kKinds[sent_ % kKinds.size()];
        // A connection kept by php-fpm would hold its worker against the short ones.
        keep_ = site_.start_options().program.is_phalanx && sent_ / kKinds.size() % 2 == 0;
        const Answer answer = (this->*kind.send)();
        ++sent_;
        const bool right = answer.status() == kind.status && answer.body() == kind.body;
        EXPECT_TRUE(right) << kind.name << " over a " << (keep_ ? "kept" : "short") << " connection, request "
                           << sent_ << answer;
        return right;
    }

  private:
    struct Kind {
        std::string_view name;
        Answer (MixedRequests::*send)();
        int status;
        std::string_view body;
    };

    Answer get() { return exchange(site_.request("/get.php?text=abc")); }
    Answer large_head() {
        return exchange(site_.request("/get.php?text=abc").set("HTTP_COOKIE", std::string(40'000, 'c')));
    }
    Answer form() {
        Request request = site_.request("/form.php", "POST");
        return exchange(
            request.with_body("field=" + std::string(5000, 'f'), "application/x-www-form-urlencoded"));
    }
    Answer upload() {
        Request request = site_.request("/upload.php", "POST");
        return exchange(
            request.with_body("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n" +
                                  std::string(30'000, 'u') + "\r\n--b--\r\n",
                              "multipart/form-data; boundary=b"));
    }
    Answer fatal() { return exchange(site_.request("/fatal.php")); }
    Answer exits() { return exchange(site_.request("/exit.php")); }
    Answer exception() { return exchange(site_.request("/exception.php")); }
    Answer memory() { return exchange(site_.request("/memory.php")); }
    Answer finish() { return exchange(site_.request("/finish.php")); }
    Answer program() { return exchange(site_.request("/program.php")); }
    Answer missing() { return exchange(site_.request("/missing.php")); }
    Answer leaves_in_mid_answer() {
        FastCgiClient client(site_.address());
        client.send(site_.request("/long.php"));
        (void)client.read_record();
        client.close();
        return get();
    }
    Answer leaves_in_mid_body() {
        FastCgiClient client(site_.address());
        Request request = site_.request("/body.php", "POST");
        const std::string bytes = encode(request.with_body(std::string(100'000, 'b')));
        client.send(std::string_view(bytes).substr(0, bytes.size() - 50'000));
        client.close();
        return get();
    }
    Answer leaves_in_mid_head() {
        FastCgiClient client(site_.address());
        client.send(encode(site_.request("/get.php?text=abc")).substr(0, 200));
        client.close();
        return get();
    }

    Answer exchange(Request request) {
        if (!keep_) return ask(site_.address(), request);
        if (!kept_) kept_.emplace(site_.address());
        Answer answer = kept_->exchange(request.keep_connection());
        if (answer.closed) kept_.reset();
        return answer;
    }

    static constexpr std::array<Kind, 14> kKinds{{
        {"GET", &MixedRequests::get, 200, "abc"},
        {"large head", &MixedRequests::large_head, 200, "abc"},
        {"form", &MixedRequests::form, 200, "5000"},
        {"upload", &MixedRequests::upload, 200, "30000 1"},
        {"fatal error", &MixedRequests::fatal, 500, ""},
        {"exit", &MixedRequests::exits, 200, "left early"},
        {"uncaught exception", &MixedRequests::exception, 500, ""},
        {"memory limit", &MixedRequests::memory, 500, ""},
        {"fastcgi_finish_request", &MixedRequests::finish, 200, "early"},
        {"program", &MixedRequests::program, 200, "one3"},
        {"missing script", &MixedRequests::missing, 404, "File not found.\n"},
        {"client that leaves in mid-answer", &MixedRequests::leaves_in_mid_answer, 200, "abc"},
        {"client that leaves in mid-body", &MixedRequests::leaves_in_mid_body, 200, "abc"},
        {"client that leaves in mid-head", &MixedRequests::leaves_in_mid_head, 200, "abc"},
    }};

    Site& site_;
    std::optional<FastCgiClient> kept_;
    bool keep_ = false;
    std::uint64_t sent_ = 0;
};

}  // namespace phalanx::harness
