#include <fstream>

#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kWithOpcache = {"-n", "-d", "zend_extension=opcache.so", "-d",
                                               "opcache.file_update_protection=0"};

Case plain(std::string name, const std::string& code) {
    return {std::move(name), "<?php " + code};
}

/// opcache knows files by times in whole seconds: each text gets a later one than all before.
void write_later(const fs::path& file, const std::string& text) {
    static int written = 0;
    std::ofstream(file) << text;
    fs::last_write_time(file, fs::file_time_type::clock::now() + std::chrono::seconds(++written));
}

Case changed(Case one, std::string file, std::string text) {
    one.before = [file = std::move(file), text = std::move(text)](const fs::path& root) {
        write_later(root / file, text);
    };
    return one;
}

Case page(std::string name) {
    return {std::move(name), "", "/page.php"};
}

const std::string kPool =
    "a pool's values of opcache are in place before PHP starts; under php-fpm they come too late";

const std::string kStatus =
    "$s = opcache_get_status(); $n = array_map('basename', array_keys($s['scripts'] ?? [])); sort($n); echo "
    "json_encode(array_intersect_key($s, ['opcache_enabled' => 1, 'cache_full' => 1, 'file_cache_only' => "
    "1])), implode(' ', "
    "$n), json_encode($s['preload_statistics']['functions'] ?? null), "
    "json_encode(array_intersect_key($s['jit'] ?? [], "
    "['enabled' => 1, 'on' => 1, 'kind' => 1, 'opt_level' => 1, 'buffer_size' => 1]));";

TEST(Opcache, ByItsFunctions) {
    compare({.pool = {{"php_flag[display_errors]", "on"}, {"php_admin_value[opcache.revalidate_freq]", "0"}},
             .scripts = {{"page.php", "<?php echo 'first';"}, {"lib.inc", "<?php return 'lib';"}},
             .cases =
                 {
                     plain("configuration",
                           "foreach (opcache_get_configuration()['directives'] as $k => $v) echo $k, '=', "
                           "json_encode($v), \"\\n\"; print_r(opcache_get_configuration()['blacklist']);"),
                     plain("status", kStatus),
                     plain("status, keys",
                           "$s = opcache_get_status(false); echo implode(' ', array_keys($s)), implode(' ', "
                           "array_keys($s['memory_usage'])), $s['opcache_statistics']['max_cached_keys'], "
                           "implode(' ', array_keys($s['opcache_statistics'])), "
                           "$s['interned_strings_usage']['buffer_size'];"),
                     plain("compiled ahead",
                           "var_dump(opcache_compile_file(__DIR__ . '/lib.inc'), "
                           "opcache_is_script_cached(__DIR__ . '/lib.inc'), @opcache_compile_file('none'), "
                           "include 'lib.inc');"),
                     plain("invalidated",
                           "var_dump(opcache_invalidate(__DIR__ . '/lib.inc', true), "
                           "opcache_is_script_cached(__DIR__ . '/lib.inc'), opcache_invalidate('none'));"),
                     page("a page"),
                     changed(page("the page, changed"), "page.php", "<?php echo 'second, which is longer';"),
                     page("the page again"),
                     plain("reset", "var_dump(opcache_reset());"),
                     plain("after the reset", kStatus),
                     page("the page after the reset"),
                     {.name = "the page is gone",
                      .target = "/page.php",
                      .before = [](const fs::path& root) { fs::remove(root / "page.php"); }},
                     {.name = "the page is a link",
                      .target = "/page.php",
                      .before =
                          [](const fs::path& root) {
                              fs::create_symlink("lib2.php", root / "page.php");
                              write_later(root / "lib2.php", "<?php echo basename(__FILE__);");
                          }},
                     plain("switched off by ini_set",
                           "var_dump(ini_set('opcache.enable', '0'), ini_get('opcache.enable')); " + kStatus),
                     plain("and on again",
                           "var_dump(ini_set('opcache.enable', '1'), opcache_get_status() !== false);"),
                     plain("an exit and a fatal error in what is cached", "include 'lib.inc'; no_such();"),
                     plain("the same again", "include 'lib.inc'; no_such();"),
                 },
             .log = Log::Ignore,  // where a script is gone
             .arguments = kWithOpcache});
}

