"""What the script `behaviour` beside this file tries on each program: hard days of a pool, one function each.

A situation takes the bench and one program, starts the daemon, and gives its figures, label -> text.
"""
import random
import subprocess
import time

from daemons import Pool, report_in, static
from fastcgi_client import Connection, Loop, ask, get

PATIENCE = 5.0
STATUS = {"pm.status_path": "/status"}
UNANSWERED = f"none in {PATIENCE:.0f} s"


def milliseconds(answers, share=0.5):
    """A quantile of the answers' times, as text."""
    times = sorted(answer.seconds for answer in answers if answer.good)
    return f"{times[min(int(len(times) * share), len(times) - 1)] * 1000:.2f} ms" if times else UNANSWERED


def problems(answers):
    """How many of each kind went wrong, as text."""
    kinds = [answer.problem or f"status {answer.status}" for answer in answers if not answer.good]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) or "none"


class KeptClient:
    """Asks again and again on one kept connection, with a pause after each answer."""

    def __init__(self, loop, address, request, pause, answers):
        self.connection = Connection(loop, address)
        self.loop, self.request, self.pause, self.answers = loop, request, pause, answers
        self.answered = False

    def go(self):
        self.connection.ask(self.request, self._done, PATIENCE, keep=True)

    def _done(self, answer):
        self.answers.append(answer)
        self.answered = self.answered or answer.good
        self.loop.after(self.pause, self.go)


def kept(made, program, count):
    """Both situations with kept-alive clients."""
    with made.started(program, static(4).having(STATUS)) as daemon, Loop() as loop:
        answers, short, status = [], [], []
        clients = [KeptClient(loop, daemon.address, get(made.script("hello"), keep=True), 1, answers)
                   for _ in range(count)]
        for number, client in enumerate(clients):
            loop.after(number / count, client.go)
        for number in range(5):
            for what, found in ((made.script("hello"), short), ("/status", status)):
                loop.after(1.1 + number * 0.2, lambda what=what, found=found: Connection(loop, daemon.address).ask(
                    get(what), found.append, PATIENCE))
        loop.run(PATIENCE + 2.5)
    return {"clients that were answered": sum(client.answered for client in clients),
            f"clients without any answer in {PATIENCE:.0f} s": sum(not client.answered for client in clients),
            "requests answered": sum(answer.good for answer in answers),
            "their p50": milliseconds(answers), "their p99": milliseconds(answers, 0.99),
            "a new short client, p50": milliseconds(short), "status page, p50": milliseconds(status)}


def kept_64(made, program):
    """64 clients on 4 workers, each with one request a second; meanwhile new short clients and a monitor."""
    return kept(made, program, 64)


def kept_1000(made, program):
    """1,000 clients on 4 workers, each with one request a second; meanwhile new short clients and a monitor."""
    return kept(made, program, 1000)


def impatient(made, program):
    """12 requests of 3 s on 4 workers, each given up after 0.3 s, then a quick one."""
    marks = made.folder_for_all("marks")
    with made.started(program, static(4)) as daemon, Loop() as loop:
        for _ in range(12):
            Connection(loop, daemon.address).ask(get(made.script("tell"), query="3000"), timeout=0.3)
        loop.run(0.5)
        quick = ask(daemon.address, get(made.script("hello")), 20)
        time.sleep(0.5)
        run = len(list(marks.iterdir()))
    return {"the quick request took": f"{quick.seconds:.2f} s" if quick.good else "not answered in 20 s",
            "requests run of the 12 given up": run}


def status_page(made, program):
    """The status page while 4 workers hang and 500 requests wait; 20 times, one after the other."""
    with made.started(program, static(4).having(STATUS)) as daemon, Loop() as loop:
        for _ in range(504):
            Connection(loop, daemon.address).ask(get(made.script("sleep"), query="60000"), timeout=60)
        loop.run(1)
        answers = []
        while len(answers) < 20 and all(answer.good for answer in answers):
            answers.append(ask(daemon.address, get("/status"), PATIENCE))
    return {"status page, p50": milliseconds(answers), "status page, slowest": milliseconds(answers, 1)}


class Flood:
    """New connections at a steady rate on a pool that can serve none; who is refused does not try again."""

    def __init__(self, loop, address, request, per_second):
        self.loop, self.address, self.request, self.per_second = loop, address, request, per_second
        self.started = time.monotonic()
        self.answers = []
        self.begun = 0

    def go(self):
        due = int((time.monotonic() - self.started) * self.per_second) - self.begun
        for _ in range(due):
            Connection(self.loop, self.address, patient=False).ask(self.request, self.answers.append, 1)
        self.begun += due
        self.loop.after(0.005, self.go)


