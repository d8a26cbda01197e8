"""A small FastCGI client for the scripts beside this file: one request at a time, or many connections in one thread.

Answers are read by epoll, every request has a time limit, and nothing here knows which server it talks to.
"""
import dataclasses
import heapq
import itertools
import select
import socket
import time

BEGIN, END, PARAMS, INPUT, OUTPUT = 1, 3, 4, 5, 6
HEADER = 8
RETRY_SECONDS = 0.005


def record(kind, content=b""):
    return bytes([1, kind, 0, 1]) + len(content).to_bytes(2, "big") + b"\0\0" + content


def pair(name, value):
    sizes = b"".join(bytes([len(text)]) if len(text) < 128 else (len(text) | 1 << 31).to_bytes(4, "big")
                     for text in (name, value))
    return sizes + name.encode() + value.encode()


def get(script, keep=False, query=""):
    """The bytes of a GET request; `script` is a file, or the path of a status page."""
    values = {"REQUEST_METHOD": "GET", "SCRIPT_FILENAME": str(script), "SCRIPT_NAME": str(script),
              "REQUEST_URI": f"{script}?{query}", "QUERY_STRING": query, "SERVER_PROTOCOL": "HTTP/1.1",
              "GATEWAY_INTERFACE": "CGI/1.1", "REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "localhost"}
    params = b"".join(pair(name, value) for name, value in values.items())
    begin = bytes([0, 1, 1 if keep else 0]) + bytes(5)
    return record(BEGIN, begin) + record(PARAMS, params) + record(PARAMS) + record(INPUT)


@dataclasses.dataclass
class Answer:
    seconds: float  # from the wish to ask (connecting included) to the end of the answer, or until it was given up
    problem: str = ""  # "": answered; else "unanswered" in time, "broken" off, "refused"
    status: int = 0
    body: bytes = b""

    @property
    def good(self):
        return not self.problem and self.status == 200


class Reader:
    """Puts one answer together."""

    def __init__(self):
        self.pending = bytearray()
        self.output = bytearray()
        self.ended = False

    def feed(self, data):
        self.pending += data
        while len(self.pending) >= HEADER:
            content = int.from_bytes(self.pending[4:6], "big")
            size = HEADER + content + self.pending[6]
            if len(self.pending) < size:
                return
            if self.pending[1] == OUTPUT:
                self.output += self.pending[HEADER:HEADER + content]
            self.ended = self.ended or self.pending[1] == END
            del self.pending[:size]

    def answer(self, seconds):
        head, _, body = bytes(self.output).partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"status:")]
        return Answer(seconds, status=int(lines[0].split()[1]) if lines else 200, body=body)


def new_socket(address):
    """A socket that is not connected yet, and what to connect it to: a path or "127.0.0.1:PORT"."""
    if str(address).startswith("/"):
        return socket.socket(socket.AF_UNIX), str(address)
    host, port = address.rsplit(":", 1)
    return socket.socket(socket.AF_INET), (host, int(port))


def ask(address, request, timeout=5.0):
    """One request on a connection of its own; waits for its end."""
    started = time.monotonic()
    reader = Reader()
    connection, target = new_socket(address)
    with connection:
        connection.settimeout(timeout)
        try:
            connection.connect(target)
            connection.sendall(request)
            while not reader.ended and time.monotonic() < started + timeout:
                data = connection.recv(1 << 16)
                if not data:
                    return Answer(time.monotonic() - started, "broken")
                reader.feed(data)
        except (TimeoutError, BlockingIOError):  # a full queue refuses a socket with a time limit at its end
            return Answer(time.monotonic() - started, "unanswered")
        except OSError:
            return Answer(time.monotonic() - started, "refused")
    return reader.answer(time.monotonic() - started) if reader.ended else Answer(timeout, "unanswered")


def connected(address, timeout):
    """A connection of one's own, for exchange()."""
    connection, target = new_socket(address)
    connection.settimeout(timeout)
    try:
        connection.connect(target)
    except OSError:
        connection.close()
        raise
    return connection


def exchange(connection, request):
    """One request on a connection that may be kept; raises OSError when no answer comes."""
    reader = Reader()
    connection.sendall(request)
    while not reader.ended:
        data = connection.recv(1 << 16)
        if not data:
            raise ConnectionError("closed before the answer's end")
        reader.feed(data)
    return reader.answer(0)


class Loop:
    """Timers and many connections. Callbacks run inside run(), which always returns in time."""

    def __init__(self):
        self.epoll = select.epoll()
        self.connections = {}
        self.timers = []
        self.serial = itertools.count()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in list(self.connections.values()):
            connection.close()
        self.epoll.close()

    def after(self, seconds, call):
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.serial), call))

    def run(self, seconds, until=lambda: False):
        end = time.monotonic() + seconds
        while not until():
            while self.timers and self.timers[0][0] <= time.monotonic():
                heapq.heappop(self.timers)[2]()
            now = time.monotonic()
            if now >= end:
                return
            wake = min(end, self.timers[0][0]) if self.timers else end
            for descriptor, _ in self.epoll.poll(max(wake - now, 0)):
                if descriptor in self.connections:
                    self.connections[descriptor].readable()


class Connection:
    """A client on a Unix socket with at most one request under way; a kept one connects again when it was closed.

    While the server's queue is full it tries again, as a blocking connect would wait; an impatient one is refused.
    """

    def __init__(self, loop, address, patient=True):
        self.loop = loop
        self.address = address
        self.patient = patient
        self.socket = None
        self.done = None
        self.request = self.keep = self.reader = None
        self.started = 0.0
        self.asked = 0

    def ask(self, request, done=lambda answer: None, timeout=5.0, keep=False):
        """done(answer) is called once, unless close() comes first."""
        self.request, self.done, self.keep, self.reader = request, done, keep, Reader()
        self.started = time.monotonic()
        self.asked += 1
        number = self.asked
        self.loop.after(timeout, lambda: self._finish("unanswered") if self.done and self.asked == number else None)
        self._send()

    def close(self):
        self.done = None
        self._disconnect()

    def readable(self):
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._finish("broken")  # an idle one is only closed
        elif self.done:
            self.reader.feed(data)
            if self.reader.ended:
                self._finish("")

    def _send(self):
        if self.done is None:
            return
        try:
            if self.socket is None:
                self._connect()
            if self.socket is not None:
                self.socket.send(self.request)
        except OSError:
            self._finish("broken")

    def _connect(self):
        fresh, target = new_socket(self.address)
        fresh.setblocking(False)
        try:
            fresh.connect(target)
        except (BlockingIOError, ConnectionRefusedError):
            fresh.close()
            number = self.asked
            if self.patient:
                self.loop.after(RETRY_SECONDS, lambda: self._send() if self.asked == number else None)
            else:
                self._finish("refused")
            return
        self.socket = fresh
        self.loop.connections[fresh.fileno()] = self
        self.loop.epoll.register(fresh, select.EPOLLIN)

    def _disconnect(self):
        if self.socket is not None:
            del self.loop.connections[self.socket.fileno()]
            self.socket.close()
            self.socket = None

    def _finish(self, problem):
        done, self.done = self.done, None
        seconds = time.monotonic() - self.started
        if problem or not self.keep:
            self._disconnect()
        if done is not None:
            done(Answer(seconds, problem) if problem else self.reader.answer(seconds))
