#include "harness/http_stream.hpp"
#include "harness/nginx.hpp"
#include "harness/site.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFirst = 8192;
constexpr std::size_t kRest = 500'000;

class BodiesAreRead : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notes_.emplace(site());
        folder_ = site().files().open_folder("tmp");
        site().pool().set("pm.max_children", "1").set("php_admin_value[upload_tmp_dir]", folder_.string());
        site().pool().set("php_admin_value[sys_temp_dir]", folder_.string());
        site().script("read.php", notes_->php() +
                                      "$in = fopen('php://input', 'r'); note(strlen(fread($in, 8192))); "
                                      "note(strlen(stream_get_contents($in)));");
        site().script("stubborn.php",
                      notes_->php() +
                          "ignore_user_abort(true); $in = fopen('php://input', 'r'); "
                          "note(strlen(fread($in, 8192))); "
                          "note(strlen(stream_get_contents($in)) . ' ' . connection_aborted());");
        site().script("files.php", notes_->php() + "note(count($_FILES));");
        site().script("hello.php", "<?php echo 'hello';");
    }
    void expect_only_first_noted() { EXPECT_TRUE(notes_->wait_for("8192\n")) << "noted: " << notes_->text(); }
    void expect_all_noted() {
        EXPECT_TRUE(notes_->wait_for("8192\n" + std::to_string(kRest) + "\n")) << "noted: " << notes_->text();
    }
    /// Uploads and spooled bodies of requests that are over.
    bool no_file_is_left() {
        return eventually(kPatience,
                          [this] { return fs::directory_iterator(folder_) == fs::directory_iterator(); });
    }
    Request put(std::string_view target = "/read.php") {
        return site().request(target, "PUT").set("CONTENT_LENGTH", std::to_string(kFirst + kRest));
    }

    std::optional<Notes> notes_;
    fs::path folder_;
};

TEST_F(BodiesAreRead, WhileTheyAreSent) {
    site().start();
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(encode_head(put()) + record(RecordType::Stdin, 1, std::string(kFirst, 'b'))));
    expect_only_first_noted();
    Request rest;
    rest.body = std::string(kRest, 'b');
    ASSERT_TRUE(client.send(encode_body(rest)));
    EXPECT_TRUE(client.read_answer().complete());
    expect_all_noted();
    EXPECT_TRUE(no_file_is_left());
}

TEST_F(BodiesAreRead, WhileTheyAreSentBehindNginx) {
    if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    site().start();
    const Nginx nginx(site().address(), site().root(), UpstreamUse::Short,
                      "fastcgi_request_buffering off;\n");
    HttpStream client(nginx.address());
    ASSERT_TRUE(client.send("PUT /read.php HTTP/1.0\r\nContent-Length: " + std::to_string(kFirst + kRest) +
                            "\r\n\r\n" + std::string(kFirst, 'b')));
    expect_only_first_noted();
    ASSERT_TRUE(client.send(std::string(kRest, 'b')));
    EXPECT_TRUE(client.wait_until_closed());
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200")) << client.received();
    expect_all_noted();
}

TEST_F(BodiesAreRead, AsFarAsTheyCameOfAClientThatLeavesByScriptsThatGoOn) {
    SKIP_UNLESS_PHALANX("the last bytes are lost");
    site().start();
    {
        FastCgiClient client(site().address());
        ASSERT_TRUE(client.send(encode_head(put("/stubborn.php")) +
                                record(RecordType::Stdin, 1, std::string(kFirst, 'b'))));
        expect_only_first_noted();
        ASSERT_TRUE(client.send(record(RecordType::Stdin, 1, std::string(1000, 'b'))));
    }
    EXPECT_TRUE(notes_->wait_for("8192\n1000 1\n")) << "noted: " << notes_->text();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
    EXPECT_TRUE(no_file_is_left());
}

TEST_F(BodiesAreRead, AndLeaveNoFileWhenAnUploadBreaksOff) {
    site().start();
    {
        FastCgiClient client(site().address());
        Request request = site().request("/files.php", "POST").set("CONTENT_LENGTH", "1000000");
        const std::string part = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" +
                                 std::string(50'000, 'u');
        ASSERT_TRUE(client.send(encode_head(request.set("CONTENT_TYPE", "multipart/form-data; boundary=b")) +
                                record(RecordType::Stdin, 1, part)));
        EXPECT_TRUE(eventually(kPatience, [this] {
            return fs::directory_iterator(folder_) != fs::directory_iterator();
        })) << "the upload is not written while it comes";
    }
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
    EXPECT_EQ(notes_->text(), drives_phalanx() ? "" : "1\n") << "half an upload is none";
    EXPECT_TRUE(no_file_is_left());
}

}  // namespace
}  // namespace phalanx::harness
