"""What the script `run` beside this file measures, by table, and what is wanted of it."""
import dataclasses

from scripts import INCLUDES
from web import CLIENTS

MEGABYTE = 1 << 20
SHORT_4, SHORT_16, SHORT_64 = "short, 4 clients", "short, 16 clients", "short, 64 clients"
NGINX_SHORT = f"through nginx, short, {CLIENTS} clients"
BUSY_LOOPS = 4


@dataclasses.dataclass
class Scenario:
    """Wanted is what Phalanx's figure divided by php-fpm's has to be: "must / goal"."""
    title: str
    script: str = "hello"
    options: list = dataclasses.field(default_factory=list)  # of phalanx_load
    rate: str = ""  # wanted at least
    cpu: str = ""  # wanted at most
    p99: str = ""  # wanted at most
    tcp: bool = False
    through: str = ""  # nginx's way of using connections: "short" or "kept"
    peer: str = ""  # the scenario whose figures are taken of those that cannot do this one
    busy: int = 0  # endless loops beside


def clients(number, *more):
    return ["--clients", str(number), *more]


def output(size, number):
    return clients(number, "--query", str(size), "--expect-body", str(size))


THROUGHPUT = [
    Scenario("short, 1 client", options=clients(1), rate="0.8 / 1.0"),
    Scenario("short, 2 clients", options=clients(2), rate="0.8 / 1.0"),
    Scenario(SHORT_4, options=clients(4), rate="1.2 / 1.5"),
    Scenario(SHORT_16, options=clients(16), rate="1.7 / 2.2"),
    Scenario(SHORT_64, options=clients(64), rate="1.7 / 2.2", cpu="0.6 / 0.45"),
    Scenario("short, 256 clients", options=clients(256), rate="1.7 / 2.2"),
    Scenario("kept, 2 clients", options=clients(2, "--keep"), rate="1.15 / 1.4", cpu="0.8 / 0.6"),
    Scenario("kept, 4 clients (others: short)", options=clients(4, "--keep"), peer=SHORT_4),
    Scenario("kept, 16 clients (others: short)", options=clients(16, "--keep"), peer=SHORT_16),
    Scenario("kept, 64 clients (others: short)", options=clients(64, "--keep"), rate="1.3 / 1.8", peer=SHORT_64),
    Scenario("TCP, short, 64 clients", options=clients(64), rate="1.4 / 1.8", tcp=True),
    Scenario("output 1 KB, 16 clients", "output", output(1024, 16), "1.0 / 1.3"),
    Scenario("output 64 KB, 16 clients", "output", output(65536, 16), "1.0 / 1.3"),
    Scenario("output 1 MB, 16 clients", "output", output(MEGABYTE, 16), "1.0 / 1.3"),
    Scenario("POST 1 MB, 16 clients", "post", clients(16, "--post", str(MEGABYTE)), "1.0 / 1.3"),
    Scenario(f"{INCLUDES} includes and 1 ms, 16 clients", "includes", clients(16), "1.0 / 1.05"),
    Scenario("50 ms of PHP, 4 clients", "compute", clients(4), "0.94 / 1.0"),
]

LATENCY = [
    Scenario("p99, short, 64 clients", options=clients(64), p99="0.7"),
    Scenario(f"p99, short, 4 clients beside {BUSY_LOOPS} busy loops", options=clients(4), p99="0.5", busy=BUSY_LOOPS),
]

LARGE = [
    Scenario("output 100 MB, 4 clients", "stream", output(100 * MEGABYTE, 4), "1.0 / 1.3"),
    Scenario("upload 10 MB, 4 clients", "drain", clients(4, "--post", str(10 * MEGABYTE)), "1.0 / 1.3"),
]

WEB = [
    Scenario(NGINX_SHORT, through="short", rate="1.1 / 1.3"),
    Scenario(f"through nginx, kept, {CLIENTS} clients (php-fpm: short)", through="kept", rate="1.15 / 1.4",
             peer=NGINX_SHORT),
]
