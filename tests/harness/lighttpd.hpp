#pragma once

#include <filesystem>

#include "harness/web_server.hpp"

namespace phalanx::harness {

/// The installed lighttpd with mod_fastcgi for files that end in .php.
class Lighttpd : public WebServer {
  public:
    [[nodiscard]] static bool installed();
    Lighttpd(const Address& upstream, const std::filesystem::path& document_root);
};

}  // namespace phalanx::harness
