#pragma once

#include <filesystem>
#include <string>

#include "harness/web_server.hpp"

namespace phalanx::harness {

/// The installed HAProxy with a FastCGI application behind it: it serves no files, so PHP gets every request.
class Haproxy : public WebServer {
  public:
    [[nodiscard]] static bool installed();
    /// `options` are lines of its "fcgi-app" section.
    Haproxy(const Address& upstream, const std::filesystem::path& document_root, const std::string& options);
};

}  // namespace phalanx::harness
