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
import subprocess
import sys
import tempfile
import time

import fastcgi_client
import page
from server import START_SECONDS, Server, free_port

PHP_OPTIONS = ["-n", "-d", "zend_extension=opcache.so", "-d", "opcache.enable=1", "-d", "post_max_size=64M"]


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    path: pathlib.Path


@dataclasses.dataclass
class Pool:
    settings: dict
    name: str = "www"
    tcp: bool = False
    asleep: bool = False  # nothing is asked of it
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


class Daemon(Server):
    """One of the two programs, serving. It counts as started when it says so and every pool has answered."""

    def __init__(self, program, folder, pools, probe):
        self.addresses = {pool.name: free_port() if pool.tcp else str(folder / f"{program.name}-{pool.name}.sock")
                          for pool in pools}
        self.address = self.addresses[pools[0].name]
        self.folder = folder
        config = folder / f"{program.name}.conf"
        self.error_log = folder / f"{program.name}.error.log"
        self.error_log.unlink(missing_ok=True)
        lines = ["[global]", f"error_log = {self.error_log}", "process_control_timeout = 10"]
        for pool in pools:
            lines += pool.lines(program, self.addresses[pool.name])
        config.write_text("\n".join(lines) + "\n")
        started = time.monotonic()
        super().__init__(program.name, [program.path, *PHP_OPTIONS, "-F", "-O", "-y", config],
                         folder / f"{program.name}.log", cwd=folder)
        try:
            end = started + START_SECONDS
            await_true(self, end, self._says_ready)
            for pool in pools:
                if not pool.asleep:
                    await_answer(self, self.addresses[pool.name], probe, end)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - started

    def _says_ready(self):
        return any("ready to handle connections" in log.read_text()
                   for log in (self.log, self.error_log) if log.exists())

    def reload(self):
        self.process.send_signal(signal.SIGUSR2)


def await_answer(server, address, probe, end):
    await_true(server, end, lambda: fastcgi_client.ask(address, fastcgi_client.get(probe), 1).good)


def await_true(server, end, condition):
    while not condition():
        if server.process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{server.name} did not start:\n{server.log.read_text(errors='replace')}")
        time.sleep(0.001)


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

    def load_command(self, daemon, script, options, seconds, address=None, nice=0):
        return ["nice", "-n", str(nice), self.generator, "--server", address or daemon.address,
                "--script", self.script(script), "--milliseconds", str(int(seconds * 1000)),
                "--master", str(daemon.process.pid), "--json", *options]

    def load(self, daemon, script, options, seconds, address=None, nice=0):
        """Runs the generator; its report."""
        command = self.load_command(daemon, script, options, seconds, address, nice)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=seconds + 30, check=False)
        return report_in(done.stdout, daemon)


def report_in(text, daemon):
    if not text:
        sys.exit(f"the load generator failed on {daemon.name}")
    return json.loads(text)


@contextlib.contextmanager
def busy_loops(count):
    """So many processes compute without end. Gives the niceness for the load generator, whose own waiting for a
    processor is not to be measured."""
    loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(count)]
    try:
        yield -20 if loops and os.geteuid() == 0 else 0
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


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
    page.add_option(parser)
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
