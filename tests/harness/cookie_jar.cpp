#include "harness/cookie_jar.hpp"

namespace phalanx::harness {

void CookieJar::take_from(const HttpAnswer& answer) {
    for (const std::string& cookie : answer.headers("Set-Cookie")) {
        const std::size_t sign = cookie.find('=');
        if (sign == cookie.npos) continue;
        const std::string name = cookie.substr(0, sign);
        if (cookie.find("; Max-Age=0") != cookie.npos) {
            cookies_.erase(name);
        } else {
            cookies_[name] = cookie.substr(sign + 1, cookie.find(';') - sign - 1);
        }
    }
}

std::string CookieJar::text() const {
    std::string text;
    for (const auto& [name, value] : cookies_) text += (text.empty() ? "" : "; ") + name + "=" + value;
    return text;
}

}  // namespace phalanx::harness
