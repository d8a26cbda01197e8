#pragma once

#include <string>
#include <string_view>

#include "harness/cookie_jar.hpp"
#include "harness/http_client.hpp"

namespace phalanx::harness {

/// One visitor of one site: an HTTP client that keeps the cookies it is given. It follows redirects only when
/// told to, so that a test sees every answer.
class Browser {
  public:
    explicit Browser(const Address& server) : client_(server) {}

    [[nodiscard]] HttpAnswer get(std::string_view target) { return send({.target = std::string(target)}); }
    [[nodiscard]] HttpAnswer send(HttpRequest request);
    /// Goes where the answer to the last request points; an answer of status 0 when it points nowhere.
    [[nodiscard]] HttpAnswer follow(const HttpAnswer& redirect);

  private:
    HttpClient client_;
    CookieJar cookies_;
    std::string last_target_ = "/";
};

/// The target that a Location names in the answer for a target; always one of the same server, whatever host
/// the Location has.
[[nodiscard]] std::string redirect_target(std::string_view from, std::string_view location);

}  // namespace phalanx::harness
