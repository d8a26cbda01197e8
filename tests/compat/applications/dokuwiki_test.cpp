#include <gmock/gmock.h>

#include <algorithm>

#include "compat/applications/wiki_visit.hpp"
#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

/// What differs between any two visits.
const std::vector<Mask>& masks() {
    static const std::vector<Mask> masks = {
        {"HEADER TIME", "[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} (GMT|[+]0000)"},
        {"LOG TIME", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8} [A-Z]+[a-z/A-Z]*\\]"},
        {"PAGE TIME", R"([0-9]{4}\\?/[0-9]{2}\\?/[0-9]{2} [0-9]{2}:[0-9]{2})"},
        {"SOME TIME ago", "[0-9]+ (seconds|minutes) ago"},
        {"ETag: TAG", "ETag: \"[0-9a-f-]+\""},
        {"DokuWiki=SESSION", "DokuWiki=[a-z0-9]{26}"},
        {"DW=LOGIN", "DW[0-9a-f]{32}=[A-Za-z0-9%]+"},
        {"Max-Age=A YEAR", "Max-Age=3153[56][0-9]{3}"},
        {"sectok=TOKEN", "sectok=[0-9a-f]{32}"},
        {"sectok TOKEN", "name=\"sectok\" value=\"[0-9a-f]{32}\""},
        {"tok=TOKEN", "tok=[0-9a-f]{6}"},
        {"FEED TIME", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+]00:00"},
        {"SECONDS", "[1-9][0-9]{9}"},
    };
    return masks;
}

/// Text as it must be on both programs; of anything else only the head is text.
std::string transcript(const WikiVisit::Step& step, const harness::Site& site) {
    const bool is_text = !step.answer.header("Content-Type").value_or("").starts_with("image/");
    return masked(step.answer.head, site, masks()) + "\n" +
           (is_text ? masked(step.answer.body, site, masks()) : step.answer.body);
}

/// The place where two texts part; whole pages would fill screens.
std::string first_difference(std::string_view expected, std::string_view actual) {
    constexpr std::size_t kBefore = 100;
    constexpr std::size_t kShown = 200;
    const auto parted = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end()).first;
    const auto at = static_cast<std::size_t>(parted - expected.begin());
    const std::size_t start = at - std::min(at, kBefore);
    return "expected: " + std::string(expected.substr(start, kShown)) +
           "\nactual:   " + std::string(actual.substr(start, kShown));
}

TEST(DokuWiki, AWriterSeesTheSamePages) {
    SKIP_UNLESS_BOTH();
    if (!harness::Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    if (const auto missing = DokuWiki::missing()) GTEST_SKIP() << *missing;
    const DokuWiki wiki;
    WikiVisit original(*harness::installed_php_fpm(), wiki);
    WikiVisit tested(*harness::driven_daemon(), wiki);
    for (WikiVisit* const visit : {&original, &tested}) {
        visit->look_around();
        visit->log_in();
        visit->write_a_page();
        visit->upload_a_picture();
        visit->read_the_page();
        visit->search();
        visit->administer();
        visit->log_out();
    }
    ASSERT_EQ(original.steps().size(), tested.steps().size());
    for (std::size_t i = 0; i < original.steps().size(); ++i) {
        const std::string expected = transcript(original.steps()[i], original.site());
        const std::string actual = transcript(tested.steps()[i], tested.site());
        EXPECT_TRUE(expected == actual) << original.steps()[i].name << "\n"
                                        << first_difference(expected, actual);
    }
    EXPECT_EQ(masked(original.php_log(), masks()), masked(tested.php_log(), masks()));
    EXPECT_EQ(masked(original.site().daemon().log(), original.site()),
              masked(tested.site().daemon().log(), tested.site()));
    EXPECT_THAT(tested.nginx_log(), testing::Not(testing::HasSubstr("[error]")));
}

}  // namespace
}  // namespace phalanx::compat
