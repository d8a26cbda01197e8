#include "harness/temp_dir.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "harness/socket.hpp"

namespace phalanx::harness {
namespace fs = std::filesystem;

TempDir::TempDir() {
    std::string pattern = (fs::temp_directory_path() / "phalanx-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("cannot make a folder like " + pattern);
    path_ = pattern;
    ::chmod(path_.c_str(), 0755);
}

TempDir::~TempDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

fs::path TempDir::write(std::string_view name, std::string_view text, mode_t mode) const {
    const fs::path path = path_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file || ::chmod(path.c_str(), mode) != 0) throw std::runtime_error("cannot write " + path.string());
    return path;
}

fs::path TempDir::open_folder(std::string_view name) const {
    const fs::path path = path_ / name;
    fs::create_directories(path);
    if (::chmod(path.c_str(), 0777) != 0) throw std::runtime_error("cannot open up " + path.string());
    return path;
}

std::string read_file(const fs::path& path) {
    // Not a stream: that would throw where a file of /proc fails because its process has just gone.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 65'536> buffer;
    for (ssize_t got = 0; (got = ::read(file.get(), buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
}

}  // namespace phalanx::harness
