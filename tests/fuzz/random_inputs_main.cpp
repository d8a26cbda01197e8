// Runs a fuzz target without a fuzzer: on the files that are named, then on a fixed sequence of made-up
// inputs. Their bytes lean towards what the parsers react to, so that some of them get past the first checks.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int input_count = 20'000;
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

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::ifstream file(argv[i], std::ios::binary);
        run({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
    }
    std::mt19937 random(20260101);  // NOLINT: the same inputs every time
    for (int i = 0; i < input_count; ++i) run(make_input(random));
    std::printf("%d files and %d made-up inputs passed\n", argc - 1, input_count);
}
