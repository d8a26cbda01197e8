#include "harness/html.hpp"

#include <gtest/gtest.h>

namespace phalanx::harness {
namespace {

constexpr const char* kPage =
    "<form id=\"other\"><input type=\"hidden\" name=\"x\" value=\"y\"></form>\n"
    "<form action=\"/go\" id=\"mine\"><input type=\"hidden\" name=\"token\" value=\"a&amp;&quot;b\" />\n"
    "<input type=\"text\" name=\"shown\" value=\"c\"><input name=\"empty\" type=\"hidden\"></form>\n"
    "<input type=\"hidden\" name=\"outside\"><a href=\"/one\"></a><a href=\"/two?a&amp;b\"></a>";

TEST(HarnessHtml, HiddenFieldsOfOneForm) {
    EXPECT_EQ(hidden_fields(kPage, "mine"), (FormFields{{"token", "a&\"b"}, {"empty", ""}}));
    EXPECT_EQ(hidden_fields(kPage, "none"), FormFields{});
}

TEST(HarnessHtml, AttributesAreFoundByWhatIsInThem) {
    EXPECT_EQ(attribute_with(kPage, "href", "two"), "/two?a&b");
    EXPECT_EQ(attribute_with(kPage, "href", "three"), "");
}

}  // namespace
}  // namespace phalanx::harness
