#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "harness/http_client.hpp"
#include "harness/nginx.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kMegabyte = 1 << 20;
constexpr std::size_t kPiece = 64'000;
/// What worker and master may grow by, whatever the size of the bodies.
constexpr std::uint64_t kToleratedKib = 8 * 1024;
/// PHALANX_TEST_MEGABYTES makes the bodies larger, by hand.
constexpr std::size_t kMegabytes = 64;
/// How long a reader of an answer rests in all.
constexpr milliseconds kRests{1'000};
constexpr milliseconds kLongPatience{50'000};

std::size_t size_wanted() {
    const char* const given = std::getenv("PHALANX_TEST_MEGABYTES");
    return kMegabyte * (given != nullptr ? std::strtoull(given, nullptr, 10) : kMegabytes);
}

/// Bytes of which no two stretches are alike, and their FNV-1a hash, which PHP knows too.
class Bytes {
  public:
    explicit Bytes(std::size_t size) : left_(size) {}

    [[nodiscard]] std::size_t left() const { return left_; }
    std::string take(std::size_t most) {
        std::string text;
        while (text.size() < most) text += std::to_string(line_++) + "\n";
        text.resize(std::min(most, left_));
        left_ -= text.size();
        add(text);
        return text;
    }
    void add(std::string_view text) {
        for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
    }
    [[nodiscard]] std::string hash() const {
        std::array<char, 32> text;
        std::snprintf(text.data(), text.size(), "%016" PRIx64, hash_);
        return text.data();
    }

  private:
    std::size_t left_;
    std::size_t line_ = 0;
    std::uint64_t hash_ = 0xcbf2'9ce4'8422'2325;
};

constexpr std::string_view kFilePart =
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
constexpr std::string_view kFileEnd = "\r\n--b--\r\n";
constexpr std::string_view kFileType = "multipart/form-data; boundary=b";

class LargeBodiesTakeNoMemory : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        const std::string folder = site().files().open_folder("tmp").string();
        site().pool().set("pm.max_children", "1").set("php_admin_value[upload_tmp_dir]", folder);
        site().pool().set("php_admin_value[sys_temp_dir]", folder);
        site().pool().set("php_admin_value[post_max_size]", "1G");
        site().pool().set("php_admin_value[upload_max_filesize]", "1G");
        site().script("pid.php", "<?php echo getmypid();");
        site().script("upload.php",
                      "<?php $file = $_FILES['file']; echo hash_file('fnv1a64', $file['tmp_name']);");
        site().script(
            "read.php",
            "<?php $in = fopen('php://input', 'r'); $hash = hash_init('fnv1a64'); "
            "$piece = fread($in, 8192); echo strlen($piece), ' '; if (isset($_GET['early'])) flush(); "
            "for (; $piece != ''; $piece = fread($in, 65536)) hash_update($hash, $piece); "
            "echo hash_final($hash);");
        site().script(
            "write.php",
            "<?php $left = (int)$_GET['size']; $hash = hash_init('fnv1a64'); for ($i = 0; $left > 0; "
            "++$i) { $piece = substr(str_repeat(\"line $i\\n\", 6000), 0, $left); echo $piece; "
            "hash_update($hash, $piece); $left -= strlen($piece); } "
            "file_put_contents('" +
                folder + "/hash', hash_final($hash));");
        site().start();
        worker_ = std::atoi(site().get("/pid.php").body().c_str());
        ASSERT_GT(worker_, 0);
    }
    void TearDown() override {
        if (worker_ == 0 || IsSkipped()) return;
        EXPECT_EQ(std::atoi(site().get("/pid.php").body().c_str()), worker_) << "the worker was replaced";
    }

    /// From here on worker and master must not grow.
    bool watch_memory() {
        const auto forget = [](pid_t pid) {
            return forget_peak(pid) ? peak_resident_kib(pid) : std::nullopt;
        };
        worker_before_ = forget(worker_);
        master_before_ = forget(site().daemon().pid());
        return worker_before_ && master_before_;
    }
    void expect_no_growth() {
        const std::uint64_t worker = peak_resident_kib(worker_).value_or(0);
        const std::uint64_t master = peak_resident_kib(site().daemon().pid()).value_or(0);
        std::cout << "peak of the worker " << *worker_before_ << " -> " << worker << " KiB, of the master "
                  << *master_before_ << " -> " << master << " KiB\n";
        EXPECT_LE(worker, *worker_before_ + kToleratedKib);
        EXPECT_LE(master, *master_before_ + kToleratedKib);
    }
    Request request_with(std::size_t size, std::string_view target, std::string_view method) {
        return site().request(target, method).set("CONTENT_LENGTH", std::to_string(size));
    }

    std::string upload(std::size_t size) {
        Bytes bytes(size);
        Request request = request_with(kFilePart.size() + size + kFileEnd.size(), "/upload.php", "POST");
        FastCgiClient client(site().address());
        client.send(encode_head(request.set("CONTENT_TYPE", kFileType)));
        client.send(record(RecordType::Stdin, 1, kFilePart));
        while (bytes.left() > 0) client.send(record(RecordType::Stdin, 1, bytes.take(kPiece)));
        client.send(record(RecordType::Stdin, 1, kFileEnd) + record(RecordType::Stdin, 1, ""));
        const Answer answer = client.read_answer(kLongPatience);
        EXPECT_EQ(answer.body(), bytes.hash()) << answer;
        return answer.body();
    }
    /// Sends the greater part only when the script has said that it has the first 8 KB.
    void send_as_it_is_read(std::size_t size) {
        Bytes bytes(size);
        FastCgiClient client(site().address());
        client.send(encode_head(request_with(size, "/read.php?early", "PUT")));
        client.send(record(RecordType::Stdin, 1, bytes.take(8192)));
        const auto first = client.read_record();
        ASSERT_TRUE(first) << "the script waits for more than it wants";
        EXPECT_TRUE(first->content.ends_with("\r\n\r\n8192 ")) << first->content;
        while (bytes.left() > 0) client.send(record(RecordType::Stdin, 1, bytes.take(kPiece)));
        client.send(record(RecordType::Stdin, 1, ""));
        const Answer answer = client.read_answer(kLongPatience);
        EXPECT_EQ(answer.output, bytes.hash()) << answer;
    }
    void read_slowly(std::size_t size) {
        FastCgiClient client(site().address());
        client.send(site().request("/write.php?size=" + std::to_string(size)));
        constexpr int kSteps = 50;
        Bytes seen(0);
        std::size_t got = 0;
        bool in_body = false;
        for (int step = 1; step <= kSteps; ++step) {
            std::this_thread::sleep_for(kRests / kSteps);
            while (got < size / kSteps * static_cast<std::size_t>(step) || step == kSteps) {
                const auto next = client.read_record();
                if (!next || next->type != RecordType::Stdout) break;
                const std::size_t head_end = in_body ? 0 : next->content.find("\r\n\r\n") + 4;
                in_body = true;
                seen.add(std::string_view(next->content).substr(head_end));
                got += next->content.size() - head_end;
            }
        }
        EXPECT_EQ(got, size);
        EXPECT_EQ(seen.hash(), hash_that_was_written());
    }
    std::string hash_that_was_written() { return read_file(site().files() / "tmp/hash"); }

    pid_t worker_ = 0;
    std::optional<std::uint64_t> worker_before_;
    std::optional<std::uint64_t> master_before_;
};

