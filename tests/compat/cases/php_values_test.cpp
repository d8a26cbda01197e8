#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

TEST(PhpValues, ThatSwitchThingsOff) {
    compare(
        {.pool = {{"php_admin_value[disable_functions]", "\"strlen,exec , no_such, mail,,header\""},
                  {"php_value[disable_classes]", "\"ArrayObject, SplFixedArray\""},
                  {"php_admin_value[open_basedir]", "\"{root}:/tmp/phalanx-none\""},
                  {"php_admin_value[auto_prepend_file]", "{root}/before.inc"},
                  {"php_value[auto_append_file]", "missing.inc"},
                  {"php_value[date.timezone]", "Mars/Olympus"},
                  {"php_admin_flag[allow_url_fopen]", "off"},
                  {"php_flag[short_open_tag]", "on"},
                  {"php_value[error_reporting]", "22527"},
                  {"php_value[unserialize_callback_func]", "none"},
                  {"php_flag[display_errors]", "on"},
                  {"php_value[arg_separator.output]", "\"&amp;\""},
                  {"php_value[arg_separator.input]", "\";\""},
                  {"php_admin_flag[expose_php]", "off"},
                  {"php_admin_value[zend.assertions]", "-1"},
                  {"php_value[serialize_precision]", "3"}},
         .scripts = {{"before.inc", "<?php echo 'before ', basename($_SERVER['SCRIPT_NAME']), ' ';"},
                     {"syntax.php", "<?php if ("}},
         .cases = {
             plain("disabled",
                   "foreach (['strlen', 'exec', 'mail', 'header', 'no_such', 'system'] as $f) "
                   "var_dump(function_exists($f), is_callable($f)); print_r(ini_get('disable_functions'));"),
             plain("a disabled one is called", "echo strlen('x');"),
             plain("its name is free", "function exec() { return 'mine'; } echo exec();"),
             plain("disabled classes",
                   "var_dump(class_exists('ArrayObject'), new ArrayObject([1]), "
                   "ini_get('disable_classes'));"),
             plain("a child of a disabled class", "class C extends SplFixedArray {} var_dump(new C(2));"),
             plain("outside of open_basedir",
                   "var_dump(@file_get_contents('/etc/hostname'), "
                   "file_exists('/etc/passwd'), is_dir(__DIR__), glob('/etc/*'), "
                   "opendir('/'), realpath('/etc'), chdir('/'), touch('/nonexistent/x'), "
                   "symlink('/etc/passwd', __DIR__ . '/l'), include '/etc/hostname');"),
             plain("open_basedir tightened",
                   "var_dump(ini_set('open_basedir', __DIR__ . '/sub'), ini_get('open_basedir'), "
                   "@file_get_contents(__FILE__), ini_set('open_basedir', __DIR__), ini_set('open_basedir', "
                   "'/'));"),
             plain("open_basedir is as before", "echo ini_get('open_basedir'), file_exists(__FILE__);"),
             plain("upload folder", "var_dump(sys_get_temp_dir(), @tempnam('/tmp', 'x'), @tmpfile());"),
             plain("a zone that is none",
                   "echo date_default_timezone_get(), date('T', 0), ini_get('date.timezone');"),
             plain("urls",
                   "var_dump(@file_get_contents('http://127.0.0.1:1/'), ini_get('allow_url_fopen'), "
                   "ini_set('allow_url_fopen', '1'));"),
             {"short tags", "<? echo 'short' ?> <?= 1 ?>"},
             plain("reporting",
                   "var_dump(error_reporting(), E_ALL); echo $u; trigger_error('d', E_USER_DEPRECATED);"),
             {"separators", "<?php print_r($_GET); echo http_build_query(['a' => 1, 'b' => 2]);",
              "?a=1&b=2;c=3"},
             plain("precision", "echo serialize(1 / 3), json_encode(2 / 3), var_export(1 / 7, true);"),
             plain("assertions",
                   "assert(false); var_dump(ini_get('zend.assertions'), @ini_set('zend.assertions', '1'));"),
             plain("exit and what is appended", "exit('x');"),
             {"a syntax error and what is prepended", "", "/syntax.php"},
             {"refused and what is prepended", "", "/none.php"},
             plain("levels of access",
                   "foreach (['open_basedir', 'auto_prepend_file', 'auto_append_file', 'disable_functions', "
                   "'date.timezone', 'expose_php', 'short_open_tag', 'error_reporting', 'allow_url_fopen'] "
                   "as $k) echo "
                   "$k, json_encode(ini_get_all()[$k]), \"\\n\";"),
         }});
}

