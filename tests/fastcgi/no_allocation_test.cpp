// A usual request allocates nothing: every allocation of this program is counted.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "phalanx/fastcgi/head_scanner.hpp"
#include "phalanx/fastcgi/request_reader.hpp"
#include "phalanx/fastcgi/response_writer.hpp"
#include "wire.hpp"

namespace {
std::size_t allocations = 0;
}

// Not inlined: g++ would see malloc() paired with delete and free() with new, and complain.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace phalanx::fastcgi {
namespace {

using namespace wire;

class CountingSink : public ByteSink {
  public:
    bool write(std::span<const Piece> pieces) noexcept override {
        for (const Piece& piece : pieces) bytes += piece.size();
        return true;
    }
    std::size_t bytes = 0;
};

TEST(NoAllocation, ServingARequestTheSecondTime) {
    std::string pairs;
    for (int i = 0; i < 40; ++i) pairs += pair("HTTP_NAME_" + std::to_string(i), std::string(100, 'v'));
    const std::string bytes = begin(1) + params_cut(pairs, 999) + params({}) + input("hello") + input();
    const std::string large(100000, 'x');
    CountingSink sink;
    MemorySource source(bytes);
    RequestReader reader(source);
    ResponseWriter writer(sink);
    HeadScanner scanner;
    Params params;
    const auto serve_one = [&] {
        scanner.reset();
        reader.reset();
        reader.prime(as_bytes(bytes));
        bool good = scanner.feed(as_bytes(bytes)) == HeadScanner::Verdict::complete;
        good = good && reader.read_head(params).kind == HeadOutcome::Kind::request;
        reader.expect_body(5);
        char body[8];
        good = good && reader.read_body(body) == 5;
        writer.begin(1);
        writer.write(ResponseWriter::Stream::output, "small");
        writer.write(ResponseWriter::Stream::output, large);
        good = good && writer.end(0, ProtocolStatus::request_complete);
        return good && reader.finish_request() == Finish::keep;
    };
    ASSERT_TRUE(serve_one());
    ASSERT_EQ(params.size(), 40U);
    const std::size_t before = allocations;
    const bool good = serve_one();
    const std::size_t after = allocations;
    EXPECT_TRUE(good);
    EXPECT_EQ(after, before);
    EXPECT_GT(before, 0U) << "the counter counts";
}

}  // namespace
}  // namespace phalanx::fastcgi
