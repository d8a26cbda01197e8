#include "compat/comparison.hpp"

// With the php.ini and the extensions that are installed, not without as most tests.

namespace phalanx::compat {
namespace {

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

Case own_build(std::string name, const std::string& code) {
    Case one = plain(std::move(name), code);
    one.differs = "libphp is another build of PHP and says so";
    return one;
}

/// The rows of a phpinfo section: all of them, without those that the pattern names.
std::string rows(const std::string& section, const std::string& without = "none") {
    return "ob_start(); phpinfo(" + section +
           "); $t = ob_get_clean(); preg_match_all('~<h[12][^>]*>(.*?)</h[12]>|<tr[^>]*>(.*?)</tr>~s', $t, "
           "$m, "
           "PREG_SET_ORDER); foreach ($m as $r) { $l = trim(strip_tags(str_replace(['</td>', '</th>'], ' | "
           "', $r[2] ?? '' "
           "?: $r[1]))); if (!preg_match('~^(" +
           without + ")~', $l)) echo $l, \"\\n\"; }";
}

TEST(InstalledPhp, WhatItSaysOfItself) {
    compare(
        {.cases =
             {
                 plain("files", "var_dump(php_ini_loaded_file(), php_ini_scanned_files());"),
                 plain("configured",
                       "foreach (['memory_limit', 'error_reporting', 'disable_functions', 'cfg_file_path', "
                       "'extension', 'output_buffering', 'none'] as $k) { echo $k, '='; "
                       "var_dump(get_cfg_var($k)); }"),
                 plain("values and who may change them",
                       "foreach (ini_get_all() as $k => $v) echo $k, json_encode($v, "
                       "JSON_PARTIAL_OUTPUT_ON_ERROR), "
                       "\"\\n\";"),
                 plain("values, short", "foreach (ini_get_all(null, false) as $k => $v) echo \"$k=$v\\n\";"),
                 plain(
                     "general rows",
                     rows("INFO_GENERAL", "Build Date|Configuration File .php.ini. Path|Configure Command")),
                 plain("general names",
                       "ob_start(); phpinfo(INFO_GENERAL); preg_match_all('~class=\"e\">(.*?) *</td>~', "
                       "ob_get_clean(), $m); echo implode(\"\\n\", $m[1]);"),
                 plain("configuration rows", rows("INFO_CONFIGURATION")),
                 plain("rows of modules", rows("INFO_MODULES",
                                               "(Used|Free) memory|Opcache (hits|statistics)|Start time|Last "
                                               "restart|Keys|Max keys|Cached|Interned|Cache (hits|misses)")),
                 plain("variables",
                       rows("INFO_VARIABLES", "\\$_SERVER\\['(REQUEST_TIME|SCRIPT)|\\$_SERVER\\['REQUEST")),
                 plain("environment", rows("INFO_ENVIRONMENT")),
                 plain("head of phpinfo", "header('X-A: 1'); phpinfo(INFO_LICENSE);"),
                 plain("extensions",
                       "foreach (get_loaded_extensions() as $e) echo $e, ' ', phpversion($e), \"\\n\"; "
                       "print_r(get_loaded_extensions(true));"),
                 plain("functions of each",
                       "foreach (get_loaded_extensions() as $e) echo $e, ' ', implode(' ', "
                       "get_extension_funcs($e) ?: []), \"\\n\";"),
                 plain("constants",
                       "foreach (get_defined_constants(true) as $e => $l) foreach ($l as $k => $v) if "
                       "(!preg_match('/^(PHP_BINARY|PHP_CONFIG_FILE|ZEND_MULTIBYTE)/', $k)) echo \"$e $k \", "
                       "@json_encode($v), \"\\n\";"),
                 plain("constants that a build could change",
                       "var_dump(PHP_SAPI, PHP_OS, PHP_DEBUG, PHP_ZTS, PHP_EXTENSION_DIR, PEAR_INSTALL_DIR, "
                       "DEFAULT_INCLUDE_PATH, PHP_SYSCONFDIR, PHP_LOCALSTATEDIR, "
                       "PHP_EXTRA_VERSION, PHP_MANDIR, zend_version(), php_uname('s'));"),
                 own_build("constants of the build", "echo PHP_CONFIG_FILE_PATH, PHP_CONFIG_FILE_SCAN_DIR;"),
                 own_build("rows of the build", rows("INFO_GENERAL", "[^BC]")),
                 plain("classes",
                       "$c = get_declared_classes(); echo implode(' ', $c), \"\\n\", implode(' ', "
                       "get_declared_interfaces());"),
                 plain("streams",
                       "print_r(stream_get_wrappers()); print_r(stream_get_transports()); "
                       "print_r(stream_get_filters()); print_r(hash_algos());"),
                 plain("functions that are disabled",
                       "var_dump(ini_get('disable_functions'), function_exists('pcntl_fork'), "
                       "function_exists('chroot'), function_exists('dl'));"),
                 plain("resources",
                       "var_dump(count(get_resources()), get_included_files() === [__FILE__], "
                       "gc_status()['threshold'], getmyuid(), get_current_user(), getmypid() > 1, "
                       "sys_getloadavg() !== false);"),
                 plain("an order of magnitude of memory",
                       "var_dump(memory_get_usage() < 600000, "
                       "memory_get_peak_usage(true), memory_get_usage(true));"),
             },
         .arguments = {}});
}

TEST(InstalledPhp, RunsWhatItsIniSays) {
    compare(
        {.cases =
             {
                 plain("errors are not shown", "echo $undefined; no_such();"),
                 plain("short tags", "?><? echo 1 ?><?php echo 2;"),
                 plain("4 KB are buffered", "echo 'x'; var_dump(headers_sent(), ob_get_level());"),
                 plain("sessions",
                       "var_dump(session_save_path(), ini_get('session.gc_probability'), @session_start());"),
                 plain("phar",
                       "$f = tempnam(sys_get_temp_dir(), 'x'); try { $p = new Phar(\"$f.phar\"); "
                       "$p['a.php'] = '<?php echo 1;'; } catch (Exception $e) { echo get_class($e); } "
                       "unlink($f);"),
                 plain("ffi",
                       "try { FFI::cdef('int getpid(void);'); } catch (Throwable $e) { echo get_class($e), "
                       "$e->getMessage(); }"),
                 plain("fileinfo", "echo mime_content_type(__FILE__);"),
                 plain("shared memory",
                       "$s = shm_attach(ftok(__FILE__, 'a'), 1000); shm_put_var($s, 1, 'x'); echo "
                       "shm_get_var($s, 1); shm_remove($s);"),
                 plain("sockets",
                       "socket_create_pair(AF_UNIX, SOCK_STREAM, 0, $p); socket_write($p[0], 'via'); echo "
                       "socket_read($p[1], 9);"),
                 plain("readline",
                       "var_dump(function_exists('readline_add_history'), readline_add_history('x'));"),
                 plain("iconv and gettext",
                       "echo iconv('UTF-8', 'ISO-8859-1//TRANSLIT', 'x'), _('text'), "
                       "easter_days(2024);"),
                 plain("settings of libraries",
                       "if (function_exists('mb_internal_encoding')) { mb_internal_encoding('ISO-8859-1'); "
                       "mb_language('Japanese'); mb_substitute_character(33); mb_http_output('UTF-16'); "
                       "mb_regex_encoding('SJIS'); } libxml_use_internal_errors(true); "
                       "libxml_set_streams_context(stream_context_create()); textdomain('x'); if "
                       "(class_exists('Locale')) Locale::setDefault('de_DE'); if "
                       "(function_exists('simplexml_load_string')) "
                       "simplexml_load_string('<');"),
                 plain("settings of libraries, then",
                       "if (function_exists('mb_internal_encoding')) var_dump(mb_internal_encoding(), "
                       "mb_language(), "
                       "mb_substitute_character(), mb_http_output(), mb_regex_encoding()); "
                       "var_dump(libxml_use_internal_errors(), libxml_get_last_error(), textdomain(null), "
                       "class_exists('Locale') ? Locale::getDefault() : 0);"),
                 plain("opcache works",
                       "var_dump(opcache_get_status(false)['opcache_enabled'], "
                       "opcache_is_script_cached(__FILE__), opcache_get_configuration()['version']);"),
             },
         .masks = {{"SESSION ID", "PHPSESSID=[a-z0-9]{26,32}"}},
         .arguments = {}});
}

TEST(InstalledPhp, FilesAndFoldersOfItsOwn) {
    const std::string ask =
        "<?php var_dump(php_ini_loaded_file(), php_ini_scanned_files(), ini_get('precision'), "
        "ini_get('memory_limit'), ini_get('display_errors'), get_cfg_var('my.own'));";
    compare({.scripts = {{"conf/php.ini", "precision=5\nmy.own=1\n"}, {"ask.php", ask}},
             .cases = {{"a folder", "", "/ask.php"}},
             .arguments = {"-c", "{root}/conf"}});
    compare({.scripts = {{"conf/php-fpm-fcgi.ini", "precision=6\n"},
                         {"conf/php.ini", "precision=5\n"},
                         {"ask.php", ask}},
             .cases = {{"a file by the name of the interface", "", "/ask.php"}},
             .arguments = {"-c", "{root}/conf"}});
    compare(
        {.scripts = {{"own.ini", "precision=7\ndisplay_errors=off\nmemory_limit=50M\n"}, {"ask.php", ask}},
         .cases = {{"a file and defines", "", "/ask.php"}},
         .arguments = {"-c", "{root}/own.ini", "-d", "precision=8", "-d", "my.own", "-d",
                       "memory_limit=60M"}});
    compare({.scripts = {{"ask.php", ask}},
             .cases = {{"a missing file", "", "/ask.php"}},
             .arguments = {"-c", "{root}/none.ini"}});
}

}  // namespace
}  // namespace phalanx::compat
