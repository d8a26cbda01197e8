#pragma once

#include <map>
#include <string>

#include "harness/http_message.hpp"

namespace phalanx::harness {

/// The cookies of one visitor of one site. They all go to all its paths, until the site takes them away.
class CookieJar {
  public:
    /// Heeds the Set-Cookie headers of an answer.
    void take_from(const HttpAnswer& answer);
    /// The value of the request header Cookie; empty without cookies.
    [[nodiscard]] std::string text() const;

  private:
    std::map<std::string, std::string> cookies_;
};

}  // namespace phalanx::harness
