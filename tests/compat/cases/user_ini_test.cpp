#include <ctime>
#include <fstream>

#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAsk =
    "<?php foreach (['precision', 'memory_limit', 'auto_prepend_file', 'error_log', 'open_basedir', "
    "'post_max_size', "
    "'file_uploads', 'disable_functions', 'error_reporting', 'include_path', 'my.own'] as $k) { echo $k, "
    "'='; "
    "var_dump(ini_get($k)); } var_dump(get_cfg_var('my.own'), get_cfg_var('precision'));";

Case ask(std::string name, const std::string& path, const std::string& document_root = "{root}") {
    return {std::move(name), "", path, "GET", {{"DOCUMENT_ROOT", document_root}}};
}

/// Another text for the file, before the case is asked.
Case after(Case one, std::string file, std::string text) {
    one.before = [file = std::move(file), text = std::move(text)](const fs::path& root) {
        std::ofstream(root / file) << text;
    };
    return one;
}

Case differs(Case one) {
    one.differs = "sections and arrays crash php-fpm's worker; here they are passed over";
    return one;
}

TEST(UserIni, EveryKindOfEntry) {
    const std::string wide =
        "precision = 4\nmemory_limit = 40M ; comment\npost_max_size = 1M\nfile_uploads = off\n"
        "error_reporting = E_ALL & ~E_NOTICE\ninclude_path = \".:/x\"\nmy.own = \"a b\"\n"
        "disable_functions = strlen\nerror_log = /dev/null\nopen_basedir = /tmp:/nonexistent\n";
    compare(
        {.pool = {{"php_admin_value[memory_limit]", "64M"}, {"php_value[precision]", "9"}},
         .scripts = {{"wide/.user.ini", wide},
                     {"wide/ask.php", kAsk},
                     {"broken/.user.ini", "precision = 5\nmemory_limit = (\nprecision = 6\n"},
                     {"broken/ask.php", kAsk},
                     {"empty/.user.ini", ""},
                     {"empty/ask.php", kAsk},
                     {"bom/.user.ini", "\xef\xbb\xbfprecision = 5\r\n"},
                     {"bom/ask.php", kAsk},
                     {"secret/.user.ini", "precision = 5\n"},
                     {"secret/ask.php", kAsk},
                     {"folder/.user.ini/x", ""},
                     {"folder/ask.php", kAsk},
                     {"a/.user.ini", "precision = 1\nmy.own = a\n"},
                     {"a/b/ask.php", kAsk},
                     {"a/b/c/.user.ini", "precision = 3\n"},
                     {"a/b/c/ask.php", kAsk},
                     {"ab/ask.php", kAsk},
                     {"prepend/.user.ini", "auto_prepend_file = before.inc\nauto_append_file = after.inc\n"},
                     {"prepend/before.inc", "<?php echo 'before ';"},
                     {"prepend/after.inc", "<?php echo ' after';"},
                     {"prepend/ask.php", "<?php echo 'x';"},
                     {"prepend/exit.php", "<?php exit('x');"},
                     {"ask.php", kAsk}},
         .cases = {ask("wide", "/wide/ask.php"),
                   ask("broken", "/broken/ask.php"),
                   ask("empty", "/empty/ask.php"),
                   ask("byte order mark", "/bom/ask.php"),
                   ask("unreadable", "/secret/ask.php"),
                   ask("a folder", "/folder/ask.php"),
                   ask("above", "/a/b/ask.php"),
                   ask("above and here", "/a/b/c/ask.php"),
                   ask("root in between", "/a/b/c/ask.php", "{root}/a/b"),
                   ask("root with a slash", "/a/b/ask.php", "{root}/"),
                   ask("root with two slashes", "/a/b/ask.php", "{root}//"),
                   ask("root like a prefix", "/ab/ask.php", "{root}/a"),
                   ask("root of all", "/a/b/ask.php", "/"),
                   ask("root through a link", "/a/b/ask.php", "{root}/link"),
                   ask("script through a link", "/link/b/ask.php"),
                   ask("script and root through a link", "/link/b/ask.php", "{root}/link"),
                   ask("an empty root", "/a/b/ask.php", ""),
                   ask("a relative root", "/a/b/ask.php", "."),
                   ask("prepended", "/prepend/ask.php"),
                   ask("prepended, exit", "/prepend/exit.php"),
                   ask("not in the next", "/ask.php")},
         .files = [](const fs::path& root) {
             fs::create_directory_symlink("a", root / "link");
             fs::permissions(root / "secret/.user.ini", fs::perms::none);
         }});
}

