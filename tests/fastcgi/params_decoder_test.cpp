#include "phalanx/fastcgi/params_decoder.hpp"

#include <gtest/gtest.h>

#include "phalanx/fastcgi/limits.hpp"
#include "wire.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace wire;

struct Decoded {
    Params params;
    std::string violation;
};

Decoded decode(std::string_view bytes, std::size_t step = ~std::size_t{0}) {
    Decoded result;
    ParamsDecoder decoder;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        decoder.feed(as_bytes(bytes.substr(0, step)), result.params);
    }
    decoder.end();
    result.violation = decoder.violation();
    return result;
}

TEST(ParamsDecoder, ReadsShortAndLongLengthsHoweverCut) {
    const std::string long_name(130, 'N');
    const std::string long_value(70000, 'v');
    const std::string bytes = pair("A", "b") + pair("", "") + pair("EMPTY", "") +
                              pair(long_name, long_value) + pair("EDGE", std::string(127, 'x')) +
                              pair("EDGE2", std::string(128, 'y'));
    for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 1000UL, 1UL << 20}) {
        const Decoded result = decode(bytes, step);
        EXPECT_EQ(result.violation, "");
        EXPECT_EQ(result.params.size(), 6U);
        EXPECT_EQ(result.params.find("A"), "b");
        EXPECT_EQ(result.params.find("EMPTY"), "");
        EXPECT_EQ(result.params.find(long_name), long_value);
        EXPECT_EQ(result.params.find("EDGE2"), std::string(128, 'y'));
    }
}

TEST(ParamsDecoder, AnEmptyPairIsCompleteWithItsLengths) {
    const Decoded result = decode(pair("A", "b") + pair("", ""));
    EXPECT_EQ(result.violation, "");
    EXPECT_EQ(result.params.size(), 2U);
}

TEST(ParamsDecoder, TakesTheFourByteFormOfAShortLength) {
    EXPECT_EQ(decode({"\x80\0\0\1\x80\0\0\2Abc", 11}).params.find("A"), "bc");
}

TEST(ParamsDecoder, RefusesAStreamThatEndsWithinAPair) {
    const std::string bytes = pair("NAME", std::string(200, 'v'));
    EXPECT_EQ(decode("").violation, "");
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        const Decoded result = decode(bytes.substr(0, size));
        EXPECT_EQ(result.violation, "the parameters end within a pair") << size;
        EXPECT_EQ(result.params.size(), 0U);
    }
}

TEST(ParamsDecoder, BoundsNamesValuesAndPairs) {
    EXPECT_EQ(decode(pair(std::string(kMaxNameBytes, 'n'), "")).violation, "");
    EXPECT_EQ(decode(pair(std::string(kMaxNameBytes + 1, 'n'), "")).violation,
              "a parameter's name is too long");
    EXPECT_EQ(decode(pair("n", std::string(kMaxValueBytes, 'v'))).violation, "");
    EXPECT_EQ(decode(pair("n", std::string(kMaxValueBytes + 1, 'v'))).violation,
              "a parameter's value is too long");
    std::string pairs;
    for (std::size_t i = 0; i < kMaxPairs; ++i) pairs += pair("N" + std::to_string(i), "");
    EXPECT_EQ(decode(pairs).violation, "");
    EXPECT_EQ(decode(pairs + pair("A", "")).violation, "there are too many parameters");
    EXPECT_EQ(decode(std::string("\x01\xff\xff\xff\xff", 5)).violation, "a parameter's value is too long")
        << "before a byte of it has come";
}

TEST(ParamsDecoder, BoundsTheWholeStream) {
    std::string bytes;
    while (bytes.size() + 300008 <= kMaxParamsBytes)
        bytes += pair("V" + std::to_string(bytes.size()), std::string(300000, 'v'));
    bytes += pair("L", std::string(kMaxParamsBytes - bytes.size() - 6, 'v'));
    ASSERT_EQ(bytes.size(), kMaxParamsBytes);
    EXPECT_EQ(decode(bytes, 65535).violation, "");
    EXPECT_EQ(decode(bytes + std::string(2, '\0'), 65535).violation, "the parameters are too large");
}

TEST(ParamsDecoder, IsAsNewAfterReset) {
    ParamsDecoder decoder;
    Params params;
    decoder.feed(as_bytes("\x05\x05"
                          "abc"),
                 params);
    decoder.end();
    EXPECT_NE(decoder.violation(), "");
    decoder.feed(as_bytes(pair("A", "b")), params);
    EXPECT_EQ(params.size(), 0U) << "nothing is taken after a violation";
    decoder.reset();
    decoder.feed(as_bytes(pair("A", "b")), params);
    decoder.end();
    EXPECT_EQ(decoder.violation(), "");
    EXPECT_EQ(params.find("A"), "b");
}

}  // namespace
}  // namespace phalanx::fastcgi