TEST_F(LargeBodiesTakeNoMemory, AsUploadedFiles) {
    upload(kMegabyte);
    if (!watch_memory()) GTEST_SKIP() << "may not look into the worker";
    upload(size_wanted());
    expect_no_growth();
}

TEST_F(LargeBodiesTakeNoMemory, ReadPieceByPieceWhileTheyAreSent) {
    send_as_it_is_read(kMegabyte);
    if (!watch_memory()) GTEST_SKIP() << "may not look into the worker";
    send_as_it_is_read(size_wanted());
    expect_no_growth();
}

TEST_F(LargeBodiesTakeNoMemory, WrittenToASlowReader) {
    read_slowly(kMegabyte);
    if (!watch_memory()) GTEST_SKIP() << "may not look into the worker";
    read_slowly(size_wanted());
    expect_no_growth();
}

TEST_F(LargeBodiesTakeNoMemory, BehindNginx) {
    if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    const Nginx nginx(site().address(), site().root(), UpstreamUse::Short);
    HttpClient client(nginx.address());
    const auto pass_both_ways = [&](std::size_t size) {
        Bytes bytes(size);
        const std::string body = bytes.take(size);
        // nginx stops sending a body when an answer begins before its end.
        EXPECT_EQ(client.send({.method = "PUT", .target = "/read.php", .body = body}).body,
                  "8192 " + bytes.hash());
        const std::string file = std::string(kFilePart) + body + std::string(kFileEnd);
        EXPECT_EQ(client
                      .send({.method = "POST",
                             .target = "/upload.php",
                             .headers = {{"Content-Type", std::string(kFileType)}},
                             .body = file})
                      .body,
                  bytes.hash());
        const std::string down = client.get("/write.php?size=" + std::to_string(size)).body;
        Bytes seen(0);
        seen.add(down);
        EXPECT_EQ(down.size(), size);
        EXPECT_EQ(seen.hash(), hash_that_was_written());
    };
    pass_both_ways(kMegabyte);
    if (!watch_memory()) GTEST_SKIP() << "may not look into the worker";
    pass_both_ways(size_wanted());
    expect_no_growth();
}

}  // namespace
}  // namespace phalanx::harness
