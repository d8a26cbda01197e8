#pragma once

#include <filesystem>

#include "harness/web_server.hpp"

namespace phalanx::harness {

/// How Apache's mod_proxy_fcgi is told to pass scripts on.
enum class ApacheUse {
    Handler,      ///< SetHandler, as in Debian's own file for php-fpm
    KeptHandler,  ///< the same, with connections that are used again
    PassMatch,    ///< ProxyPassMatch
    Rewrite,      ///< RewriteRule with the flag P
    Balancer      ///< ProxyPassMatch to a group of one
};

/// The installed Apache. Below /private/ it asks for the user "robin" with the password "password" itself;
/// all else that is sent as Authorization is passed on.
class Apache : public WebServer {
  public:
    [[nodiscard]] static bool installed();
    Apache(const Address& upstream, const std::filesystem::path& document_root, ApacheUse use);
};

}  // namespace phalanx::harness
