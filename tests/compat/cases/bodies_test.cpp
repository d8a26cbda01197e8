#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

using namespace std::string_literals;

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kBody =
    "<?php var_dump($_SERVER['CONTENT_LENGTH'] ?? null, $_POST, file_get_contents('php://input'));";

std::string multipart() {
    return "--XX\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\nvalue\r\n--XX--\r\n";
}

Case with_body(std::string name, std::string code, std::string body, const std::string& type = "text/plain",
               std::string method = "POST") {
    return {std::move(name),   std::move(code),          "",
            std::move(method), {{"CONTENT_TYPE", type}}, std::move(body)};
}

TEST(Bodies, ReadInEveryWay) {
    compare(
        {.cases = {
             with_body("in small pieces",
                       "<?php $f = fopen('php://input', 'r'); while (($s = fread($f, 3)) !== '') echo "
                       "\"[$s]\"; var_dump(feof($f));",
                       "0123456789"),
             with_body("twice", "<?php readfile('php://input'); readfile('php://input');", "ab"),
             with_body("by two readers",
                       "<?php $f = fopen('php://input', 'r'); $g = fopen('php://input', 'r'); echo "
                       "fread($f, 2), fread($g, 3), fread($f, 9), fread($g, 9);",
                       "abcdefgh"),
             with_body(
                 "from an offset",
                 "<?php $f = fopen('php://input', 'r'); echo stream_get_contents($f, 2, 3), '|', "
                 "stream_get_contents($f, -1, 1), '|', file_get_contents('php://input', false, null, 4, "
                 "2); var_dump(fseek($f, -1, SEEK_END), ftell($f), rewind($f));",
                 "abcdefgh"),
             with_body("line by line", "<?php foreach (file('php://input') as $l) echo strlen($l), ' ';",
                       "one\ntwo\r\n\nlast"),
             with_body("what the stream is",
                       "<?php $f = fopen('php://input', 'r'); print_r(stream_get_meta_data($f)); "
                       "var_dump(fstat($f)['size'] ?? null, fwrite($f, 'x'));",
                       "ab"),
             with_body("after the form", "<?php print_r($_POST); readfile('php://input');", "a=1&b=2", kForm),
             with_body("of parts", "<?php print_r($_POST); var_dump(file_get_contents('php://input'));",
                       multipart(), "multipart/form-data; boundary=XX"),
             with_body("with put", "<?php print_r($_POST); readfile('php://input');", "a=1", kForm, "PUT"),
             with_body("with delete", "<?php print_r($_POST); readfile('php://input');", "a=1", kForm,
                       "DELETE"),
             with_body("with patch", "<?php print_r($_POST); readfile('php://input');", "a=1", kForm,
                       "PATCH"),
             with_body("with get", "<?php print_r($_POST); readfile('php://input');", "a=1", kForm, "GET"),
             with_body("with head", "<?php header('X-Body: ' . file_get_contents('php://input'));", "a=1",
                       kForm, "HEAD"),
             with_body("with a small post", "<?php print_r($_POST);", "a=1", kForm, "post"),
             with_body("parts with put", "<?php print_r($_POST); readfile('php://input');", multipart(),
                       "multipart/form-data; boundary=XX", "PUT"),
             with_body("raw data of old", "<?php var_dump($HTTP_RAW_POST_DATA ?? null);", "a=1"),
             with_body("an empty type", kBody, "a=1", ""),
             with_body("a type with a charset", kBody, "a=1", "application/x-www-form-urlencoded; charset=x"),
             with_body("a type in capitals", kBody, "a=1", "APPLICATION/X-WWW-FORM-URLENCODED"),
             with_body("a type with a comma", kBody, "a=1", "application/x-www-form-urlencoded,x"),
             with_body("a type with a blank before", kBody, "a=1", " application/x-www-form-urlencoded"),
             with_body("a type with a tab behind", kBody, "a=1", "application/x-www-form-urlencoded\t"),
             with_body("json", "<?php print_r(json_decode(file_get_contents('php://input'), true));",
                       R"({"a":[1,2]})", "application/json"),
             with_body("odd pairs", "<?php print_r($_POST);",
                       "=x&&a&b=&c=1=2&d%00e=1&f[=1&g[]h=1&i.j k=1&%5Bl=1&m[n][]=1&m[n][]=2&o]=1", kForm),
             with_body(
                 "copied",
                 "<?php $t = fopen('php://temp', 'w+'); echo stream_copy_to_stream(fopen('php://input', "
                 "'r'), $t); rewind($t); echo md5(stream_get_contents($t));",
                 std::string(200'000, 'c')),
             with_body("through filters",
                       "<?php readfile('php://filter/read=string.toupper/resource=php://input');", "abc"),
             with_body("in a shutdown function",
                       "<?php register_shutdown_function(function () { readfile('php://input'); });", "late"),
             with_body("after the answer",
                       "<?php fastcgi_finish_request(); file_put_contents(__DIR__ . '/late', "
                       "file_get_contents('php://input'));",
                       "unseen"),
         }});
}

/// The body's length in every spelling; what is really sent are eight bytes.
Case length(std::string name, std::optional<std::string> value, std::string differs = {}) {
    Case one = with_body(std::move(name), kBody, "a=1&b=23", kForm);
    one.params.push_back({"CONTENT_LENGTH", std::move(value)});
    one.differs = std::move(differs);
    if (!one.differs.empty()) one.patience = harness::milliseconds(200);
    return one;
}

TEST(Bodies, LengthsInEverySpelling) {
    const std::string waits = "php-fpm waits for the client to close; a worker is not to wait";
    compare({.cases = {
                 length("absent", std::nullopt),
                 length("empty", ""),
                 length("zero", "0"),
                 length("exact", "8"),
                 length("shorter", "3"),
                 length("a plus", "+3"),
                 length("a plus, exact", "+8"),
                 length("a blank before", " 3"),
                 length("a tab before", "\t3"),
                 length("a letter behind", "3x"),
                 length("a letter before", "x3"),
                 length("a list", "3, 3"),
                 length("zeroes before", "0003"),
                 length("hexadecimal", "0x3"),
                 length("a fraction", "3.9"),
                 length("a power", "3e1"),
                 length("negative", "-3", waits),
                 length("minus one", "-1", waits),
                 length("a plus alone", "+"),
                 length("two signs", "+-3"),
                 length("no ascii digit", "\xd9\xa3"),
                 length("a zero byte", "3\0 5"s),
                 length("longer", "9", waits),
                 length("no number of 32 bits", "4294967304", waits),
                 length("the largest", "9223372036854775807", waits),
                 length("too large", "9223372036854775808", waits),
                 length("absurd", "99999999999999999999999999", waits),
                 length("absurdly negative", "-99999999999999999999999999", waits),
             }});
}

TEST(Bodies, FromAFile) {
    const auto file = [](std::string name, const std::string& path, const std::string& size) {
        Case one = with_body(std::move(name), kBody, "", kForm);
        one.params.push_back({"REQUEST_BODY_FILE", path});
        one.params.push_back({"CONTENT_LENGTH", size});
        return one;
    };
    compare({.pool = {{"php_flag[display_errors]", "on"}},
             .scripts = {{"body.txt", "a=1&b=23"}},
             .cases = {file("exact", "{root}/body.txt", "8"), file("shorter", "{root}/body.txt", "3"),
                       file("longer", "{root}/body.txt", "20"), file("missing", "{root}/none.txt", "8"),
                       file("a folder", "{root}", "8"), file("no length", "{root}/body.txt", "")}});
}

TEST(Bodies, TooLarge) {
    const std::string body(2'000, 'a');
    compare({.pool = {{"php_admin_value[post_max_size]", "1K"}, {"php_flag[display_errors]", "on"}},
             .cases = {
                 with_body("a form", "<?php var_dump($_POST, strlen(file_get_contents('php://input')));",
                           "a=" + body, kForm),
                 with_body("a form, exact", "<?php var_dump(strlen($_POST['a']));",
                           "a=" + body.substr(0, 1'022), kForm),
                 with_body("another type", "<?php var_dump(strlen(file_get_contents('php://input')));", body),
                 with_body("parts", "<?php var_dump($_POST);", multipart() + body,
                           "multipart/form-data; boundary=XX"),
                 with_body("put", "<?php var_dump(strlen(file_get_contents('php://input')));", body, kForm,
                           "PUT"),
                 with_body("no type", "<?php var_dump(strlen(file_get_contents('php://input')));", body, ""),
                 {"the next one", "<?php echo 'well';"},
             }});
}

/// Refused requests that PHP has already complained about, and so begun to answer.
std::vector<Case> complained_about() {
    const auto refused = [](std::string name, const std::string& path, std::string differs = {}) {
        Case one{std::move(name), "", path, "POST", {}, "a=1&b=2&c=3"};
        one.differs = std::move(differs);
        return one;
    };
    std::vector<Case> cases = {
        refused("missing", "/none.php"),
        refused("missing, info", "/none.php/x"),
        refused("denied", "/page.inc"),
        refused("climbing", "/folder.php/../page.php"),
        refused("a folder", "/folder.php"),
        refused("empty", "/page.php"),
        refused("unnamed", "/page.php", "php-fpm overlooks the body and drops the connection"),
        refused("served", "/page.php"),
    };
    cases[5].params.push_back({"SCRIPT_FILENAME", ""});
    cases[6].params.push_back({"SCRIPT_FILENAME", std::nullopt});
    return cases;
}

TEST(Bodies, ComplainedAboutBeforeARefusal) {
    for (const bool fixed : {true, false}) {
        compare({.pool = {{"php_value[max_input_vars]", "2"},
                          {"php_flag[display_errors]", "on"},
                          {"php_admin_value[cgi.fix_pathinfo]", fixed ? "1" : "0"}},
                 .scripts = {{"page.php", "<?php echo http_response_code();"},
                             {"page.inc", "x"},
                             {"folder.php/x", ""}},
                 .cases = complained_about(),
                 .masks = {{"(REASON)", "\\((Success|No such file or directory)\\)"}}});
    }
}

TEST(Bodies, LeftToTheScript) {
    compare({.pool = {{"php_admin_flag[enable_post_data_reading]", "off"}},
             .cases = {
                 with_body("a form", kBody, "a=1", kForm),
                 with_body("parts", kBody, multipart(), "multipart/form-data; boundary=XX"),
                 with_body("not read", "<?php echo 'x';", std::string(100'000, 'q'), kForm),
                 with_body("half of it", "<?php echo fread(fopen('php://input', 'r'), 5);",
                           std::string(100'000, 'q'), kForm),
                 {"the next one", "<?php echo 'well';"},
             }});
}

}  // namespace
}  // namespace phalanx::compat
