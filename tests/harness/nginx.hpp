#pragma once

#include <filesystem>
#include <string_view>

#include "harness/web_server.hpp"

namespace phalanx::harness {

/// Kept: up to 64 connections to the FastCGI server stay open between requests.
enum class UpstreamUse { Short, Kept };

/// What is nginx's own: nothing, every path goes to the FastCGI server; or all files but scripts, whose paths
/// may be followed by a PATH_INFO; or the same in the words of Debian's snippets/fastcgi-php.conf.
enum class Files { ToPhp, Served, DebianSnippet };

/// The installed nginx with the stock fastcgi_params, or (DebianSnippet) fastcgi.conf.
class Nginx : public WebServer {
  public:
    [[nodiscard]] static bool installed();
    /// `directives` are added where requests are passed on.
    Nginx(const Address& upstream, const std::filesystem::path& document_root, UpstreamUse use,
          std::string_view directives = {}, Files files = Files::ToPhp);
};

}  // namespace phalanx::harness
