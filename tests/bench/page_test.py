"""Tests what the scripts beside this file write: tables, their place in a page, the picture."""
import pathlib
import sys
import tempfile
import types
import unittest
import unittest.mock
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import chart  # noqa: E402
import counting  # noqa: E402
import page  # noqa: E402


def chosen(target, only=""):
    return types.SimpleNamespace(update=target, only=only)


class PageTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.target = pathlib.Path(self.folder.name) / "page.md"
        self.target.write_text("before\n<!-- run: begin -->\nold\n<!-- run: end -->\nafter\n")

    def test_a_table_takes_the_place_of_the_former_one(self):
        made = page.Page(chosen(self.target), "run")
        made.parts = ["Taken now."]
        with unittest.mock.patch("builtins.print"):
            made.table("Heading", ["", "xy"], [["row", 1]])
        made.update()
        self.assertEqual(self.target.read_text(),
                         "before\n<!-- run: begin -->\n\nTaken now.\n\nHeading\n\n|     | xy |\n| --- | -: |\n"
                         "| row |  1 |\n\n<!-- run: end -->\nafter\n")

    def test_a_page_without_marks_is_refused_before_anything_is_measured(self):
        with self.assertRaises(SystemExit):
            page.Page(chosen(self.target), "scale")

    def test_some_tables_do_not_take_the_place_of_all(self):
        with self.assertRaises(SystemExit):
            page.Page(chosen(self.target, only="short"), "run")


class ChartTest(unittest.TestCase):
    def test_the_picture_is_well_formed_and_holds_every_line(self):
        lines = [chart.Line("ours & more", "ours short", [1.5, None, 3]), chart.Line("peer", "peer kept", [0, 2, 90])]
        picture = xml.etree.ElementTree.fromstring(chart.svg([chart.Panel("CPU", "pools", [1, 10, 100], lines)]))
        drawn = picture.findall("{http://www.w3.org/2000/svg}polyline")
        self.assertEqual([len(line.get("points").split()) for line in drawn], [2, 3])

    def test_grid_lines_are_few_and_round(self):
        self.assertEqual([chart.step_of(highest) for highest in (5, 26, 77, 370)], [1, 5, 20, 100])


class CountingTest(unittest.TestCase):
    def test_calls_are_read_with_and_without_errors(self):
        text = ("% time     seconds  usecs/call     calls    errors syscall\n"
                "------ ----------- ----------- --------- --------- ----------------\n"
                " 60,00    0.000600           1       600       300 accept4\n"
                " 40.00    0.000400           2       200           close\n"
                "------ ----------- ----------- --------- --------- ----------------\n"
                "100.00    0.001000           1       800       300 total\n")
        self.assertEqual(counting.table_of(text), {"accept4": 600, "close": 200})


if __name__ == "__main__":
    unittest.main()
