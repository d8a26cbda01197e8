#include "phalanx/link/trace.hpp"

#include <gtest/gtest.h>

#include "phalanx/link/messages.hpp"

namespace phalanx::link {
namespace {

Trace deep_trace(std::size_t frames) {
    Trace trace;
    trace.script = "/srv/index.php";
    for (std::size_t i = 0; i < frames; ++i)
        trace.frames.push_back(
            {i, "function_" + std::to_string(i), std::string(100, '/'), static_cast<std::uint32_t>(i)});
    trace.failed = true;
    return trace;
}

TEST(Trace, ComesBackFromItsParts) {
    for (const std::size_t size : {0U, 1U, 2000U}) {
        const Trace trace = deep_trace(size);
        const auto parts = encode_in_parts(trace);
        EXPECT_EQ(parts.size() > 1, size > 1000);
        Trace whole;
        for (const auto& part : parts) {
            EXPECT_LE(part.size(), max_inline_bytes);
            const auto decoded = decode_trace(part);
            ASSERT_TRUE(decoded) << decoded.error().text();
            if (!decoded->script.empty()) whole.script += decoded->script;
            whole.frames.insert(whole.frames.end(), decoded->frames.begin(), decoded->frames.end());
            EXPECT_FALSE(whole.failed) << "only the last part may say so";
            whole.failed = decoded->failed;
        }
        EXPECT_TRUE(whole.failed);
        EXPECT_EQ(whole.script, trace.script);
        ASSERT_EQ(whole.frames.size(), trace.frames.size());
        for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(whole.frames[i].function, trace.frames[i].function);
    }
}

TEST(Trace, DamagedBytesAreRefused) {
    auto bytes = encode_in_parts(deep_trace(3)).at(0);
    bytes.pop_back();
    EXPECT_FALSE(decode_trace(bytes));
    EXPECT_FALSE(decode_trace({}));
}

}  // namespace
}  // namespace phalanx::link
