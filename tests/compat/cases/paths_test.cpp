#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

constexpr const char* kShow =
    "<?php foreach (['SCRIPT_FILENAME', 'SCRIPT_NAME', 'PATH_INFO', 'PHP_SELF', 'DOCUMENT_ROOT', "
    "'ORIG_PATH_INFO'] "
    "as $k) echo $k, '=', $_SERVER[$k] ?? '(none)', \"\\n\"; echo __FILE__, ' ', getcwd(), ' ', "
    "get_included_files()[0], ' ', @include('beside.inc'), \"\\n\";";

Case odd(const std::string& what, const std::string& path) {
    return {what, "", path};
}

TEST(Paths, OddNames) {
    std::vector<std::pair<std::string, std::string>> scripts = {{"beside.inc", "<?php return 'beside';"}};
    std::vector<Case> cases;
    const auto add = [&](const std::string& what, const std::string& name, bool below = true) {
        scripts.emplace_back(name, kShow);
        cases.push_back(odd(what, "/" + name));
        if (below) cases.push_back(odd(what + ", info", "/" + name + "/i/" + name));
    };
    add("blanks", " a  b .php");
    add("percent signs", "a%20b%.php");
    add("percent and plus", "a+%2f.php");
    add("utf-8", "\xc3\xa4\xe2\x82\xac.php");
    add("no utf-8", "\xff\xfe.php");
    add("a line feed", "a\nb.php");
    add("control bytes", "a\x01\x1b[0m\x7f.php");
    add("quotes", "a'\"`$x;.php");
    add("a backslash", "a\\b.php");
    add("a colon", "php:\\x.php");
    add("like a scheme", "http:.php");
    add("brackets", "[a]{b}.php");
    add("a folder like a script", "f.php/g.php");
    add("two ends", "a.php.php");
    add("a question mark", "a?b.php", false);
    add("a hash", "a#b.php");
    add("a star", "*.php");
    add("a dash", "-n.php");
    add("a star in a folder", "st*r/x.php");
    cases.push_back(
        {"split after a line feed",
         "",
         "/a?b.php",
         "GET",
         {{"SCRIPT_FILENAME", "{root}/-n.php\nx"}, {"SCRIPT_NAME", "/-n.php\nx"}, {"PATH_INFO", ""}}});
    compare({.scripts = scripts,
             .cases = cases,
             // The two programs are meant to differ in how they write control bytes into logs.
             .log = Log::Ignore});
}

