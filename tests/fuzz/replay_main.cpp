// Runs a fuzz target without a fuzzer: on the files of its corpus, then on a fixed sequence of made-up
// inputs. Their bytes lean towards what the parsers react to, so that some of them get past the first checks.
//
//     TARGET_fuzz CORPUS MADE_UP       the folder (or one file of it), the number of made-up inputs

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_input = 600;

void run(const std::vector<std::uint8_t>& input) {
    (void)LLVMFuzzerTestOneInput(input.data(), input.size());
}

/// A plausible record header, with lengths that sometimes fit.
void append_header(std::vector<std::uint8_t>& input, std::mt19937& random) {
    const auto below = [&](unsigned bound) { return static_cast<std::uint8_t>(random() % bound); };
    const std::uint8_t length = below(3) == 0 ? 8 : below(32);
    for (const std::uint8_t byte :
         {std::uint8_t{1}, static_cast<std::uint8_t>(1 + below(11)), std::uint8_t{0}, below(3),
          std::uint8_t{0}, length, below(9), std::uint8_t{0}}) {
        input.push_back(byte);
    }
}

std::vector<std::uint8_t> make_input(std::mt19937& random) {
    static constexpr char likely[] = "\0\1\2\4\5\10\n\r =;[]\"'${}\\aZ0";
    std::vector<std::uint8_t> input;
    const std::size_t size = random() % longest_input;
    while (input.size() < size) {
        const unsigned choice = random() % 8;
        if (choice == 0) append_header(input, random);
        if (choice == 1) input.push_back(static_cast<std::uint8_t>(random()));
        if (choice > 1) input.push_back(static_cast<std::uint8_t>(likely[random() % (sizeof likely - 1)]));
    }
    return input;
}

/// In order of name, so that every run is the same.
std::vector<fs::path> files_of(const fs::path& corpus) {
    if (fs::is_regular_file(corpus)) return {corpus};
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(corpus, error)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::uint8_t> bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s CORPUS MADE_UP\n", argv[0]);
        return 2;
    }
    const std::vector<fs::path> files = files_of(argv[1]);
    if (files.empty()) {
        std::fprintf(stderr, "no corpus in %s\n", argv[1]);
        return 1;
    }
    for (const fs::path& file : files) {
        // The last line before a failure names the input that caused it.
        std::printf("%s\n", file.filename().c_str());
        std::fflush(stdout);
        run(bytes_of(file));
    }
    const int made_up = std::atoi(argv[2]);
    std::mt19937 random(20260101);  // NOLINT: the same inputs every time
    for (int i = 0; i < made_up; ++i) run(make_input(random));
    std::printf("%zu files and %d made-up inputs passed\n", files.size(), made_up);
}
