#include "harness/http_form.hpp"

#include <cctype>

namespace phalanx::harness {
namespace {

constexpr std::string_view kBoundary = "----phalanx-test-form-boundary";

HttpRequest post_of(std::string_view target, std::string type, std::string body) {
    return {.method = "POST",
            .target = std::string(target),
            .headers = {{"Content-Type", std::move(type)}},
            .body = std::move(body)};
}

std::string part(std::string_view field, std::string_view more, std::string_view content) {
    std::string text("--");
    text.append(kBoundary).append("\r\nContent-Disposition: form-data; name=\"").append(field).append("\"");
    return text.append(more).append("\r\n\r\n").append(content).append("\r\n");
}

}  // namespace

std::string url_encoded(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    for (const char each : text) {
        const auto byte = static_cast<unsigned char>(each);
        if (std::isalnum(byte) != 0 || std::string_view("-._").find(each) != std::string_view::npos) {
            encoded += each;
        } else if (each == ' ') {
            encoded += '+';
        } else {
            encoded.append("%").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
        }
    }
    return encoded;
}

std::string url_encoded(const FormFields& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        text += (text.empty() ? "" : "&") + url_encoded(name) + "=" + url_encoded(value);
    }
    return text;
}

HttpRequest form_post(std::string_view target, const FormFields& fields) {
    return post_of(target, "application/x-www-form-urlencoded", url_encoded(fields));
}

HttpRequest form_post(std::string_view target, const FormFields& fields, const FormFile& file) {
    std::string body;
    for (const auto& [name, value] : fields) body += part(name, "", value);
    body += part(file.field, "; filename=\"" + file.name + "\"\r\nContent-Type: " + file.type, file.content);
    body.append("--").append(kBoundary).append("--\r\n");
    return post_of(target, "multipart/form-data; boundary=" + std::string(kBoundary), std::move(body));
}

}  // namespace phalanx::harness
