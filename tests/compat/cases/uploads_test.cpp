#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

using namespace std::string_literals;
using Parts = std::vector<std::pair<std::string, std::string>>;  ///< what stands in a disposition, content

const Mask kTempFiles{"TEMP FILE", "[a-zA-Z0-9/._-]*/php[A-Za-z0-9]{6}"};

/// Everything that a script learns of uploaded files, and whether they are there.
constexpr const char* kShow = R"(<?php
echo json_encode($_FILES, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_PARTIAL_OUTPUT_ON_ERROR), json_encode($_POST), "\n";
array_walk_recursive($_FILES, function ($v, $k) {
    if (is_string($v) && is_file($v)) {
        printf("%s %o %d ", md5_file($v), fileperms($v), is_uploaded_file($v));
    }
});
)";

std::string multipart(const Parts& parts, const std::string& boundary = "XX") {
    std::string body;
    for (const auto& [disposition, content] : parts) {
        body += "--" + boundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" +
                content + "\r\n";
    }
    return body + "--" + boundary + "--\r\n";
}

Case upload(std::string name, std::string body,
            const std::string& type = "multipart/form-data; boundary=XX") {
    return {std::move(name), "", "/show.php", "POST", {{"CONTENT_TYPE", type}}, std::move(body)};
}

Parts many(int count) {
    Parts parts;
    for (int i = 0; i < count; ++i) {
        parts.emplace_back("name=\"f" + std::to_string(i) + "\"; filename=\"" + std::to_string(i) + "\"",
                           std::to_string(i));
    }
    return parts;
}

