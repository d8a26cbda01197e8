"""What the script `scale` beside this file lets grow: pools, workers, connections; one function each.

A function takes the bench, a program, a number and how long to load it, starts the daemon, and gives its figures.
"""
import contextlib
import resource
import time

from daemons import Pool, await_true, progress, static
from fastcgi_client import ask, connected, exchange, get
from server import memory_field

STATUS = "/status"
MOST_CLIENTS = 16
ANSWER_SECONDS = 5
READY_SECONDS = 60


def loads(made, daemon, workers, chosen, pool="www"):
    """CPU us for a request, of all the daemon's processes: on short connections, and on kept ones with a client for
    each worker (php-fpm can serve no more), 16 at most."""
    return {"short": least(made, daemon, ["--clients", str(MOST_CLIENTS)], chosen, pool)[0],
            "kept": least(made, daemon, ["--clients", str(min(workers, MOST_CLIENTS)), "--keep"], chosen, pool)[0]}


def least(made, daemon, options, chosen, pool="www"):
    """CPU us for a request, and requests/s, of the run that took the least CPU time: other programs only add to it."""
    return min(one_run(made, daemon, options, chosen.seconds, pool) for _ in range(chosen.rounds))


def one_run(made, daemon, options, seconds, pool):
    before = daemon.run_seconds()
    report = made.load(daemon, "hello", options, seconds, daemon.addresses[pool])
    used = daemon.run_seconds() - before
    if report["errors"]:
        progress(f"    {report['errors']} errors")
    return used * 1e6 / max(report["completed"], 1), report["requests_per_second"]


def pools(made, program, count, chosen):
    names = [f"p{number}" for number in range(count)]
    with made.started(program, *[static(1, name=name) for name in names]) as daemon:
        memory = daemon.pss_kilobytes() / 1024 / count
        return {"ready": daemon.start_seconds, "memory": memory,
                **loads(made, daemon, 1, chosen, names[count // 2])}


def sleeping_pools(made, program, count, _):
    """The first pool is awake, so that what it takes can be subtracted."""
    def started(number):
        ondemand = {"pm": "ondemand", "pm.max_children": 2}
        return made.started(program, static(1), *[Pool(ondemand, name=f"p{n}", asleep=True) for n in range(number)])

    with started(0) as daemon:
        alone = memory_field(daemon.process.pid, "smaps_rollup", "Pss")
    with started(count) as daemon:
        grown = memory_field(daemon.process.pid, "smaps_rollup", "Pss") - alone
        return {"ready": daemon.start_seconds, "memory": grown / count}


@contextlib.contextmanager
def kept_connections(address, request, count):
    """So many connections that have been served once and are kept open since."""
    opened = []
    try:
        for _ in range(count):
            opened.append(connected(address, ANSWER_SECONDS))
            exchange(opened[-1], request)
        yield
    finally:
        for connection in opened:
            connection.close()


def parked(made, program, count, chosen):
    with made.started(program, static(2)) as daemon:
        master = daemon.process.pid
        least(made, daemon, ["--clients", "4"], chosen)
        before = memory_field(master, "smaps_rollup", "Pss")
        with kept_connections(daemon.address, get(made.script("hello"), keep=True), count):
            time.sleep(0.3)
            grown = memory_field(master, "smaps_rollup", "Pss") - before
            one_cpu, one_rate = least(made, daemon, ["--clients", "1"], chosen)
            return {"memory": grown / count if count else None, "rate": one_rate, "one": one_cpu,
                    **loads(made, daemon, 2, chosen)}


def workers(made, program, count, chosen):
    """Ready means here that the status page tells of all of them."""
    began = time.monotonic()
    with made.started(program, static(count).having({"pm.status_path": STATUS})) as daemon:
        def all_are_there():
            answer = ask(daemon.address, get(STATUS), ANSWER_SECONDS)
            return f"total processes:      {count}\n".encode() in answer.body

        await_true(daemon, began + READY_SECONDS, all_are_there)
        ready = time.monotonic() - began
        return {"ready": ready, "memory": daemon.pss_kilobytes() / 1024 / count,
                **loads(made, daemon, count, chosen)}


def allow_many_descriptors():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
