#include "harness/http_form.hpp"

#include <gtest/gtest.h>

namespace phalanx::harness {
namespace {

TEST(HarnessHttpForm, FieldsAreUrlEncoded) {
    const HttpRequest request = form_post("/f", {{"a b", "c&d=e"}, {"f", "\xc3\xbc+\n"}});
    EXPECT_EQ(request.body, "a+b=c%26d%3De&f=%C3%BC%2B%0A");
    EXPECT_EQ(request.headers.at(0).second, "application/x-www-form-urlencoded");
}

TEST(HarnessHttpForm, AFileMakesItAMultipartForm) {
    const HttpRequest request = form_post("/f", {{"a", "b"}}, {"file", "x.txt", "text/plain", "c\r\nd"});
    const std::string& type = request.headers.at(0).second;
    const std::string boundary = "--" + type.substr(type.find('=') + 1);
    EXPECT_EQ(request.body, boundary + "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n" +
                                boundary +
                                "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n"
                                "Content-Type: text/plain\r\n\r\nc\r\nd\r\n" +
                                boundary + "--\r\n");
}

}  // namespace
}  // namespace phalanx::harness
