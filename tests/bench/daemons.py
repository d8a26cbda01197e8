"""Starts and stops Phalanx and php-fpm 8.2 for the scripts beside this file: same pool files, same options."""
import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import fastcgi_client

START_SECONDS = 20
STOP_SECONDS = 10
TICKS = os.sysconf("SC_CLK_TCK")
OPTIONS = ["-n", "-d", "zend_extension=opcache.so", "-d", "opcache.enable=1", "-F", "-O"]


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    path: pathlib.Path


@dataclasses.dataclass
class Pool:
    settings: dict
    name: str = "www"
    tcp: bool = False
    only: dict = dataclasses.field(default_factory=dict)  # program's name -> settings that it alone gets

    def having(self, more):
        """This pool with more settings."""
        return dataclasses.replace(self, settings={**self.settings, **more})

    def lines(self, program, address):
        yield f"[{self.name}]"
        yield f"listen = {address}"
        if os.geteuid() == 0:
            user = pwd.getpwnam("www-data").pw_name
            yield from (f"user = {user}", f"group = {user}", f"listen.owner = {user}")
        for key, value in {**self.settings, **self.only.get(program.name, {})}.items():
            yield f"{key} = {value}"


def static(workers, **settings):
    """The usual pool: a fixed number of workers."""
    return Pool({"pm": "static", "pm.max_children": workers}, **settings)


class Daemon:
    """One of the two programs, serving. It counts as started when every pool has answered."""

    def __init__(self, program, folder, pools, probe):
        self.name = program.name
        self.addresses = {pool.name: free_port() if pool.tcp else str(folder / f"{program.name}-{pool.name}.sock")
                          for pool in pools}
        self.address = self.addresses[pools[0].name]
        self.folder = folder
        self.log = folder / f"{program.name}.log"
        config = folder / f"{program.name}.conf"
        lines = ["[global]", f"error_log = {folder / program.name}.error.log", "process_control_timeout = 10"]
        for pool in pools:
            lines += pool.lines(program, self.addresses[pool.name])
        config.write_text("\n".join(lines) + "\n")
        started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program.path, *OPTIONS, "-y", config], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=folder, start_new_session=True)
        try:
            for address in self.addresses.values():
                self._await_answer(address, probe, started + START_SECONDS)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - started

    def _await_answer(self, address, probe, end):
        while not fastcgi_client.ask(address, fastcgi_client.get(probe), 1).good:
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"{self.name} did not start:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.001)

    def reload(self):
        self.process.send_signal(signal.SIGUSR2)

    def pids(self):
        """The master and all its descendants."""
        children = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                children.setdefault(int(stat_fields(entry)[1]), []).append(int(entry.parent.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def cpu_seconds(self):
        """What all its processes have used, with those that have ended."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = stat_fields(pathlib.Path(f"/proc/{pid}/stat"))
                total += sum(int(field) for field in fields[11:15])
        return total / TICKS

    def pss_kilobytes(self):
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("Pss:") else 0
        return total

    def stop(self):
        family = self.pids()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait(STOP_SECONDS)


def stat_fields(path):
    """From the state on, which is the third field: index 1 is the parent, 11 to 14 are times."""
    return path.read_text().rpartition(")")[2].split()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Bench:
    """The folder with the scripts, both programs, and the load generator."""

    def __init__(self, chosen, folder):
        self.folder = folder
        self.generator = chosen.build / "tests/bench/phalanx_load"
        if not self.generator.exists():
            sys.exit(f"{self.generator} is not built")
        self.programs = [Program("phalanx", program_of(chosen)), Program("php-fpm", chosen.peer)]

    def write_script(self, name, code):
        path = self.folder / f"{name}.php"
        path.write_text(code)
        os.utime(path, (1, 1))  # opcache refuses files that are too young

    def folder_for_all(self, name):
        """A new empty folder that the pools' user may write to."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        path.chmod(0o777)
        return path

    def script(self, name):
        return self.folder / f"{name}.php"

    @contextlib.contextmanager
    def started(self, program, *pools):
        daemon = Daemon(program, self.folder, pools, self.script("hello"))
        try:
            yield daemon
        finally:
            daemon.stop()

    def load_command(self, daemon, script, options, seconds, address=None):
        return [self.generator, "--server", address or daemon.address, "--script", self.script(script),
                "--milliseconds", str(int(seconds * 1000)), "--master", str(daemon.process.pid), "--json", *options]

    def load(self, daemon, script, options, seconds, address=None):
        """Runs the generator; its report."""
        command = self.load_command(daemon, script, options, seconds, address)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=seconds + 30, check=False)
        return report_in(done.stdout, daemon)


def report_in(text, daemon):
    if not text:
        sys.exit(f"the load generator failed on {daemon.name}")
    return json.loads(text)


def program_of(chosen):
    if chosen.program:
        return chosen.program
    found = [path for path in chosen.build.glob("src/**/phalanx") if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        sys.exit(f"no phalanx below {chosen.build}/src")
    return found[0]


def options_of(description):
    """The options that all scripts have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve(), help="an optimised build")
    parser.add_argument("--program", type=pathlib.Path, help="instead of the build's phalanx")
    parser.add_argument("--peer", type=pathlib.Path, default=pathlib.Path("/usr/sbin/php-fpm8.2"))
    parser.add_argument("--only", metavar="TEXT", default="", help="only what has this in its name")
    return parser


def interrupted(*_):
    """The first signal ends the run in good order; more of them must not disturb the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit("interrupted")


@contextlib.contextmanager
def bench(chosen, scripts):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    with tempfile.TemporaryDirectory(prefix="phalanx-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        made = Bench(chosen, folder)
        for script, code in scripts.items():
            made.write_script(script, code)
        yield made


def progress(text):
    print(text, file=sys.stderr, flush=True)


def print_table(heading, columns, rows):
    """As Markdown, aligned."""
    lines = [columns, *rows]
    widths = [max(len(str(line[i])) for line in lines) for i in range(len(columns))]
    print(f"\n{heading}\n")
    for number, line in enumerate(lines):
        cells = [str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            print("| " + " | ".join("-" * width if i == 0 else "-" * (width - 1) + ":"
                                    for i, width in enumerate(widths)) + " |")
    sys.stdout.flush()
