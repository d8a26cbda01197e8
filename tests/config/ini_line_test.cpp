#include "ini_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace phalanx::config {
namespace {

/// Knows E_ALL (32767), E_NOTICE (8) and ${HOME} (/root).
const ValueSource source{[](std::string_view word) -> base::Result<std::string> {
                             if (word == "E_ALL") return std::string("32767");
                             return word == "E_NOTICE" ? std::string("8") : std::string(word);
                         },
                         [](std::string_view name) -> base::Result<std::string> {
                             return name == "HOME" ? std::string("/root") : std::string();
                         }};

std::string described(const ParsedLine& line) {
    std::string text;
    for (const Statement& each : line.statements) {
        switch (each.kind) {
            case Statement::Kind::section:
                text += "<" + each.name + ">";
                break;
            case Statement::Kind::entry:
                text += each.name + "=" + each.value + ";";
                break;
            case Statement::Kind::element:
                text += each.name + "{" + each.key + "}=" + each.value + ";";
                break;
            case Statement::Kind::bare:
                text += each.name + "!;";
                break;
        }
    }
    return line.error ? text + "ERROR " + line.error->message : text;
}

struct Form {
    std::string written;
    std::string meant;
};

void expect_forms(const std::vector<Form>& forms) {
    for (const Form& form : forms)
        EXPECT_EQ(described(parse_line(form.written, source)), form.meant) << form.written;
}

std::string value_of(const std::string& written) {
    const ParsedLine line = parse_line("k = " + written, source);
    return line.error || line.statements.size() != 1 ? described(line) : line.statements[0].value;
}

TEST(IniLine, StatementsOfALine) {
    expect_forms({{"", ""},
                  {"  \t ", ""},
                  {"; comment", ""},
                  {"  ; comment = 1", ""},
                  {"a = b", "a=b;"},
                  {"\t a\t=\tb \t", "a=b;"},
                  {"  a b = c", "a b=c;"},
                  {"a", "a!;"},
                  {"a ; b", "a!;"},
                  {"#a = b", "#a=b;"},
                  {"# a", "# a!;"},
                  {"[www]", "<www>"},
                  {"\t[www] ; x", "<www>"},
                  {"  [www] ; x", "ERROR syntax error, unexpected END_OF_LINE, expecting '='"},
                  {"[ a b/c:d ]", "< a b/c:d >"},
                  {"[]", "<>"},
                  {"[\"a]b\"]", "<a]b>"},
                  {"['a${HOME}']", "<a${HOME}>"},
                  {"[a${HOME}]", "<a/root>"},
                  {"[E_ALL]", "<E_ALL>"},
                  {"[www] user = x", "<www>user=x;"},
                  {"a[b] = c", "a{b}=c;"},
                  {"a[] = c", "a{}=c;"},
                  {"a [ b ] = c", "a{b }=c;"},
                  {"a[E_ALL] = c", "a{32767}=c;"},
                  {"a['b'] = c", "a{b}=c;"},
                  {"a = 1\rb = 2", "a=1;b=2;"},
                  {std::string("a = b\0c", 7), "a=b;"},
                  {" yes = 1", "yes=1;"},
                  {"yes x = 1", "yes x=1;"}});
}

TEST(IniLine, ValuesOfTheCompatibilityTable) {
    for (const auto& [written, stored] : std::vector<Form>{{"yes", "1"},
                                                           {"On", "1"},
                                                           {"TRUE", "1"},
                                                           {"no", ""},
                                                           {"Off", ""},
                                                           {"false", ""},
                                                           {"none", ""},
                                                           {"NULL", ""},
                                                           {"", ""},
                                                           {R"("a\"b")", R"(a"b)"},
                                                           {R"("a\nb")", R"(a\nb)"},
                                                           {R"("a\\b")", R"(a\b)"},
                                                           {R"('a\b')", R"(a\b)"},
                                                           {R"("C:\dir\")", R"(C:\dir\)"},
                                                           {R"("a" "b")", "ab"},
                                                           {R"(a"b"c)", "abc"},
                                                           {R"(' a ' b)", " a  b"},
                                                           {"${HOME}", "/root"},
                                                           {"x${ HOME }", "x/root"},
                                                           {R"("x${HOME}y")", "x/rooty"},
                                                           {R"("\${HOME}")", "${HOME}"},
                                                           {"'${HOME}'", "${HOME}"},
                                                           {"${X:-default}", ""},
                                                           {"$HOME", "$HOME"},
                                                           {"$", "$"},
                                                           {"E_ALL", "32767"},
                                                           {"E_ALLY", "E_ALLY"},
                                                           {"E_ALL & ~E_NOTICE", "32759"},
                                                           {"1|2", "3"},
                                                           {"1|2&4", "0"},
                                                           {"!1", "0"},
                                                           {"~5", "-6"},
                                                           {"~1|4", "-2"},
                                                           {"(5)", "5"},
                                                           {"a&b", "0"},
                                                           {"a|b", "0"},
                                                           {"a^b", "0"},
                                                           {"99999999999|0", "1215752191"},
                                                           {"{x}", "{x}"},
                                                           {"[x]", "[x]"},
                                                           {"a,b", "a,b"},
                                                           {"a?b", "a?b"},
                                                           {"@x", "@x"},
                                                           {"%R", "%R"},
                                                           {"v # x", "v # x"},
                                                           {"v;x", "v"},
                                                           {R"("v;x" ; y)", "v;x"},
                                                           {"it's", "it"},
                                                           {"127.0.0.1:9000", "127.0.0.1:9000"}}) {
        EXPECT_EQ(value_of(written), stored) << written;
    }
}

TEST(IniLine, FaultsAreNamedAsPhpNamesThem) {
    const std::string unexpected = "ERROR syntax error, unexpected ";
    const std::string open_quotes = "end of file, expecting TC_DOLLAR_CURLY or TC_QUOTED_STRING or '\"'";
    expect_forms({{"a = b=c", "a=b;" + unexpected + "'='"},
                  {"a == b", "a=;" + unexpected + "'='"},
                  {"a = b!c", "a=b;" + unexpected + "'!'"},
                  {"a = b(c", "a=b;" + unexpected + "'('"},
                  {"a = b~c", "a=b;" + unexpected + "'~'"},
                  {"a = yes b", "a=1;" + unexpected + "TC_CONSTANT"},
                  {"a = yes 5", "a=1;" + unexpected + "TC_NUMBER"},
                  {"a = b yes", "a=b ;" + unexpected + "BOOL_TRUE"},
                  {"a = (1", unexpected + "END_OF_LINE, expecting '^' or '|' or '&' or ')'"},
                  {"a = ()", unexpected + "')'"},
                  {"a = 1|", unexpected + "END_OF_LINE"},
                  {"a = |1", unexpected + "'|'"},
                  {"a = \"b", unexpected + open_quotes},
                  {"a = 'b", unexpected + "end of file"},
                  {"a = ${", unexpected + "end of file, expecting TC_VARNAME"},
                  {"a = ${}", unexpected + "'}', expecting TC_VARNAME"},
                  {"a = ${b", unexpected + "end of file, expecting '}'"},
                  {"= b", unexpected + "'='"},
                  {"\"a\" = b", unexpected + "'\"'"},
                  {"a{b = c", "a!;" + unexpected + "'{'"},
                  {"yes = 1", unexpected + "BOOL_TRUE"},
                  {"none", unexpected + "BOOL_FALSE"},
                  {"null", unexpected + "NULL_NULL"},
                  {"[a", unexpected + "end of file, expecting ']'"},
                  {"[a;b]", unexpected + "end of file, expecting ']'"},
                  {"a[b = c", unexpected + "end of file, expecting ']'"},
                  {"a[b]", unexpected + "END_OF_LINE, expecting '='"},
                  {"a[b][c] = d", unexpected + "TC_SECTION, expecting '='"},
                  {"a[b] c = d", unexpected + "TC_LABEL, expecting '='"},
                  {"a[b] c[d] = e", unexpected + "TC_OFFSET, expecting '='"}});
}

TEST(IniLine, DeepNestingEndsInAnErrorNotInTheStack) {
    EXPECT_EQ(value_of(std::string(1'000'000, '(')), "ERROR memory exhausted");
    EXPECT_EQ(value_of(std::string(1'000'000, '~') + "1"), "ERROR memory exhausted");
    const std::string depth(static_cast<std::size_t>(max_expression_depth), '!');
    EXPECT_EQ(value_of(depth + "0"), "0");
}

TEST(IniLine, StatementsOfALineAreLimited) {
    std::string line;
    for (std::size_t i = 0; i < max_statements_per_line; ++i) line += "[s]";
    EXPECT_FALSE(parse_line(line, source).error.has_value());
    EXPECT_EQ(parse_line(line + "[s]", source).error.value().message, "too many statements in one line");
}

TEST(IniLine, LongValuesAreKept) {
    const std::string text(1 << 20, 'x');
    EXPECT_EQ(value_of(text), text);
    EXPECT_EQ(value_of("\"" + text + "\""), text);
}

TEST(IniLine, AFailingSourceIsAFault) {
    const ValueSource broken{
        [](std::string_view) { return base::Result<std::string>(base::Error{"no PHP"}); },
        [](std::string_view) { return base::Result<std::string>(base::Error{"no PHP"}); }};
    EXPECT_EQ(described(parse_line("a = E_ALL", broken)), "ERROR no PHP");
    EXPECT_EQ(described(parse_line("a = \"${b}\"", broken)), "ERROR no PHP");
    EXPECT_EQ(described(parse_line("a = 'E_ALL'", broken)), "a=E_ALL;");
}

}  // namespace
}  // namespace phalanx::config