def neighbour(made, daemon, loop, seconds=3):
    """The generator's report of one client on pool b while the loop goes on."""
    running = subprocess.Popen(made.load_command(daemon, "hello", ["--clients", "1"], seconds, daemon.addresses["b"]),
                               stdout=subprocess.PIPE, text=True)
    try:
        loop.run(seconds + 10, until=lambda: running.poll() is not None)
    finally:
        running.kill()
        text, _ = running.communicate()
    return report_in(text, daemon)


def flood(made, program):
    """1,000 new connections a second on a pool whose line is full, and what one client of another pool feels."""
    full = Pool({"pm": "static", "pm.max_children": 2, "listen.backlog": 128}, name="a",
                only={"phalanx": {"queue.max_length": 128}})
    with made.started(program, full, static(2, name="b")) as daemon, Loop() as loop:
        alone = neighbour(made, daemon, loop)
        hang = get(made.script("sleep"), query="60000")
        for _ in range(300):
            Connection(loop, daemon.addresses["a"], patient=False).ask(hang, timeout=60)
        loop.run(0.5)
        flooding = Flood(loop, daemon.addresses["a"], hang, 1000)
        flooding.go()
        meanwhile = neighbour(made, daemon, loop)
    return {"p50 without the flood": f"{alone['p50_us']} us", "p99 without the flood": f"{alone['p99_us']} us",
            "p50 in the flood": f"{meanwhile['p50_us']} us", "p99 in the flood": f"{meanwhile['p99_us']} us",
            "errors of the neighbour": meanwhile["errors"], "connections of the flood": flooding.begun,
            "what became of them": problems(flooding.answers)}


def ramp(made, program):
    """40 requests of 1 s at once on a dynamic pool that has 2 idle workers and may have 40."""
    pool = Pool({"pm": "dynamic", "pm.max_children": 40, "pm.start_servers": 2, "pm.min_spare_servers": 2,
                 "pm.max_spare_servers": 4})
    with made.started(program, pool) as daemon, Loop() as loop:
        answers = []
        started = time.monotonic()
        for _ in range(40):
            Connection(loop, daemon.address).ask(get(made.script("sleep"), query="1000"), answers.append, 45)
        loop.run(45, until=lambda: len(answers) == 40)
        seconds = time.monotonic() - started
    return {"until all are answered": f"{seconds:.1f} s", "errors": problems(answers)}


class SleepyClient:
    """Requests of 0 to 0.5 s, one after the other, on one kept connection or on a new one each time."""

    def __init__(self, loop, made, address, keep, answers, seed):
        self.connection = Connection(loop, address)
        self.loop, self.made, self.keep, self.answers = loop, made, keep, answers
        self.random = random.Random(seed)
        self.ended = False

    def go(self):
        request = get(self.made.script("sleep"), self.keep, str(self.random.randrange(500)))
        self.connection.ask(request, self._done, 15, self.keep)

    def _done(self, answer):
        self.answers.append(answer)
        if not self.ended:
            self.loop.after(0.001, self.go)


def reloads(made, program):
    """64 clients on 64 workers, half of them kept-alive, requests of 0 to 0.5 s, and 20 reloads, one each 0.5 s."""
    with made.started(program, static(64)) as daemon, Loop() as loop:
        short, kept_alive = [], []
        clients = [SleepyClient(loop, made, daemon.address, keep, answers, number)
                   for number in range(32) for keep, answers in ((False, short), (True, kept_alive))]
        for client in clients:
            client.go()
        for number in range(20):
            loop.after(0.5 * (number + 1), daemon.reload)
        loop.run(10.5)
        for client in clients:
            client.ended = True
        loop.run(16, until=lambda: not any(client.connection.done for client in clients))
    return {"requests answered": sum(answer.good for answer in short + kept_alive),
            "errors on short connections": problems(short), "errors on kept connections": problems(kept_alive),
            "longest wait on short connections": milliseconds(short, 1),
            "longest wait on kept connections": milliseconds(kept_alive, 1)}


def recycling(made, program):
    """16 clients on 16 workers, hello-world: with no end to a worker, and with pm.max_requests = 50."""
    pools = {"no recycling": static(16), "50 requests a worker": static(16).having({"pm.max_requests": 50})}
    figures = {}
    for use, more in (("short", []), ("kept", ["--keep"])):
        for label, pool in pools.items():
            with made.started(program, pool) as daemon:
                report = made.load(daemon, "hello", ["--clients", "16", *more], 3)
            figures[f"{use}, {label}: requests/s"] = round(report["requests_per_second"])
            figures[f"{use}, {label}: p99"] = f"{report['p99_us'] / 1000:.2f} ms"
            figures[f"{use}, {label}: errors"] = report["errors"]
    return figures


ALL = {"keep-alive, 64 clients": kept_64, "keep-alive, 1,000 clients": kept_1000, "impatient clients": impatient,
       "status page of a full pool": status_page, "flood on a neighbour": flood, "ramp": ramp,
       "reload under load": reloads, "recycling": recycling}
