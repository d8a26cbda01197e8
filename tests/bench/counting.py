"""What processes do, counted instead of timed: system calls by strace, and context switches."""
import collections
import contextlib
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ATTACH_SECONDS = 10


def strace_works():
    """It is installed, and may look into other processes here."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


def status_field(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0


def table_of(text):
    """Call -> how often, of what strace -c has written."""
    calls = collections.Counter()
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[3].isdigit() and fields[-1] != "total":
            calls[fields[-1]] += int(fields[3])
    return calls


@contextlib.contextmanager
def system_calls(pids, file):
    """Gives a counter that has been filled once the block has ended."""
    calls = collections.Counter()
    command = ["strace", "-f", "-c", "-o", file]
    for pid in pids:
        command += ["-p", str(pid)]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True)
    try:
        end = time.monotonic() + ATTACH_SECONDS
        while not all(status_field(pid, "TracerPid") for pid in pids):
            if tracer.poll() is not None or time.monotonic() > end:
                sys.exit("strace cannot be attached")
            time.sleep(0.01)
        yield calls
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        tracer.wait()
    calls.update(table_of(pathlib.Path(file).read_text()))


class Switches:
    """How often some processes have given up their processor to wait, since the start of this."""

    def __init__(self, pids):
        self.pids = pids
        self.before = self.now()

    def now(self):
        return sum(status_field(pid, "voluntary_ctxt_switches") for pid in self.pids)

    def since(self):
        return self.now() - self.before
