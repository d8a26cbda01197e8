#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

constexpr const char* kDump =
    "<?php foreach (['SCRIPT_FILENAME', 'SCRIPT_NAME', 'PATH_INFO', 'PATH_TRANSLATED', 'DOCUMENT_ROOT', "
    "'PHP_SELF', "
    "'REDIRECT_URL', 'ORIG_SCRIPT_FILENAME', 'ORIG_SCRIPT_NAME', 'ORIG_PATH_INFO', 'ORIG_PATH_TRANSLATED'] "
    "as $k) "
    "echo $k, '=', $_SERVER[$k] ?? '(none)', \"\\n\"; echo 'in ', __FILE__, ' at ', getcwd(), \"\\n\";";

/// SCRIPT_FILENAME, SCRIPT_NAME, PATH_INFO, PATH_TRANSLATED, REDIRECT_URL; "-" is none.
Case row(std::string name, const std::string& file, const std::string& script, const std::string& info = "-",
         const std::string& translated = "-", const std::string& redirect = "-") {
    const auto given = [](const std::string& value) {
        return value == "-" ? std::optional<std::string>() : std::optional(value);
    };
    return {std::move(name),
            "",
            "/v.php",
            "GET",
            {{"SCRIPT_FILENAME", given(file)},
             {"SCRIPT_NAME", given(script)},
             {"PATH_INFO", given(info)},
             {"PATH_TRANSLATED", given(translated)},
             {"REDIRECT_URL", given(redirect)}}};
}

std::vector<Case> rows() {
    std::vector<Case> rows = {
        row("plain", "{root}/v.php", "/v.php"),
        row("info beside", "{root}/v.php", "/v.php", "/a/b"),
        row("info in all three", "{root}/v.php/a/b", "/v.php/a/b", "/v.php/a/b"),
        row("info in the names only", "{root}/v.php/a/b", "/v.php/a/b"),
        row("empty info", "{root}/v.php/a/b", "/v.php/a/b", ""),
        row("info in file and info", "{root}/v.php/a/b", "/v.php", "/a/b"),
        row("info longer than the rest", "{root}/v.php/ab", "/v.php/ab", "/zz/qq/ab"),
        row("info shorter than the rest", "{root}/v.php/abcdef", "/v.php/abcdef", "/f"),
        row("a slash", "{root}/v.php/", "/v.php/", "/v.php/"),
        row("two slashes", "{root}/v.php//x", "/v.php//x", "//x"),
        row("double slash before", "{root}//v.php", "//v.php"),
        row("apache proxy", "proxy:fcgi://h:9000{root}/v.php/a", "/v.php/a"),
        row("apache proxy with info", "proxy:fcgi://h:9000{root}/v.php/a", "/v.php/a", "/a", "{root}/a"),
        row("apache proxy with other info", "proxy:fcgi://h:9000{root}/v.php/a", "/v.php/a", "/b"),
        row("apache proxy with query", "proxy:fcgi://h:9000{root}/v.php?x=y", "/v.php"),
        row("apache balancer", "proxy:balancer://b{root}/v.php/a%20b", "/v.php/a b"),
        row("apache handler", "{root}/v.php", "/v.php", "/a", "{root}/a", "/x"),
        row("apache unix proxy", "proxy:unix:/s|fcgi://h{root}/v.php", "/v.php"),
        row("cgi action", "/usr/lib/cgi-bin/php", "/cgi-bin/php", "/v.php/a", "{root}/v.php/a", "/v.php/a"),
        row("redirect to itself", "{root}/v.php", "/v.php", "/v.php", "{root}/v.php", "/x"),
        row("translated only", "-", "/v.php", "-", "{root}/v.php"),
        row("nothing there", "{root}/w.php/a", "/w.php/a", "/a"),
        row("a folder in between", "{root}/sub/w.php/v.php", "/sub/w.php/v.php"),
        row("no script name", "{root}/v.php", "-"),
        row("no script name, info", "{root}/v.php/a", "-", "/a"),
        row("info without a slash", "{root}/v.php/a", "/v.php/a", "a"),
    };
    Case without_root = row("no document root", "{root}/v.php/a", "/v.php/a", "/a");
    without_root.params.push_back({"DOCUMENT_ROOT", std::nullopt});
    rows.push_back(without_root);
    Case iis = row("iis", "{root}/v.php", "/v.php", "/v.php/a");
    iis.params.push_back({"SERVER_SOFTWARE", "Microsoft-IIS/10.0"});
    rows.push_back(iis);
    return rows;
}

const std::vector<std::pair<std::string, std::string>> kScripts = {{"v.php", kDump}, {"sub/v.php", kDump}};

TEST(PathInfo, Fixed) {
    compare({.scripts = kScripts, .cases = rows()});
}

TEST(PathInfo, NotFixed) {
    compare({.pool = {{"php_admin_value[cgi.fix_pathinfo]", "0"}}, .scripts = kScripts, .cases = rows()});
}

TEST(PathInfo, NotFixedAndTranslatedPathDiscarded) {
    compare({.pool = {{"php_admin_value[cgi.fix_pathinfo]", "0"}, {"php_admin_value[cgi.discard_path]", "1"}},
             .scripts = kScripts,
             .cases = rows()});
}

}  // namespace
}  // namespace phalanx::compat