TEST(UserIni, SectionsAndArrays) {
    compare(
        {.scripts = {{"sections/.user.ini",
                      "[PHP]\nprecision=5\n[HOST=localhost]\nprecision=6\n[PATH=/]\nprecision=7\n"},
                     {"sections/ask.php", kAsk},
                     {"odd/.user.ini",
                      "precision[] = 5\n=7\nprecision\n my.own = ${HOME}\n;precision=3\nextension=x.so\n"},
                     {"odd/ask.php", kAsk}},
         .cases = {differs(ask("sections", "/sections/ask.php")), differs(ask("odd", "/odd/ask.php"))},
         .log = Log::Ignore});
}

TEST(UserIni, WhenItIsReadAgain) {
    const std::vector<std::pair<std::string, std::string>> scripts = {
        {"a/.user.ini", "precision = 5\n"}, {"a/ask.php", kAsk}, {"b/ask.php", kAsk}};
    compare({.pool = {{"php_admin_value[user_ini.cache_ttl]", "300"}},
             .scripts = scripts,
             .cases = {ask("first", "/a/ask.php"),
                       after(ask("changed", "/a/ask.php"), "a/.user.ini", "precision = 6\n"),
                       after(ask("a new file above", "/a/ask.php"), ".user.ini", "precision = 7\n"),
                       ask("another folder", "/b/ask.php"),
                       ask("the same, another root", "/a/ask.php", "{root}/a")}});
    // php-fpm counts in whole seconds: a change shows in the next one at the earliest.
    Case later = after(ask("changed", "/a/ask.php"), "a/.user.ini", "memory_limit = 33M\n");
    later.before = [write = later.before](const fs::path& root) {
        write(root);
        const std::time_t begun = std::time(nullptr);
        (void)harness::eventually(harness::milliseconds(2'000), [&] { return std::time(nullptr) > begun; });
    };
    compare({.pool = {{"php_admin_value[user_ini.cache_ttl]", "0"}},
             .scripts = scripts,
             .cases = {ask("first", "/a/ask.php"), later}});
}

TEST(UserIni, UnderAnotherNameOrNone) {
    const std::vector<std::pair<std::string, std::string>> scripts = {
        {".user.ini", "precision = 5\n"}, {"own.ini", "precision = 6\n"}, {"ask.php", kAsk}};
    const std::vector<Case> cases = {ask("root", "/ask.php"), ask("missing", "/none.php")};
    compare(
        {.pool = {{"php_admin_value[user_ini.filename]", "own.ini"}}, .scripts = scripts, .cases = cases});
    compare({.pool = {{"php_admin_value[user_ini.filename]", "\"\""}}, .scripts = scripts, .cases = cases});
}

TEST(UserIni, AndSectionsOfPhpIni) {
    const std::string ini =
        "precision = 8\nmy.own = global\n[HOST=localhost]\nprecision = 9\nmy.host = here\n"
        "[HOST=www.example.org]\nprecision = 10\n[PATH={root}/a]\nprecision = 11\nopen_basedir=/tmp\n"
        "disable_functions = strlen\n[PATH={root}/a/b]\nprecision = 12\n[PHP]\nmemory_limit = 44M\n";
    const auto host = [](std::string name, std::optional<std::string> server) {
        return Case{std::move(name), "", "/ask.php", "GET", {{"SERVER_NAME", std::move(server)}}};
    };
    compare({.scripts = {{"ask.php", kAsk}, {"a/ask.php", kAsk}, {"a/b/ask.php", kAsk}, {"ab/ask.php", kAsk}},
             .cases = {host("a host", "localhost"), host("another host", "www.example.org"),
                       host("in capitals", "WWW.Example.ORG"), host("an unknown host", "none"),
                       host("an empty host", ""), host("no host", std::nullopt), ask("a path", "/a/ask.php"),
                       ask("a path below", "/a/b/ask.php"), ask("a path beside", "/ab/ask.php"),
                       ask("a path and a host", "/a/b/ask.php"), ask("none of them", "/ask.php")},
             .arguments = {"-c", "{root}/php.ini"},
             .files = [&](const fs::path& root) {
                 std::string text = ini;
                 for (std::size_t at = 0; (at = text.find("{root}")) != text.npos;)
                     text.replace(at, 6, root.string());
                 std::ofstream(root / "php.ini") << text;
             }});
}

}  // namespace
}  // namespace phalanx::compat
