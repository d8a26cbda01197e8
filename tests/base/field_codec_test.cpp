#include "phalanx/base/field_codec.hpp"

#include <gtest/gtest.h>

namespace phalanx::base {
namespace {

enum class Colour : std::uint8_t { red, green };

struct Inner {
    std::string name;
    std::optional<int> number;
    bool operator==(const Inner&) const = default;
};

template <typename Visitor>
void visit_fields(Inner& inner, Visitor& field) {
    field(inner.name);
    field(inner.number);
}

struct Outer {
    bool flag = false;
    Colour colour = Colour::red;
    std::chrono::seconds time{0};
    std::vector<Inner> list;
    std::map<std::string, std::string, std::less<>> texts;
    std::int64_t last = 0;
    bool operator==(const Outer&) const = default;
};

template <typename Visitor>
void visit_fields(Outer& outer, Visitor& field) {
    field(outer.flag);
    field(outer.colour);
    field(outer.time);
    field(outer.list);
    field(outer.texts);
    field(outer.last);
}

Outer sample() {
    return {true,
            Colour::green,
            std::chrono::seconds(-5),
            {{"one", 1}, {std::string("t\0wo", 4), std::nullopt}},
            {{"k", "v"}, {"", "empty"}},
            -1};
}

std::vector<std::byte> bytes_of_sample() {
    FieldWriter writer;
    writer(sample());
    return std::move(writer.bytes);
}

TEST(FieldCodec, GivesBackWhatWasWritten) {
    const auto bytes = bytes_of_sample();
    FieldReader reader(bytes);
    Outer read;
    reader(read);
    EXPECT_TRUE(reader.whole());
    EXPECT_EQ(read, sample());
}

TEST(FieldCodec, NoticesBytesThatAreMissing) {
    const auto bytes = bytes_of_sample();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        FieldReader reader(std::span<const std::byte>(bytes).first(size));
        Outer read;
        reader(read);
        EXPECT_FALSE(reader.whole()) << size;
    }
}

TEST(FieldCodec, NoticesBytesThatAreTooMany) {
    auto bytes = bytes_of_sample();
    bytes.push_back(std::byte{0});
    FieldReader reader(bytes);
    Outer read;
    reader(read);
    EXPECT_FALSE(reader.whole());
}

TEST(FieldCodec, BelievesNoCountLargerThanWhatIsThere) {
    FieldWriter writer;
    writer(std::uint64_t{1} << 60);
    FieldReader reader(writer.bytes);
    std::vector<std::string> texts;
    reader(texts);
    EXPECT_FALSE(reader.whole());
    EXPECT_TRUE(texts.empty());
}

}  // namespace
}  // namespace phalanx::base
