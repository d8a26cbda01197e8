#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

TEST(Functions, AndWhatPhpSaysAboutItself) {
    compare({.cases = {
                 {"name", "<?php echo PHP_SAPI, ' ', php_sapi_name();"},
                 {"version", "<?php echo PHP_VERSION;"},
                 {"extensions", "<?php $e = get_loaded_extensions(); sort($e); echo implode(' ', $e);"},
                 {"own module", "<?php print_r(get_extension_funcs('cgi-fcgi'));"},
                 {"own settings", "<?php print_r(ini_get_all('cgi-fcgi'));"},
                 {"absent ones",
                  "<?php foreach (['dl', 'apache_response_headers', 'cli_set_process_title', 'pcntl_fork', "
                  "'pcntl_signal', 'virtual', 'apache_setenv'] as $f) echo $f, '=', (int) "
                  "function_exists($f), ' ';"},
                 {"all functions",
                  "<?php $f = get_defined_functions()['internal']; sort($f); echo implode(\"\\n\", $f);"},
                 {"all classes", "<?php $c = get_declared_classes(); sort($c); echo implode(\"\\n\", $c);"},
                 {"all settings", "<?php foreach (ini_get_all(null, false) as $k => $v) echo \"$k=$v\\n\";"},
                 {"too many arguments",
                  "<?php try { fastcgi_finish_request(1); } catch (Error $e) { echo get_class($e), "
                  "$e->getMessage(); }"},
                 {"too many for the headers",
                  "<?php try { getallheaders(1); } catch (Error $e) { echo $e->getMessage(); }"},
                 {"too many for the status",
                  "<?php try { fpm_get_status(1); } catch (Error $e) { echo $e->getMessage(); }"},
                 {"reflection",
                  "<?php foreach (['fastcgi_finish_request', 'getallheaders', 'apache_request_headers', "
                  "'fpm_get_status'] as $f) echo new ReflectionFunction($f);"},
                 {"status keys",
                  "<?php $s = fpm_get_status(); echo implode(' ', array_keys($s)), \"\\n\", implode(' ', "
                  "array_keys($s['procs'][0]));"},
                 {"status types",
                  "<?php $s = fpm_get_status(); foreach ($s + $s['procs'][0] as $k => $v) echo $k, '=', "
                  "gettype($v), "
                  "\"\\n\";"},
                 {"status of the pool",
                  "<?php $s = fpm_get_status(); echo $s['pool'], $s['process-manager'], "
                  "count($s['procs']), $s['procs'][0]['state'], "
                  "$s['procs'][0]['request-uri'], '|', $s['procs'][0]['query-string'], '|', "
                  "$s['procs'][0]['script'], $s['procs'][0]['user'];",
                  "?a=b"},
                 {"headers list", "<?php header('X-A: 1'); print_r(headers_list());"},
                 {"connection", "<?php var_dump(connection_status(), ignore_user_abort());"},
                 {"time limit", "<?php var_dump(ini_get('max_execution_time'), ini_get('max_input_time'));"},
                 {"html errors",
                  "<?php var_dump(ini_get('html_errors'), ini_get('implicit_flush'), "
                  "ini_get('display_errors'));"},
                 {"streams", "<?php var_dump(defined('STDIN'), defined('STDOUT'), defined('STDERR'));"},
                 {"phpinfo of the own module",
                  "<?php ob_start(); phpinfo(INFO_MODULES); $t = strip_tags(ob_get_clean()); "
                  "echo substr($t, strpos($t, 'cgi-fcgi'), 400);"},
                 {"binary", "<?php echo basename(PHP_BINARY) !== '' ? 'named' : 'unnamed';"},
             }});
}

}  // namespace
}  // namespace phalanx::compat