TEST(PhpValues, Overruled) {
    // Values in odd spellings, and the same ones twice.
    compare(
        {.pool = {{"php_admin_value[memory_limit]", "none"},
                  {"php_value[precision]", "abc"},
                  {"php_value[user_agent]", "\"a \\\"b\\\" 'c' ; d\""},
                  {"php_value[error_append_string]", "'$HOME ${HOME} \\n'"},
                  {"php_value[error_prepend_string]", "<b>"},
                  {"php_admin_value[auto_detect_line_endings]", "1"},
                  {"php_flag[ignore_user_abort]", "yes"},
                  {"php_admin_flag[html_errors]", "0"},
                  {"php_value[default_socket_timeout]", "-5"},
                  {"php_value[session.gc_maxlifetime]", "1 + 1"},
                  {"php_value[upload_max_filesize]", "3x"},
                  {"php_value[mail.add_x_header]", "yes"},
                  {"php_value[max_input_vars]", "0x10"},
                  {"php_admin_value[sys_temp_dir]", "{own}"},
                  {"php_value[no.such]", "1"},
                  {"php_admin_value[extension]", "no_such_extension"},
                  {"catch_workers_output", "yes"}},
         .cases =
             {
                 plain(
                     "values",
                     "foreach (['memory_limit', 'precision', 'user_agent', 'error_append_string', "
                     "'error_prepend_string', 'ignore_user_abort', 'html_errors', 'default_socket_timeout', "
                     "'session.gc_maxlifetime', 'upload_max_filesize', 'mail.add_x_header', "
                     "'max_input_vars', "
                     "'sys_temp_dir', 'auto_detect_line_endings', 'no.such', 'extension'] as $k) { echo $k, "
                     "'='; "
                     "var_dump(ini_get($k)); } var_dump(sys_get_temp_dir(), ignore_user_abort());"),
                 plain("restored",
                       "foreach (['precision', 'user_agent', 'html_errors', 'memory_limit'] as $k) { "
                       "ini_set($k, '7'); ini_restore($k); var_dump(ini_get($k)); }"),
                 plain("configured",
                       "var_dump(get_cfg_var('precision'), get_cfg_var('user_agent'), "
                       "get_cfg_var('memory_limit'), get_cfg_var('no.such'));"),
             },
         // A missing extension is told to the log by the program that looks for it, in its own words.
         .log = Log::Ignore});
}

TEST(PhpValues, Extensions) {
    compare({.pool = {{"php_admin_value[extension]", "posix.so"},
                      {"php_value[extension]", "ctype"},
                      {"php_admin_value[extension_dir]", "/usr/lib/php/20220829"}},
             .cases = {
                 plain("loaded",
                       "var_dump(extension_loaded('posix'), extension_loaded('ctype'), "
                       "function_exists('posix_getpid'), @ctype_digit('5'), posix_getpid() === getmypid());"),
                 plain("and again", "var_dump(posix_getppid() > 0, count(get_extension_funcs('posix')));")}});
}

TEST(PhpValues, ThatKeepScriptsOut) {
    const auto at = [](std::string name, const std::string& path, const std::string& file = {}) {
        Case one{std::move(name), "", path};
        if (!file.empty()) one.params.push_back({"SCRIPT_FILENAME", file});
        return one;
    };
    compare(
        {.pool = {{"php_admin_value[open_basedir]", "{root}/in"}, {"php_flag[display_errors]", "on"}},
         .scripts = {{"in/a.php", "<?php echo 'in';"},
                     {"in/sub/.user.ini", "open_basedir = /nonexistent\n"},
                     {"in/sub/a.php", "<?php echo ini_get('open_basedir');"},
                     {"in/pre/.user.ini", "auto_prepend_file = none.inc\n"},
                     {"in/pre/a.php", "<?php echo 'not reached';"},
                     {"in/out/.user.ini", "auto_append_file = ../../out.php\n"},
                     {"in/out/a.php", "<?php echo 'x';"},
                     {"out.php", "<?php echo 'out';"}},
         .cases = {at("inside", "/in/a.php"), at("outside", "/out.php"),
                   at("outside by a link", "/in/link.php"), at("missing outside", "/none.php"),
                   at("outside by dots", "/in/a.php", "{root}/in/../out.php"),
                   at("tightened by a .user.ini", "/in/sub/a.php"), at("nothing to prepend", "/in/pre/a.php"),
                   at("something outside to append", "/in/out/a.php"), at("inside again", "/in/a.php")},
         .files = [](const std::filesystem::path& root) {
             std::filesystem::create_symlink("../out.php", root / "in/link.php");
         }});
}

