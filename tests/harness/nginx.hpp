#pragma once

#include <filesystem>
#include <memory>

#include "harness/child_process.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {

enum class UpstreamUse { Short, Kept };

/// What is nginx's own: nothing, every path goes to the FastCGI server; or all files but scripts, whose paths
/// may be followed by a PATH_INFO.
enum class Files { ToPhp, Served };

/// The installed nginx with a configuration of its own on a free port of 127.0.0.1, and the stock
/// fastcgi_params.
class Nginx {
  public:
    [[nodiscard]] static bool installed();
    /// `directives` are added where requests are passed on. Throws std::runtime_error when it does not come
    /// up.
    Nginx(const Address& upstream, const std::filesystem::path& document_root, UpstreamUse use,
          std::string_view directives = {}, Files files = Files::ToPhp);

    [[nodiscard]] const Address& address() const { return address_; }
    [[nodiscard]] std::string error_log() const { return read_file(files_ / "error.log"); }

  private:
    TempDir files_;
    Address address_;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace phalanx::harness
