#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

TEST(Settings, OfPhp) {
    constexpr const char* kAll =
        "<?php foreach (['memory_limit', 'precision', 'log_errors', 'error_reporting', 'disable_functions', "
        "'date.timezone', "
        "'session.name', 'error_log', 'include_path', 'short_open_tag', 'sendmail_path', 'open_basedir'] as "
        "$k) "
        "{ echo $k, '='; var_dump(ini_get($k)); }";
    compare(
        {.pool = {{"php_value[memory_limit]", "64M"},
                  {"php_admin_value[precision]", "7"},
                  {"php_flag[log_errors]", "yes"},
                  {"php_admin_flag[short_open_tag]", "off"},
                  {"php_value[error_reporting]", "E_ALL & ~E_NOTICE"},
                  {"php_admin_value[disable_functions]", "exec, system,passthru"},
                  {"php_admin_value[disable_classes]", "SplStack"},
                  {"php_value[date.timezone]", "\"Europe/Berlin\""},
                  {"php_value[session.name]", "$pool-session"},
                  {"php_value[include_path]", "'.:/usr/share/php'"},
                  {"php_admin_value[sendmail_path]", "\"/usr/sbin/sendmail -t -i -f www@my.domain.com\""},
                  {"php_value[no.such.entry]", "1"},
                  {"php_admin_value[another.one]", "1"}},
         .cases = {
             {"values", kAll},
             {"access levels",
              "<?php foreach (['memory_limit', 'precision', 'log_errors', 'short_open_tag'] as $k) "
              "{ $a = ini_get_all()[$k]; echo $k; var_dump($a); }"},
             {"changing",
              "<?php var_dump(ini_set('memory_limit', '99M'), ini_set('precision', '3'), "
              "ini_get('memory_limit'), "
              "ini_get('precision'));"},
             {"not changed for the next", kAll},
             {"restoring",
              "<?php ini_set('memory_limit', '99M'); ini_restore('memory_limit'); echo "
              "ini_get('memory_limit');"},
             {"disabled functions",
              "<?php var_dump(function_exists('exec'), function_exists('system'), is_callable('passthru'), "
              "function_exists('shell_exec'));"},
             {"calling a disabled function", "<?php exec('id');"},
             {"disabled class", "<?php var_dump(new SplStack);"},
             {"the constant in a value", "<?php var_dump(error_reporting());"},
         }});
}

TEST(Settings, OfThePool) {
    compare(
        {.pool = {{"env[A]", "plain"},
                  {"env[B]", "\"quoted; text\""},
                  {"env[C]", "$NOT_THERE"},
                  {"env[D]", "'single'"},
                  {"env[E]", "yes"},
                  {"env[POOL]", "$pool"},
                  {"chdir", "/tmp"}},
         .cases = {
             {"environment", "<?php foreach (getenv() as $k => $v) if (strlen($k) < 5) echo \"$k=$v\\n\";"},
             {"folder", "<?php echo getcwd() === __DIR__ ? 'own' : getcwd();"},
             {"relative include", "<?php var_dump(@include 'nowhere.inc');"},
             {"umask", "<?php printf('%o', umask());"},
             {"identity", "<?php echo get_current_user(), ' ', trim(shell_exec('id -un; id -gn; id -Gn'));"},
             {"standard streams", "<?php echo readlink('/proc/self/fd/0');"},
             {"limits",
              "<?php echo preg_replace('/ +/', ' ', implode('', preg_grep('/open files|core/', "
              "file('/proc/self/limits'))));"},
             {"priority",
              "<?php echo explode(' ', file_get_contents('/proc/self/stat'))[18] < 1 ? 'not nice' : 'nice';"},
             {"signals that are ignored",
              "<?php echo implode('', preg_grep('/^SigIgn/', file('/proc/self/status')));"},
             {"signals that are blocked",
              "<?php echo implode('', preg_grep('/^SigBlk/', file('/proc/self/status')));"},
         }});
}

TEST(Settings, LimitsOfThePool) {
    compare({.pool = {{"rlimit_files", "512"}, {"rlimit_core", "0"}},
             .cases = {{"limits",
                        "<?php echo preg_replace('/ +/', ' ', implode('', preg_grep('/open files|core/', "
                        "file('/proc/self/limits'))));"}}});
}

TEST(Settings, RequestsPerWorker) {
    compare({.pool = {{"pm.max_requests", "2"}},
             .cases = {{"first", "<?php static $n = 0; echo ++$n;"},
                       {.name = "second",
                        .code = "<?php echo 2;",
                        .differs = "a worker is replaced without closing its clients' connections"},
                       {"third, of another worker", "<?php echo 3;"}}});
}

}  // namespace
}  // namespace phalanx::compat