TEST(PhpValues, InTheRequest) {
    const std::string ask =
        "foreach (['precision', 'memory_limit', 'user_agent', 'open_basedir', 'file_uploads', "
        "'disable_functions'] as $k) { echo $k, '='; var_dump(ini_get($k)); } "
        "var_dump(function_exists('strlen'), function_exists('posix_getpid'), ini_set('precision', '9'), "
        "ini_get_all()['precision']['access']);";
    const auto with = [&](std::string name, std::string value, std::string admin_value = {}) {
        Case one = plain(std::move(name), ask);
        if (!value.empty()) one.params.push_back({"PHP_VALUE", std::move(value)});
        if (!admin_value.empty()) one.params.push_back({"PHP_ADMIN_VALUE", std::move(admin_value)});
        return one;
    };
    // One request per worker: what each program does with the values later differs on purpose.
    compare({.pool = {{"pm.max_requests", "1"},
                      {"php_admin_value[memory_limit]", "64M"},
                      {"php_flag[display_errors]", "on"}},
             .scripts = {{"before.inc", "<?php echo 'before ';"}},
             .cases = {with("carriage returns", "precision=3\r\nuser_agent=x\r\n"),
                       with("comments", "; precision=1\nprecision=3 ; three\n\n"),
                       with("quotes", "user_agent = \"a=b; c\"\nprecision = '4'"),
                       with("an empty value", "user_agent=\nprecision=4"),
                       with("no value", "user_agent\nprecision=4"),
                       with("words and constants", "precision=E_ERROR\nuser_agent=PHP_VERSION"),
                       with("a broken line", "precision=3\nuser_agent=(\nprecision=4"),
                       with("blanks only", " \n\n "), with("the same twice", "precision=3\nprecision=4"),
                       with("against the pool", "memory_limit=70M", "memory_limit=80M"),
                       with("both", "precision=3", "precision=4"),
                       with("functions", "", "disable_functions=strlen,exec"),
                       with("functions as a value", "disable_functions=strlen", ""),
                       with("an extension", "", "extension=posix.so"), with("a basedir", "open_basedir=/tmp"),
                       with("a prepended file", "auto_prepend_file={root}/before.inc"),
                       with("variables of the environment", "user_agent=${HOME}"),
                       with("display of errors", "display_errors=0\nerror_reporting=0")},
             .masks = {{"CONNECTION", "connection (kept|closed)"}},
             .log = Log::Ignore});
}

TEST(PhpValues, LogsOfPhp) {
    const std::string read =
        "echo preg_replace('/^\\[[^]]*\\]/m', '[TIME]', file_get_contents(ini_get('error_log')));";
    const std::vector<Case> cases = {
        plain("lines",
              "error_log('one'); error_log(\"two\\nlines\"); echo $undefined; error_log(str_repeat('l', "
              "3000));"),
        plain("a fatal error", "no_such();"),
        plain("to another",
              "ini_set('error_log', dirname(ini_get('error_log')) . '/other'); error_log('other');"),
        plain("after the answer", "fastcgi_finish_request(); error_log('late');"),
        plain("the file", read),
        plain("its mode", "printf('%o', fileperms(ini_get('error_log')));"),
    };
    compare({.pool = {{"php_admin_value[error_log]", "{own}/php.log"},
                      {"php_admin_flag[log_errors]", "on"},
                      {"php_flag[display_errors]", "off"}},
             .cases = cases});
    compare({.pool = {{"php_value[error_log]", "{own}/php.log"},
                      {"php_flag[log_errors]", "on"},
                      {"php_flag[display_errors]", "off"},
                      {"php_value[log_errors_max_len]", "50"},
                      {"php_flag[ignore_repeated_errors]", "on"},
                      {"catch_workers_output", "yes"}},
             .cases = cases});
    compare({.pool = {{"php_admin_value[error_log]", "/nonexistent/php.log"},
                      {"php_admin_flag[log_errors]", "on"},
                      {"catch_workers_output", "yes"}},
             .cases = {cases.begin(), cases.begin() + 2}});
    compare({.pool = {{"php_admin_value[error_log]", "syslog"},
                      {"php_admin_flag[log_errors]", "on"},
                      {"php_value[syslog.ident]", "none"},
                      {"catch_workers_output", "yes"}},
             .cases = {cases.begin(), cases.begin() + 2}});
}

}  // namespace
}  // namespace phalanx::compat