TEST(Paths, LongOnes) {
    const std::string folder(200, 'd');
    std::string deep;
    for (int i = 0; i < 15; ++i) deep += "/" + folder;
    const auto ask = [](std::string name, const std::string& path) {
        return Case{std::move(name),
                    "",
                    "/x.php",
                    "GET",
                    {{"SCRIPT_FILENAME", "{root}" + path}, {"SCRIPT_NAME", path}, {"DOCUMENT_URI", path}}};
    };
    std::string slashes(5'000, '/');
    std::string dots;
    for (int i = 0; i < 2'500; ++i) dots += "/.";
    compare({.scripts = {{"x.php", kShow}, {deep.substr(1) + "/x.php", kShow}},
             .cases = {ask("deep", deep + "/x.php"), ask("deep, info", deep + "/x.php/i"),
                       ask("a long name", "/" + std::string(300, 'n') + ".php"),
                       ask("long info", "/x.php/" + std::string(3'000, 'i')),
                       ask("info longer than a path may be", "/x.php/" + std::string(6'000, 'i')),
                       ask("long info in pieces", "/x.php" + std::string(deep + deep)),
                       ask("many slashes", slashes + "x.php"), ask("many dots", dots + "/x.php"),
                       ask("longer than a path may be", deep + deep + "/x.php"), ask("well again", "/x.php")},
             // Lines of the access log are meant to differ from 1,024 bytes on.
             .log = Log::Ignore});
}

/// A socket that nobody serves.
int listening(const fs::path& path) {
    sockaddr_storage storage{};
    const socklen_t size = harness::Address::unix_path(path.string()).fill(storage);
    const int number = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(number, reinterpret_cast<const sockaddr*>(&storage), size), 0);
    return number;
}

TEST(Paths, LinksAndOddFiles) {
    const auto make = [](const fs::path& root) {
        fs::create_symlink("real/app.php", root / "link.php");
        fs::create_symlink("real", root / "folder");
        fs::create_symlink("nowhere.php", root / "dangling.php");
        fs::create_symlink("loop.php", root / "loop.php");
        fs::create_symlink("real/page.txt", root / "text.php");
        fs::create_symlink("real/app.php", root / "other.txt");
        fs::create_symlink("secret.php", root / "to-secret.php");
        fs::create_directory(root / "dir.php");
        fs::permissions(root / "secret.php", fs::perms::none);
        (void)harness::Descriptor(listening(root / "socket.php"));
        fs::permissions(root / "closed", fs::perms::owner_all);
        fs::permissions(root / "searchable", fs::perms::owner_all | fs::perms::others_exec);
    };
    const auto named = [](std::string name, const std::string& file, const std::string& document_root) {
        return Case{std::move(name),
                    "",
                    "/app.php",
                    "GET",
                    {{"SCRIPT_FILENAME", "{root}" + file}, {"DOCUMENT_ROOT", "{root}" + document_root}}};
    };
    Case unopened = odd("a folder like a script", "/dir.php");
    unopened.differs = "php-fpm takes the reason from whatever call failed last, or says Success";
    compare({.scripts = {{"real/app.php", kShow},
                         {"real/beside.inc", "<?php return 'real';"},
                         {"beside.inc", "<?php return 'root';"},
                         {"real/page.txt", "text <?= 1 + 1 ?>"},
                         {"secret.php", "<?php echo 'secret';"},
                         {"closed/app.php", kShow},
                         {"searchable/app.php", kShow},
                         {"empty.php", ""},
                         {"blank.php", "\n"},
                         {"bom.php", "\xef\xbb\xbf<?php echo 'x';"},
                         {"shebang.php", "#!/usr/bin/php -q\n<?php echo 'x', __LINE__;"},
                         {"crlf.php", "<?php\r\necho 'x';\r\n?>\r\ny\r\n"},
                         {"short.php", "<? echo 'x' ?>"},
                         {"zero.php", "<?php echo 'a\0b';\0"s},
                         {"utf16.php", "\xff\xfe<\0?\0p\0h\0p\0 \0e\0x\0i\0t\0;\0"s},
                         {"halt.php",
                          "<?php echo file_get_contents(__FILE__, false, null, __COMPILER_HALT_OFFSET__); "
                          "__halt_compiler();rest"},
                         {"plain.phar", "<?php echo 'a phar in name';"},
                         {"none.phar", "no php"}},
             .cases = {odd("a link", "/link.php"),
                       odd("a link, info", "/link.php/x"),
                       odd("a folder that is a link", "/folder/app.php"),
                       odd("a dangling link", "/dangling.php"),
                       odd("a link to itself", "/loop.php"),
                       odd("a link to a text", "/text.php"),
                       odd("a text that is a script", "/other.txt"),
                       odd("a link to a secret", "/to-secret.php"),
                       odd("a secret", "/secret.php"),
                       odd("a secret, head", "/secret.php/x"),
                       odd("a closed folder", "/closed/app.php"),
                       odd("a folder to be searched only", "/searchable/app.php"),
                       unopened,
                       odd("a folder like a script, slash", "/dir.php/"),
                       odd("a folder like a script, info", "/dir.php/x"),
                       odd("a socket", "/socket.php"),
                       odd("empty", "/empty.php"),
                       odd("blank", "/blank.php"),
                       odd("byte order mark", "/bom.php"),
                       odd("shebang", "/shebang.php"),
                       odd("carriage returns", "/crlf.php"),
                       odd("short tags", "/short.php"),
                       odd("a zero byte", "/zero.php"),
                       odd("utf-16", "/utf16.php"),
                       odd("halted", "/halt.php"),
                       odd("phar", "/plain.phar"),
                       odd("no phar", "/none.phar"),
                       named("a root that is a link", "/folder/app.php", "/folder"),
                       named("a root behind a link", "/folder/app.php", "/real"),
                       named("a root with dots", "/real/./app.php", "/real/."),
                       named("a relative root", "/real/app.php", "/../real"),
                       {"of the page",
                        "<?php var_dump(getmyuid() === fileowner(__FILE__), getmyinode() === "
                        "fileinode(__FILE__), getlastmod() === filemtime(__FILE__), get_current_user());",
                        "/info"},
                       odd("well again", "/link.php")},
             .log = Log::Compare,
             .files = make});
}

}  // namespace
}  // namespace phalanx::compat
