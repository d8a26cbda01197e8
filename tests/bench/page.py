"""The Markdown tables that the scripts beside this file print, and their place in docs/benchmarks.md."""
import datetime
import os
import pathlib
import re


class Page:
    """Prints tables as they are made; with --update they also take the place of the script's former ones in a page,
    between the marks "<!-- NAME: begin -->" and "<!-- NAME: end -->"."""

    def __init__(self, chosen, name):
        self.name = name
        self.target = chosen.update
        self.parts = [f"Taken on {datetime.date.today()}; load average before the start: {os.getloadavg()[0]:.1f}."]
        if self.target and chosen.only:
            raise SystemExit("--update needs all tables, not --only some")
        if self.target:
            self.marked(self.target.read_text())

    def marked(self, text):
        """What stands before the marks' content, and after it."""
        found = re.fullmatch(rf"(.*<!-- {self.name}: begin -->\n).*?(<!-- {self.name}: end -->\n.*)", text, re.DOTALL)
        if not found:
            raise SystemExit(f"{self.target} has no marks for {self.name}")
        return found.groups()

    def table(self, heading, columns, rows, words=()):
        """The first column, and those with the numbers in `words`, are text."""
        text = f"{heading}\n\n{markdown(columns, rows, {0, *words})}"
        self.parts.append(text)
        print(f"\n{text}", flush=True)

    def update(self):
        if self.target:
            before, after = self.marked(self.target.read_text())
            self.target.write_text(before + "\n" + "\n\n".join(self.parts) + "\n\n" + after)


def markdown(columns, rows, words):
    """Aligned, so that it can be read as it is."""
    lines = [columns, *rows]
    widths = [max(len(str(line[i])) for line in lines) for i in range(len(columns))]
    texts = []
    for number, line in enumerate(lines):
        cells = [str(cell).ljust(width if i == 0 else 0) if i in words else str(cell).rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        texts.append("| " + " | ".join(cells) + " |")
        if number == 0:
            texts.append("| " + " | ".join("-" * (width if i == 0 else 3) if i in words else "-" * (width - 1) + ":"
                                           for i, width in enumerate(widths)) + " |")
    return "\n".join(texts)


def add_option(parser):
    parser.add_argument("--update", metavar="FILE", type=pathlib.Path,
                        help="also put the tables into this page (docs/benchmarks.md)")
