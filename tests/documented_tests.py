#!/usr/bin/env python3
"""Holds docs/compatibility.md to the sources: every directive has a row, every test that is named exists."""

import pathlib
import re
import sys

DIRECTIVE = re.compile(r'^    \{"([a-z_.]+)",', re.MULTILINE)
TEST = re.compile(r"^\s*TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
# A test, or a whole suite: ROOM.SUITE.NAME, where a suite with parameters is written PREFIX/SUITE.
NAMED = re.compile(r"`((?:base|os|fastcgi|config|log|status|link|master|php|php_engine|integration|compat)"
                   r"\.[A-Z][\w/]*(?:\.\w+)?)`")


def section(text: str, title: str) -> str:
    """What stands between a heading and the next one."""
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def directives(top: pathlib.Path, name: str) -> list[str]:
    return DIRECTIVE.findall((top / "src" / "config" / name).read_text())


def tests(top: pathlib.Path) -> set[str]:
    """ROOM.SUITE.NAME and ROOM.SUITE of every test; the engine's tests are made of the room php's files too."""
    known = set()
    for path in (top / "tests").rglob("*_test.cpp"):
        room = path.relative_to(top / "tests").parts[0]
        for suite, name in TEST.findall(path.read_text()):
            for called in (room, "php_engine") if room == "php" else (room,):
                known |= {f"{called}.{suite}", f"{called}.{suite}.{name}"}
    return known


def breaches(top: pathlib.Path):
    page = (top / "docs" / "compatibility.md").read_text()
    for title, source in (("Global directives", "global_directives.cpp"), ("Pool directives", "pool_directives.cpp")):
        names = directives(top, source)
        if not names:
            yield f"no directives found in {source}"
        rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", section(page, title), re.MULTILINE)
        for name in names:
            if not any(name == row and NAMED.search(cell) for row, cell in rows):
                yield f"{title}: {name} has no row that names a test"
        for row, _ in rows:
            if row not in names:
                yield f"{title}: {row} is no directive"
    known = tests(top)
    for name in NAMED.findall(page):
        if re.sub(r"\.\w+/", ".", name) not in known:
            yield f"there is no test {name}"


def main() -> int:
    found = list(breaches(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "docs/compatibility.md keeps to the sources")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
