#include <gtest/gtest.h>

#include "phalanx/status/status_page.hpp"

namespace phalanx::status {
namespace {

TEST(FormatFromQuery, TheFirstWordOfTheOrderWins) {
    EXPECT_EQ(format_from_query(""), Format::text);
    EXPECT_EQ(format_from_query("html"), Format::html);
    EXPECT_EQ(format_from_query("xml"), Format::xml);
    EXPECT_EQ(format_from_query("json"), Format::json);
    EXPECT_EQ(format_from_query("openmetrics"), Format::openmetrics);
    EXPECT_EQ(format_from_query("xml&json&html"), Format::html);
    EXPECT_EQ(format_from_query("openmetrics&json"), Format::json);
    EXPECT_EQ(format_from_query("full"), Format::text);
}

TEST(FormatFromQuery, ReadsNamesAsPhpDoes) {
    for (const char* query : {"json=1", "json=", "&&json", "a=1&json", "j%73on", "json[]=", "json[a]",
                              "json%5Ba%5D", "json%00x", "+json", "%20%20json", "y&&json"}) {
        EXPECT_EQ(format_from_query(query), Format::json) << query;
    }
    for (const char* query : {"JSON", "=json", "json]", "%5bjson", "a=1;json", "json%20", "json%", "json[",
                              "a=json", "jsonx", "openmetricsx", "0"}) {
        EXPECT_EQ(format_from_query(query), Format::text) << query;
    }
}

TEST(FormatFromQuery, TheBeginningOfAWordStandsForItAsInPhpFpm) {
    EXPECT_EQ(format_from_query("x=1"), Format::xml);
    EXPECT_EQ(format_from_query("js"), Format::json);
    EXPECT_EQ(format_from_query("o"), Format::openmetrics);
    EXPECT_EQ(view_from_query("f").detail, Detail::processes);
}

TEST(ViewFromQuery, FullAsksForProcesses) {
    EXPECT_EQ(view_from_query("json").detail, Detail::pool);
    for (const char* query : {"full", "json&full", "full&json", "full=0"}) {
        EXPECT_EQ(view_from_query(query).detail, Detail::processes) << query;
    }
    EXPECT_EQ(view_from_query("xml&full").format, Format::xml);
}

TEST(ViewFromQuery, LooksAtABoundedNumberOfVariables) {
    std::string query;
    for (int i = 0; i < 1000; ++i) query += "a&";
    EXPECT_EQ(format_from_query(query + "json"), Format::text);
    EXPECT_EQ(format_from_query(query.substr(2) + "json"), Format::json);
    EXPECT_EQ(format_from_query(std::string(1 << 20, '%')), Format::text);
}

}  // namespace
}  // namespace phalanx::status
