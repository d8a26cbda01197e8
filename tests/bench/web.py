"""HTTP: waits for a web server's first page, and loads one with wrk."""
import contextlib
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

from server import START_SECONDS

CLIENTS = 64


def wrk_installed():
    return shutil.which("wrk") is not None


def await_page(server):
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(f"http://{server.address}/hello.php", timeout=1):
                return
        if server.process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{server.name} did not start:\n{server.log.read_text(errors='replace')}")
        time.sleep(0.01)


def load(address, servers, seconds):
    """The report of a run, in the load generator's terms; the CPU time is that of all the servers."""
    cpu = sum(server.cpu_seconds() for server in servers)
    command = ["wrk", "-t", "1", "-c", str(CLIENTS), "-d", f"{max(1, round(seconds))}s",
               f"http://{address}/hello.php"]
    text = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True).stdout
    cpu = sum(server.cpu_seconds() for server in servers) - cpu
    count = int(re.search(r"(\d+) requests in", text).group(1))
    socket_errors = re.search(r"Socket errors: (.*)", text)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = [int(number) for number in re.findall(r"\d+", socket_errors.group(1))] if socket_errors else []
    errors += [int(wrong.group(1))] if wrong else []
    return {"requests_per_second": float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1)),
            "server_cpu_us_per_request": cpu * 1e6 / max(count, 1), "errors": sum(errors)}
