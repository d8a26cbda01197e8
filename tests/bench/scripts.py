"""The PHP scripts that the benchmarks run, by name."""

INCLUDES = 20

COMPUTE = """<?php
// About 50 ms of what PHP does without the server: loops, arrays, strings, JSON, regular expressions.
$sum = 0;
for ($i = 0; $i < 640000; $i++) { $sum += ($i * 7) % 13; }
$list = [];
for ($i = 0; $i < 62000; $i++) { $list["key$i"] = $i ^ 0x55; }
asort($list);
$text = '';
foreach ($list as $key => $value) { $text .= $key . '=' . strtoupper(dechex($value)) . ';'; }
for ($i = 0; $i < 30; $i++) { $copy = json_decode(json_encode(array_slice($list, $i, 4000)), true); }
$words = preg_match_all('/key(\\d+)=([0-9A-F]+);/', $text, $found);
echo $sum + count($copy) + $words;
"""

SCRIPTS = {
    "hello": "<?php echo 'Hello, world';",
    "pid": "<?php echo getmypid();",
    "output": "<?php echo str_repeat('x', (int) $_SERVER['QUERY_STRING']);",
    "post": "<?php echo strlen(file_get_contents('php://input'));",
    # As many bytes as the query says, and a body of any size, both without taking memory for them.
    "stream": "<?php $block = str_repeat('x', 65536); $left = (int) $_SERVER['QUERY_STRING'];"
              " for (; $left > 0; $left -= 65536) { echo $left < 65536 ? substr($block, 0, $left) : $block; }",
    "drain": "<?php $body = fopen('php://input', 'r'); $size = 0;"
             " while (!feof($body)) { $size += strlen(fread($body, 65536)); } echo $size;",
    "compute": COMPUTE,
    "millisecond": "<?php $sum = 0; for ($i = 0; $i < 100000; $i++) { $sum += $i % 7; } echo $sum;",
    # Sleeps for as many milliseconds as the query says; `tell` also leaves a mark that it was run.
    "sleep": "<?php usleep(1000 * (int) $_SERVER['QUERY_STRING']); echo 'slept';",
    "tell": "<?php file_put_contents(__DIR__ . '/marks/' . uniqid('', true), '');"
            " usleep(1000 * (int) $_SERVER['QUERY_STRING']); echo 'slept';",
    "includes": f"<?php for ($i = 0; $i < {INCLUDES}; $i++) {{ require __DIR__ . \"/part$i.php\"; }}"
                " $sum = 0; for ($i = 0; $i < 60000; $i++) { $sum += part7($i) % 7; } echo $sum;",
    **{f"part{i}": f"<?php function part{i}(int $x): int {{ return $x + {i}; }}"
                   f" class Part{i} {{ public int $x = {i}; }}"
       for i in range(INCLUDES)},
}
