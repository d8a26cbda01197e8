"""The tables that the script `run` beside this file prints: which figures they show of each server."""
import dataclasses
import statistics

import scenarios
from scenarios import Scenario

OURS, THEIRS, PHP_CGI, MOD_PHP = "phalanx", "php-fpm", "php-cgi", "mod_php"


@dataclasses.dataclass
class Figure:
    key: str  # in a report
    label: str
    digits: int
    wanted: str = ""  # the scenario's field that says so; without it there is no ratio
    bound: str = ""  # "at most" or "at least"
    before: str = ""  # the key of what it was before the run


@dataclasses.dataclass
class Table:
    heading: str
    scenarios: list[Scenario]
    figures: list[Figure]
    third: str  # beside Phalanx and php-fpm

    def names(self):
        return [OURS, THEIRS, self.third]

    def columns(self):
        columns = [""]
        for figure in self.figures:
            columns += [f"{figure.label} Phalanx", "php-fpm", self.third]
            columns += ["ratio", figure.bound] if figure.wanted else []
        return [*columns, "errors"]

    def row(self, scenario, reports):
        cells = [scenario.title]
        for figure in self.figures:
            cells += [cell(figure, reports.get(name)) for name in self.names()]
            if figure.wanted:
                values = [[run[figure.key] for run in reports[name]] for name in (OURS, THEIRS)]
                cells += [median_ratio(*values), getattr(scenario, figure.wanted)]
        errors = [str(sum(run["errors"] for run in reports[name])) if name in reports else "-"
                  for name in self.names()]
        return [*cells, " / ".join(errors)]


def cell(figure, runs):
    """The median of the rounds, as text."""
    if not runs:
        return "-"
    value = f"{statistics.median(run[figure.key] for run in runs):.{figure.digits}f}"
    if not figure.before:
        return value
    return f"{statistics.median(run[figure.before] for run in runs):.{figure.digits}f} -> {value}"


def median_ratio(ours, theirs):
    """Of the rounds' ratios, so that what disturbs whole rounds disturbs little."""
    ratios = [mine / other for mine, other in zip(ours, theirs) if other]
    return f"{statistics.median(ratios):.2f}" if ratios else "-"


CPU = Figure("server_cpu_us_per_request", "CPU us/request", 1, "cpu", "at most")
RATE = Figure("requests_per_second", "requests/s", 0, "rate", "at least")
P99 = Figure("p99_us", "p99 us", 0, "p99", "at most")
SLOW_RATE = dataclasses.replace(RATE, digits=1)
PEAK = Figure("largest_mb", "largest process, MB:", 1, before="largest_before_mb")

THROUGHPUT = Table("2 static workers, hello-world where nothing else is said. Wanted: must / goal.",
                   scenarios.THROUGHPUT, [CPU, RATE], PHP_CGI)
LATENCY = Table("2 static workers, hello-world: how long the slowest hundredth of the requests takes.",
                scenarios.LATENCY, [P99, RATE], PHP_CGI)
LARGE = Table("Large bodies, made and read in pieces of 64 KB: the largest process's resident memory before the run, "
              "and its peak.", scenarios.LARGE, [SLOW_RATE, PEAK], PHP_CGI)
WEB = Table("Over HTTP, connections kept by the client: nginx before 2 static workers, and Apache's prefork with a "
            "process for each client. CPU time includes the web server's.", scenarios.WEB, [CPU, RATE], MOD_PHP)

TABLES = (THROUGHPUT, LATENCY, LARGE, WEB)

ONE_POOL = ["", "Phalanx", "php-fpm", "ratio", "at most"]


def one_pool_row(title, figures, most):
    ours, theirs = figures[OURS], figures[THEIRS]
    return [title, f"{statistics.median(ours):.1f}", f"{statistics.median(theirs):.1f}", median_ratio(ours, theirs),
            most]
