#include "script_path.hpp"

#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <set>
#include <vector>

namespace phalanx::php {
namespace {

using Variables = std::map<std::string, std::string>;

/// A file system of two scripts below /w and a program.
class TwoScripts final : public FileTest {
  public:
    FileKind kind(const char* path) const noexcept override {
        ++asked;
        if (std::string_view(path) == "/w/v.php" || std::string_view(path) == "/bin/php")
            return FileKind::regular;
        return std::string_view(path) == "/w" || std::string_view(path) == "/" ? FileKind::directory
                                                                               : FileKind::absent;
    }
    mutable int asked = 0;
};

struct Case {
    const char* name;
    Variables in;
    Variables out;  ///< what differs afterwards; "-" stands for a variable that is gone
    const char* script = "/w/v.php";
};

void PrintTo(const Case& tested, std::ostream* out) {
    *out << tested.name;
}

class FixupTable : public testing::TestWithParam<Case> {};

TEST_P(FixupTable, GivesPhpFpmsResult) {
    const Case& tested = GetParam();
    fastcgi::Params params;
    Variables expected = tested.in;
    for (const auto& [name, value] : tested.in) params.set(name, value);
    for (const auto& [name, value] : tested.out) {
        if (value == "-") {
            expected.erase(name);
        } else {
            expected[name] = value;
        }
    }
    const ScriptLocation location = fix_environment(params, {}, TwoScripts());
    Variables found;
    for (std::size_t i = 0; i < params.size(); ++i)
        found[std::string(params.at(i).name)] = params.at(i).value;
    EXPECT_EQ(found, expected);
    EXPECT_EQ(location.script_path.value_or("none"), tested.script);
    EXPECT_EQ(location.request_uri, expected["SCRIPT_NAME"]);
    EXPECT_TRUE(location.named);
}

// SF, SN, PI, PT, DR and RU are php-fpm's six variables.
constexpr const char* SF = "SCRIPT_FILENAME";
constexpr const char* SN = "SCRIPT_NAME";
constexpr const char* PI = "PATH_INFO";
constexpr const char* PT = "PATH_TRANSLATED";
constexpr const char* DR = "DOCUMENT_ROOT";
constexpr const char* RU = "REDIRECT_URL";
constexpr const char* OSF = "ORIG_SCRIPT_FILENAME";
constexpr const char* OSN = "ORIG_SCRIPT_NAME";
constexpr const char* OPI = "ORIG_PATH_INFO";
constexpr const char* OPT = "ORIG_PATH_TRANSLATED";

const std::vector<Case> cases = {
    {"SplitAlready", {{SF, "/w/v.php"}, {SN, "/v.php"}, {PI, "/a/b"}, {DR, "/w"}}, {}},
    {"NginxWithoutSplit",
     {{SF, "/w/v.php/a/b"}, {SN, "/v.php/a/b"}, {PI, "/v.php/a/b"}, {DR, "/w"}},
     {{SF, "/w/v.php"},
      {SN, "/v.php"},
      {PI, "/a/b"},
      {PT, "/w/a/b"},
      {OSN, "/v.php/a/b"},
      {OSF, "/w/v.php/a/b"},
      {OPI, "/v.php/a/b"}}},
    {"NoPathInfo",
     {{SF, "/w/v.php/a/b"}, {SN, "/v.php/a/b"}, {DR, "/w"}},
     {{SF, "/w/v.php"}, {PT, "/w"}, {OSF, "/w/v.php/a/b"}}},
    {"EmptyPathInfo",
     {{SF, "/w/v.php/a/b"}, {SN, "/v.php/a/b"}, {PI, ""}, {DR, "/w"}},
     {{SF, "/w/v.php"}, {PT, "/w"}, {OSF, "/w/v.php/a/b"}}},
    {"PathInfoShorterThanExtra",
     {{SF, "/w/v.php/a/b"}, {SN, "/v.php"}, {PI, "/b"}, {DR, "/w"}},
     {{SF, "/w/v.php"}, {PT, "/w/b"}, {OSF, "/w/v.php/a/b"}}},
    {"PathInfoIsExtra",
     {{SF, "/w/v.php/a/b"}, {SN, "/v.php"}, {PI, "/a/b"}, {DR, "/w/"}},
     {{SF, "/w/v.php"}, {PT, "/w/a/b"}, {OSF, "/w/v.php/a/b"}}},
    {"OtherPathInfo",
     {{SF, "/w/v.php/ab"}, {SN, "/v.php/ab"}, {PI, "/zz/qq/ab"}, {DR, "/w"}},
     {{SF, "/w/v.php"},
      {SN, "/zz/qq"},
      {PI, "/ab"},
      {PT, "/w/ab"},
      {OPI, "/zz/qq/ab"},
      {OSN, "/v.php/ab"},
      {OSF, "/w/v.php/ab"}}},
    {"TrailingSlash",
     {{SF, "/w/v.php/"}, {SN, "/v.php/"}, {PI, "/v.php/"}, {DR, "/w"}},
     {{SF, "/w/v.php"},
      {SN, "/v.php"},
      {PI, "/"},
      {PT, "/w/"},
      {OPI, "/v.php/"},
      {OSN, "/v.php/"},
      {OSF, "/w/v.php/"}}},
    {"ProxyWithoutPathInfo",
     {{SF, "proxy:fcgi://h:9000/w/v.php/a"}, {SN, "/v.php/a"}, {DR, "/w"}},
     {{SF, "/w/v.php"}, {SN, "/v.php"}, {PI, "/a"}, {PT, "/w/a"}, {OSN, "/v.php/a"}, {OSF, "/w/v.php/a"}}},
    {"ProxyWithEncodedName",
     {{SF, "proxy:fcgi://h:9000/w/v.php/a%20b"}, {SN, "/v.php/a b"}, {DR, "/w"}},
     {{SF, "/w/v.php"},
      {SN, "/v.php"},
      {PI, "/a%20b"},
      {PT, "/w/a%20b"},
      {OSN, "/v.php/a b"},
      {OSF, "/w/v.php/a%20b"}}},
    {"ProxyWithExtraAsWholeName",
     {{SF, "proxy:fcgi://h/w/v.php/a"}, {SN, "/a"}, {DR, "/w"}},
     {{SF, "/w/v.php"}, {PI, "/a"}, {PT, "/w/a"}, {OSF, "/w/v.php/a"}}},
    {"ProxyWithSamePathInfo",
     {{SF, "proxy:fcgi://h:9000/w/v.php/a"}, {SN, "/v.php/a"}, {PI, "/a"}, {PT, "/w/a"}, {DR, "/w"}},
     {{SF, "/w/v.php"}, {OPT, "/w/a"}, {OSF, "/w/v.php/a"}}},
    {"ProxyWithOtherPathInfo",
     {{SF, "proxy:fcgi://h:9000/w/v.php/a"}, {SN, "/v.php/a"}, {PI, "/b"}, {DR, "/w"}},
     {{SF, "/w/v.php"},
      {SN, "/b"},
      {PI, "/a"},
      {PT, "/w/a"},
      {OPI, "/b"},
      {OSN, "/v.php/a"},
      {OSF, "/w/v.php/a"}}},
    {"BalancerWithQuery",
     {{SF, "Proxy:Balancer://h/w/v.php?x=/y"}, {SN, "/v.php"}, {DR, "/w"}},
     {{SF, "/w/v.php"}}},
    {"ProxyHandler",
     {{SF, "proxy:fcgi://h/w/v.php"}, {SN, "/v.php"}, {PI, "/a"}, {PT, "/w/a"}, {RU, "/x"}, {DR, "/w"}},
     {{SF, "/w/v.php"}}},
    {"UnknownProxyForm",
     {{SF, "proxy:unix:/s|fcgi://h/w/v.php"}, {SN, "/v.php"}},
     {{SF, "-"}, {OSF, "proxy:unix:/s|fcgi://h/w/v.php"}},
     "none"},
    {"Action",
     {{SF, "/bin/php"},
      {SN, "/cgi-bin/php"},
      {PI, "/v.php/a"},
      {PT, "/w/v.php/a"},
      {RU, "/v.php/a"},
      {DR, "/w"}},
     {{SF, "/w/v.php"},
      {SN, "/v.php"},
      {PI, "/a"},
      {PT, "/w/a"},
      {OSF, "/bin/php"},
      {OSN, "/cgi-bin/php"},
      {OPI, "/v.php/a"},
      {OPT, "/w/v.php/a"}}},
    {"ActionWithoutPathInfo",
     {{SF, "/bin/php"}, {SN, "/cgi-bin/php"}, {PT, "/w/v.php"}, {RU, "/v.php"}},
     {{SF, "/w/v.php"},
      {SN, "/v.php"},
      {PT, "-"},
      {OSF, "/bin/php"},
      {OSN, "/cgi-bin/php"},
      {OPT, "/w/v.php"}}},
    {"RedirectToTheFileItself",
     {{SF, "/w/v.php"}, {SN, "/v.php"}, {PI, "/v.php"}, {PT, "/w/v.php"}, {RU, "/x"}},
     {{PI, "-"}, {PT, "-"}, {OPI, "/v.php"}, {OPT, "/w/v.php"}}},
    {"TranslatedAlone", {{PT, "/w/v.php"}, {SN, "/v.php"}}, {{SF, "/w/v.php"}}},
    {"NoRootFromScriptName",
     {{SF, "/w/v.php/a"}, {SN, "/v.php"}, {PI, "/a"}},
     {{SF, "/w/v.php"}, {PT, "/w/a"}, {OSF, "/w/v.php/a"}}},
    {"Iis",
     {{SF, "/w/v.php"}, {SN, "/v.php"}, {PI, "/v.php/a"}, {"SERVER_SOFTWARE", "Microsoft-IIS/7.5"}},
     {{PI, "/a"}, {OPI, "/v.php/a"}}},
    {"IisWithoutExtra",
     {{SF, "/w/v.php"}, {SN, "/v.php"}, {PI, "/v.php"}, {"SERVER_SOFTWARE", "Microsoft-IIS/7.5"}},
     {{PI, "-"}, {OPI, "/v.php"}}},
    {"Missing", {{SF, "/w/none.php"}, {SN, "/none.php"}}, {{SF, "-"}, {OSF, "/w/none.php"}}, "none"},
    {"DirectoryWithSlash", {{SF, "/w/"}, {SN, "/"}}, {{SF, "-"}, {OSF, "/w/"}}, "none"},
    {"DirectoryWithoutSlash", {{SF, "/w"}, {SN, "/"}}, {}, "/w"},
    {"EmptyName", {{SF, ""}, {SN, "/"}}, {}, ""},
};

INSTANTIATE_TEST_SUITE_P(Fixup, FixupTable, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case>& tested) {
                             return std::string(tested.param.name);
                         });

fastcgi::Params make_params(const Variables& variables) {
    fastcgi::Params params;
    for (const auto& [name, value] : variables) params.set(name, value);
    return params;
}

TEST(Fixup, LeavesAloneWhatNamesNoScript) {
    fastcgi::Params params = make_params({{SN, "/status"}, {PI, "/x"}});
    const ScriptLocation location = fix_environment(params, {}, TwoScripts());
    EXPECT_FALSE(location.named);
    EXPECT_FALSE(location.script_path);
    EXPECT_EQ(location.request_uri, "");
    EXPECT_EQ(params.size(), 2U);
}

TEST(Fixup, AsksOnceForAPlainRequest) {
    fastcgi::Params params = make_params({{SF, "/w/v.php"}, {SN, "/v.php"}});
    const TwoScripts files;
    fix_environment(params, {}, files);
    EXPECT_EQ(files.asked, 1);
}

TEST(Fixup, BoundsTheSearchInLongPaths) {
    std::string path = "/w/v.php";
    for (int i = 0; i < 30000; ++i) path += "/a";
    fastcgi::Params params = make_params({{SF, path}, {SN, "/v.php"}, {DR, "/w"}});
    const TwoScripts files;
    const ScriptLocation location = fix_environment(params, {}, files);
    EXPECT_EQ(location.script_path, "/w/v.php");
    EXPECT_LE(files.asked, static_cast<int>(longest_script_path / 2 + 2));
}

TEST(Fixup, UsesTheIniDocRootWithoutDocumentRoot) {
    fastcgi::Params params = make_params({{SF, "/w/v.php/a"}, {SN, "/v.php/a"}, {PI, "/v.php/a"}});
    fix_environment(params, {.doc_root = "/ini"}, TwoScripts());
    EXPECT_EQ(params.find(PT), "/ini/a");
    EXPECT_EQ(params.find(DR), "/ini");
}

TEST(Fixup, NamesTheIniDocRootForAPlainRequestToo) {
    fastcgi::Params params = make_params({{SF, "/w/v.php"}, {SN, "/v.php"}});
    fix_environment(params, {.doc_root = "/ini"}, TwoScripts());
    EXPECT_EQ(params.find(DR), "/ini");
}

TEST(Fixup, NeverReachesBeforePathInfo) {
    // CVE-2019-11043: an extra path longer than PATH_INFO made php-fpm count back past its beginning.
    for (const char* info : {"", "/", "/a", "/a/b/c"}) {
        fastcgi::Params params =
            make_params({{SF, "/w/v.php/a/b/c/d/e"}, {SN, "/v.php"}, {PI, info}, {DR, "/w"}});
        fix_environment(params, {}, TwoScripts());
        EXPECT_EQ(params.find(PI), info);
        EXPECT_EQ(params.find(SN), "/v.php");
    }
}

struct Plain {
    Variables in;
    bool discard_path;
    const char* script;
    const char* uri;
};

TEST(FixupSwitchedOff, TakesTheVariablesAsTheyAre) {
    const std::vector<Plain> plain = {
        {{{SF, "/w/v.php/a"}, {SN, "/v.php"}}, false, "/w/v.php/a", "/v.php"},
        {{{SF, "/w/v.php"}, {SN, "/cgi"}, {PI, "/v.php"}}, false, "/w/v.php", "/v.php"},
        {{{SF, "/bin/php"}, {SN, "/cgi"}, {PT, "/w/v.php"}}, false, "/w/v.php", "/cgi"},
        {{{SF, "/bin/php"}, {SN, "/cgi"}, {PT, "/w/v.php"}}, true, "/bin/php", "/cgi"},
        {{{SF, "proxy:fcgi://h/w/v.php?q"}, {SN, "/v.php"}}, false, "/w/v.php", "/v.php"},
    };
    for (const Plain& tested : plain) {
        fastcgi::Params params = make_params(tested.in);
        const TwoScripts files;
        const ScriptLocation location = fix_environment(
            params, {.fix_pathinfo = false, .discard_path = tested.discard_path, .doc_root = {}}, files);
        EXPECT_EQ(location.script_path, tested.script);
        EXPECT_EQ(location.request_uri, tested.uri);
        EXPECT_EQ(params.size(), tested.in.size());
        EXPECT_EQ(files.asked, 1) << "only whether it can be opened without waiting";
    }
}

}  // namespace
}  // namespace phalanx::php