TEST(Uploads, InEveryShape) {
    const std::string bytes = "\0\r\n--X\xff\r\n--XY\r\n"s;
    compare(
        {.scripts = {{"show.php", kShow}},
         .cases =
             {
                 upload("two files and a value", multipart({{R"(name="a"; filename="1.txt")", "one"},
                                                            {R"(name="v")", "value"},
                                                            {R"(name="b"; filename="2.txt")", "two"}})),
                 upload("a list", multipart({{R"(name="a[]"; filename="1")", "one"},
                                             {R"(name="a[]"; filename="2")", "two"}})),
                 upload("names in brackets", multipart({{R"(name="a[x][y]"; filename="1")", "one"},
                                                        {R"(name="a[x][z]"; filename="2")", "two"}})),
                 upload("the same name twice", multipart({{R"(name="a"; filename="1")", "one"},
                                                          {R"(name="a"; filename="2")", "two"}})),
                 upload("broken brackets", multipart({{R"(name="a[x"; filename="1")", "one"},
                                                      {R"(name="a]x["; filename="2")", "two"}})),
                 upload("an empty file", multipart({{R"(name="a"; filename="1")", ""}})),
                 upload("no file chosen", multipart({{R"(name="a"; filename="")", ""}})),
                 upload("bytes of every kind", multipart({{R"(name="a"; filename="1")", bytes}})),
                 upload("a path for a name", multipart({{R"(name="a"; filename="C:\d\e/f/../g.txt")", "x"}})),
                 upload("odd names", multipart({{R"(name="a b.c d"; filename="\"q\".txt")", "x"},
                                                {R"(name='s'; filename='t')", "y"},
                                                {R"(name=u; filename=v w)", "z"}})),
                 upload("names in utf-8", multipart({{R"(name="ä"; filename="ö.txt")", "x"}})),
                 upload("names without end", multipart({{R"(name="a; filename="b)", "x"}})),
                 upload("no name", multipart({{R"(filename="1")", "x"}, {"x=y", "z"}})),
                 upload("a zero byte in a name", multipart({{"name=\"a\0b\"; filename=\"c\0d\""s, "x"}})),
                 upload("its own type",
                        "--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"1\"\r\n"
                        "content-type: text/x; charset=y\r\nX-Other: z\r\n\r\nx\r\n--XX--\r\n"),
                 upload("no disposition", "--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--\r\n"),
                 upload("a large file",
                        multipart({{R"(name="a"; filename="1")", std::string(300'000, 'f')}})),
                 upload("files over the count", multipart(many(22))),
                 upload("what is left over", "preamble\r\n" + multipart({{R"(name="v")", "1"}}) + "epilogue"),
             },
         .masks = {kTempFiles}});
}

TEST(Uploads, BrokenOnes) {
    const std::string whole = multipart({{R"(name="a"; filename="1")", "one"}, {R"(name="v")", "value"}});
    const auto typed = [&](std::string name, const std::string& type) {
        return upload(std::move(name), whole, type);
    };
    compare(
        {.pool = {{"php_flag[display_errors]", "on"}},
         .scripts = {{"show.php", kShow}},
         .cases =
             {
                 typed("a boundary in quotes", "multipart/form-data; boundary=\"XX\""),
                 typed("a boundary in half a quote", "multipart/form-data; boundary=\"XX"),
                 typed("a boundary and more", "multipart/form-data; boundary=XX; charset=utf-8"),
                 typed("a boundary with a comma", "multipart/form-data; boundary=XX, x"),
                 typed("no boundary", "multipart/form-data"),
                 typed("an empty boundary", "multipart/form-data; boundary="),
                 typed("another boundary", "multipart/form-data; boundary=YY"),
                 typed("a type in capitals", "Multipart/Form-Data; Boundary=XX"),
                 typed("another kind of parts", "multipart/mixed; boundary=XX"),
                 typed("a very long boundary", "multipart/form-data; boundary=" + std::string(6'000, 'X')),
                 upload("nothing at all", ""),
                 upload("only a boundary", "--XX\r\n"),
                 upload("cut in the head", whole.substr(0, 30)),
                 upload("cut in the file", whole.substr(0, 66)),
                 upload("cut in the last boundary", whole.substr(0, whole.size() - 5)),
                 upload("line feeds alone",
                        "--XX\nContent-Disposition: form-data; name=\"v\"\n\nvalue\n--XX--\n"),
                 upload("a head of any length",
                        "--XX\r\nX: " + std::string(9'000, 'h') + "\r\n\r\nx\r\n--XX--\r\n"),
             },
         .masks = {kTempFiles}});
}

TEST(Uploads, Limits) {
    const std::string file = multipart({{R"(name="a"; filename="1")", std::string(3'000, 'f')}});
    Case early = upload("input is there too", file);
    early.target = "/input.php";
    compare(
        {.pool = {{"php_admin_value[upload_max_filesize]", "2K"},
                  {"php_admin_value[max_file_uploads]", "2"},
                  {"php_admin_value[upload_tmp_dir]", "{own}"},
                  {"php_flag[display_errors]", "on"}},
         .scripts = {{"show.php", kShow},
                     {"input.php", "<?php var_dump(strlen(file_get_contents('php://input')), $_FILES);"},
                     {"move.php",
                      R"(<?php $f = $_FILES['a']['tmp_name']; $to = dirname($f) . '/moved';
var_dump(move_uploaded_file(__FILE__, $to), move_uploaded_file($f, $to), move_uploaded_file($f, $to));
printf('%o', fileperms($to)); unlink($to); var_dump(is_uploaded_file($f)); echo dirname($f);)"}},
         .cases =
             {
                 upload("too large for the setting", file),
                 upload("too large for the form",
                        multipart({{R"(name="MAX_FILE_SIZE")", "3"}, {R"(name="a"; filename="1")", "four"}})),
                 upload("a limit that comes late",
                        multipart({{R"(name="a"; filename="1")", "four"}, {R"(name="MAX_FILE_SIZE")", "3"}})),
                 upload("no limit in the form",
                        multipart({{R"(name="MAX_FILE_SIZE")", "x"}, {R"(name="a"; filename="1")", "four"}})),
                 upload("too many", multipart(many(3))),
                 early,
                 {"moved",
                  "",
                  "/move.php",
                  "POST",
                  {{"CONTENT_TYPE", "multipart/form-data; boundary=XX"}},
                  multipart({{R"(name="a"; filename="1")", "four"}})},
                 {"nothing is left", "<?php echo implode(' ', scandir(ini_get('upload_tmp_dir')));"},
             },
         .masks = {kTempFiles}});
    compare({.pool = {{"php_admin_flag[file_uploads]", "off"}, {"php_flag[display_errors]", "on"}},
             .scripts = {{"show.php", kShow}},
             .cases = {upload("no uploads", file),
                       upload("no uploads, a value", multipart({{R"(name="v")", "1"}}))},
             .masks = {kTempFiles}});
}

}  // namespace
}  // namespace phalanx::compat
