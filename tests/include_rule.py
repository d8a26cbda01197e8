#!/usr/bin/env python3
"""Holds every #include under src/ and include/ against the house's table: who may use whom.

Usage: include_rule.py TOP. Prints each breach and exits with 1 if there is one.
"""
import pathlib
import re
import sys

ORDER = ["base", "os", "fastcgi", "config", "log", "status", "link"]
# What a room may include besides itself. `php` brings `config` along: its interface speaks of pool values.
MAY_USE = {
    "base": set(),
    "os": {"base"},
    "fastcgi": {"base"},
    "config": {"base", "os"},
    "log": {"base", "os"},
    "status": {"base", "os"},
    "link": {"base", "os"},
    "master": set(ORDER),
    "php": {"base", "fastcgi", "config"},
    "worker": {"base", "os", "fastcgi", "config", "log", "status", "link", "php"},
    "app": set(ORDER) | {"master", "php", "worker"},
}
# Libraries that one room alone may include.
ONLY_IN = {
    "ini.h": "config",
    "INIReader.h": "config",
    "spdlog/": "log",
    "systemd/": "os",
    "zend": "php",
    "Zend/": "php",
    "php": "php",
    "main/": "php",
    "SAPI.h": "php",
    "ext/": "php",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path: pathlib.Path, top: pathlib.Path) -> str:
    parts = path.relative_to(top).parts
    return parts[1] if parts[0] == "src" else parts[2]


def breaches(top: pathlib.Path):
    for path in sorted([*top.glob("src/**/*.[ch]pp"), *top.glob("include/phalanx/**/*.hpp")]):
        room = room_of(path, top)
        public = path.relative_to(top).parts[0] == "include"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, name = match.groups()
            where = f"{path.relative_to(top)}:{number}"
            if name.startswith("phalanx/"):
                used = name.split("/")[1]
                if used != room and used not in MAY_USE[room]:
                    yield f"{where}: {room} may not use {used} ({name})"
            elif kind == '"':
                if public:
                    yield f"{where}: a public header includes a private one ({name})"
                elif not (path.parent / name).exists():
                    yield f'{where}: "{name}" is not beside this file; other rooms\' headers are "phalanx/ROOM/..."'
            else:
                for prefix, owner in ONLY_IN.items():
                    if name.startswith(prefix) and room != owner:
                        yield f"{where}: only {owner} includes <{name}>"


def main() -> int:
    found = list(breaches(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every include keeps to the table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
