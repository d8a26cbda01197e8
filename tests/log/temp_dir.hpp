#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace phalanx::log {

/// A directory of a test's own, gone with it.
class TempDir {
  public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "phalanx-log-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

inline std::string contents(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// Two connected descriptors, closed with it.
class FdPair {
  public:
    explicit FdPair(std::array<int, 2> fds) : fds_(fds) {}
    FdPair(const FdPair&) = delete;
    FdPair& operator=(const FdPair&) = delete;
    ~FdPair() {
        close_reader();
        ::close(fds_[1]);
    }
    [[nodiscard]] int reader() const { return fds_[0]; }
    [[nodiscard]] int writer() const { return fds_[1]; }
    void close_reader() {
        if (fds_[0] >= 0) ::close(std::exchange(fds_[0], -1));
    }
    /// What is there to be read now. The reader must not block.
    [[nodiscard]] std::string read_all() const {
        std::string text;
        std::array<char, 65536> buffer;
        for (ssize_t n = 0; (n = ::read(fds_[0], buffer.data(), buffer.size())) > 0;) {
            text.append(buffer.data(), static_cast<std::size_t>(n));
        }
        return text;
    }

  private:
    std::array<int, 2> fds_;
};

}  // namespace phalanx::log
