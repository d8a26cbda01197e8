"""A server that one of the scripts beside this file has started: what its processes use, and their end."""
import contextlib
import os
import pathlib
import socket
import subprocess

START_SECONDS = 20
STOP_SECONDS = 10
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """The process that was started, and all its descendants."""

    def __init__(self, name, command, log, **more):
        self.name = name
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True, **more)

    def pids(self):
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

    def run_seconds(self):
        """What those that live have used, to the nanosecond: cpu_seconds() counts whole ticks of 10 ms of each, which
        is nothing for most of a thousand."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                total += int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        return total / 1e9

    def pss_kilobytes(self):
        return sum(memory_field(pid, "smaps_rollup", "Pss") for pid in self.pids())

    def largest_kilobytes(self):
        """Of the process with the most resident memory."""
        return max(memory_field(pid, "status", "VmRSS") for pid in self.pids())

    def largest_peak_kilobytes(self):
        """The most that one of them ever had, or has had since forget_peaks()."""
        return max(memory_field(pid, "status", "VmHWM") for pid in self.pids())

    def forget_peaks(self):
        for pid in self.pids():
            with contextlib.suppress(OSError):
                pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")

    def stop(self):
        family = self.pids()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
            self.process.wait(STOP_SECONDS)


def memory_field(pid, file, field):
    """Kilobytes; none of a process that is gone."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    return 0


def stat_fields(path):
    """From the state on, which is the third field: index 1 is the parent, 11 to 14 are times."""
    return path.read_text().rpartition(")")[2].split()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
