#include "harness/browser.hpp"

namespace phalanx::harness {

HttpAnswer Browser::send(HttpRequest request) {
    if (const std::string cookies = cookies_.text(); !cookies.empty()) {
        request.headers.emplace_back("Cookie", cookies);
    }
    last_target_ = request.target;
    HttpAnswer answer = client_.send(request);
    cookies_.take_from(answer);
    return answer;
}

HttpAnswer Browser::follow(const HttpAnswer& redirect) {
    const auto location = redirect.header("Location");
    return location ? get(redirect_target(last_target_, *location)) : HttpAnswer{};
}

std::string redirect_target(std::string_view from, std::string_view location) {
    location = location.substr(0, location.find('#'));
    if (const std::size_t scheme = location.find("://"); scheme != location.npos) {
        const std::size_t path = location.find('/', scheme + 3);
        return path == location.npos ? "/" : std::string(location.substr(path));
    }
    if (location.starts_with('/')) return std::string(location);
    const std::string_view path = from.substr(0, from.find('?'));
    return std::string(path.substr(0, path.rfind('/') + 1)).append(location);
}

}  // namespace phalanx::harness
