<?php
$parent = (int) trim((string) @shell_exec('ps -o ppid= -p ' . getmypid()));
$template = trim((string) @shell_exec("pgrep -P $parent -f 'php-fpm: template of' | head -1"));
$opcache = function_exists('opcache_get_status') ? opcache_get_status(false) : false;
$rows = [
    'Web server' => $_SERVER['SERVER_SOFTWARE'] ?? '?',
    'Connection to the master' => $_SERVER['SERVER_ADDR'] . ':' . $_SERVER['SERVER_PORT'] . ' and on over a Unix socket',
    'Master (accepts, hands over descriptors, runs no PHP)' => "pid $parent",
    'Template (started PHP, forks workers)' => $template !== '' ? "pid $template" : 'could not be asked for',
    'Worker (ran this script)' => 'pid ' . getmypid() . ', user ' . get_current_user() . ', uid ' . posix_getuid(),
    'PHP' => PHP_VERSION . ', ' . PHP_SAPI,
    'opcache' => $opcache === false ? 'off' : sprintf('on, %d scripts, %d hits, %.1f MB used',
        $opcache['opcache_statistics']['num_cached_scripts'], $opcache['opcache_statistics']['hits'],
        $opcache['memory_usage']['used_memory'] / 1048576),
    'Memory' => sprintf('%.1f MB peak', memory_get_peak_usage() / 1048576),
];
?>
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Phalanx is at work</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #222; }
h1 { font-weight: 600; } table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; color: #555; padding: .4rem 1rem .4rem 0; vertical-align: top; width: 40%; }
td { padding: .4rem 0; } tr { border-bottom: 1px solid #ddd; } a { color: #06c; }
</style>
</head>
<body>
<h1>Phalanx is at work</h1>
<p>The way of this request, from nginx to PHP:</p>
<table>
<?php foreach ($rows as $what => $value): ?>
<tr><th><?= htmlspecialchars($what) ?></th><td><?= htmlspecialchars($value) ?></td></tr>
<?php endforeach ?>
</table>
<p>Reload to see the workers take turns. Elsewhere: <a href="/status?html&amp;full">status</a>
(<a href="/status?json">JSON</a>), <a href="/ping">ping</a>.</p>
</body>
</html>
