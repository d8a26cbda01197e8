#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace phalanx::harness {

/// A directory of its own for one test, gone with all its contents when the object is. Everybody may walk and
/// read it, so that workers of another user find their scripts. Throws std::runtime_error when the disk
/// refuses.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

    /// Writes a file (making the folders on the way) and gives its path.
    std::filesystem::path write(std::string_view name, std::string_view text, mode_t mode = 0644) const;

    /// Makes a folder that everybody may write, for what workers of any user put there.
    std::filesystem::path open_folder(std::string_view name) const;

  private:
    std::filesystem::path path_;
};

/// The whole file, or as much of it as can be read; empty when there is none. Never throws for the file's
/// sake.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace phalanx::harness
