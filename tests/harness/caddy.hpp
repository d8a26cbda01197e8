#pragma once

#include <filesystem>

#include "harness/web_server.hpp"

namespace phalanx::harness {

/// The installed Caddy with php_fastcgi: what is no file becomes index.php.
class Caddy : public WebServer {
  public:
    [[nodiscard]] static bool installed();
    Caddy(const Address& upstream, const std::filesystem::path& document_root);
};

}  // namespace phalanx::harness
