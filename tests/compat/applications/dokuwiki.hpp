#pragma once

#include <optional>
#include <string>

#include "harness/site.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::compat {

/// DokuWiki, a wiki that keeps its pages in files: a copy of what Debian's package brings, with a
/// configuration of its own, so that nothing of an installed wiki is read or written. Several sites may share
/// one; each has its own pages and sessions.
class DokuWiki {
  public:
    static constexpr const char* kUser = "robin";
    static constexpr const char* kPassword = "correct horse";
    static constexpr const char* kUserFullName = "Robin the Writer";

    /// Why there can be no wiki here, if so.
    [[nodiscard]] static std::optional<std::string> missing();
    DokuWiki();

    /// The document root.
    [[nodiscard]] std::filesystem::path root() const { return files_ / "wiki"; }
    /// Gives a site that serves root() empty pages, before it is started.
    void prepare(harness::Site& site) const;

  private:
    harness::TempDir files_;
};

}  // namespace phalanx::compat