TEST(Opcache, WithoutLookingAtFiles) {
    compare({.pool = {{"php_admin_flag[opcache.validate_timestamps]", "off"},
                      {"php_admin_value[opcache.restrict_api]", "{root}/allowed"},
                      {"php_admin_value[opcache.blacklist_filename]", "{root}/black.txt"},
                      {"php_admin_value[opcache.max_accelerated_files]", "300"},
                      {"php_flag[display_errors]", "on"}},
             .scripts = {{"page.php", "<?php echo 'first';"},
                         {"black.txt", "/nonexistent/\n"},
                         {"allowed/status.php", "<?php " + kStatus},
                         {"allowed/reset.php", "<?php var_dump(opcache_reset());"}},
             .cases = {page("a page"),
                       changed(page("changed"), "page.php", "<?php echo 'second, which is longer';"),
                       {.name = "gone",
                        .target = "/page.php",
                        .before = [](const fs::path& root) { fs::remove(root / "page.php"); }},
                       plain("not allowed",
                             "var_dump(opcache_get_status(), opcache_reset(), opcache_get_configuration(), "
                             "opcache_invalidate(__FILE__));"),
                       {"allowed", "", "/allowed/status.php"},
                       {"reset", "", "/allowed/reset.php"},
                       changed(page("back after the reset"), "page.php", "<?php echo 'third';")},
             .log = Log::Ignore,
             .arguments = kWithOpcache});
}

std::vector<std::string> with_opcache(std::initializer_list<const char*> values) {
    std::vector<std::string> arguments = kWithOpcache;
    for (const char* const value : values)
        arguments.insert(arguments.end(), {"-d", std::string("opcache.") + value});
    return arguments;
}

const std::vector<std::pair<std::string, std::string>> kPreloadScripts = {
    {"preload.php",
     "<?php opcache_compile_file(__DIR__ . '/lib.inc'); function preloaded() { return 'at once'; } class "
     "Early "
     "{ const X = 1; public static $n = 0; }"},
    {"lib.inc", "<?php class Lib { function f() { return __CLASS__; } } function lib() {}"}};

const std::string kPreloaded =
    "var_dump(function_exists('preloaded'), class_exists('Early', false), class_exists('Lib', false), "
    "function_exists('lib')); if (class_exists('Early', false)) echo ++Early::$n;";

TEST(Opcache, WithPreloadAndCompiler) {
    compare({.pool = {{"php_flag[display_errors]", "on"}},
             .scripts = kPreloadScripts,
             .cases = {plain("names", kPreloaded), plain("names again", kPreloaded), plain("status", kStatus),
                       plain("a loop", "$s = 0; for ($i = 0; $i < 100000; $i++) $s += $i & 3; echo $s;"),
                       plain("included again", "include 'lib.inc';"),
                       plain("reset", "var_dump(opcache_reset(), class_exists('Early', false));")},

             .arguments = with_opcache({"preload={root}/preload.php", "preload_user=www-data", "jit=tracing",
                                        "jit_buffer_size=4M"})});
}

TEST(Opcache, InFilesOnly) {
    compare({.pool = {{"php_flag[display_errors]", "on"}},
             .scripts = {{"page.php", "<?php echo 'page';"}},
             .cases = {page("a page"), page("again"), plain("status", kStatus),
                       plain("what is there", "echo count(glob(ini_get('opcache.file_cache') . '/*'));")},
             .arguments = with_opcache({"file_cache={own}", "file_cache_only=1"})});
}

TEST(Opcache, ByValuesOfThePool) {
    const auto differing = [](std::string name, const std::string& code) {
        Case one = plain(std::move(name), code);
        one.differs = kPool;
        return one;
    };
    compare({.pool = {{"php_admin_value[opcache.preload]", "{root}/preload.php"},
                      {"php_admin_value[opcache.jit_buffer_size]", "4M"},
                      {"php_admin_value[opcache.memory_consumption]", "16"}},
             .scripts = kPreloadScripts,
             .cases = {differing("names", kPreloaded), differing("status", kStatus),
                       plain("values",
                             "var_dump(ini_get('opcache.preload'), ini_get('opcache.jit_buffer_size'), "
                             "ini_get('opcache.memory_consumption'));")},
             .log = Log::Ignore,
             .arguments = kWithOpcache});
    compare(
        {.pool = {{"php_admin_flag[opcache.enable]", "off"}},
         .scripts = {{"page.php", "<?php echo 'page';"}},
         .cases = {page("a page"), differing("status", "var_dump(is_array(opcache_get_status()));"),
                   plain("values", "var_dump(ini_get('opcache.enable'), extension_loaded('Zend OPcache'));")},
         .arguments = kWithOpcache});
}

}  // namespace
}  // namespace phalanx::compat
