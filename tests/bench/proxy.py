"""proxy: a TCP proxy that counts, delays and slows; it knows nothing of what
it carries.

Its counts are of its own: bytes as they pass, and round trips by what can have
caused what. A piece that one side sends counts one half trip more than the
latest piece that side had been given; so pieces that cross on the way, or
follow each other, cost nothing, as they would not on a long link.
"""

import queue
import socket
import threading
import time

PIECE_BYTES = 4096
PIECE_BYTES_SLOW = 1460  # so that a slow link is slow evenly
BURST = 0.02  # seconds; a sleep that lasted too long is no loss of the link's


class Connection:
    """One connection through the proxy, and what passed it."""

    def __init__(self):
        self.bytes = [0, 0]  # up: from the caller; down: to it
        self.first = self.last = None
        self.given = [0, 0]  # half trips known to caller and answerer
        self.lock = threading.Lock()
        self.open_ways = threading.Semaphore(0)

    def sent(self, side, size):
        """A side sent something; what it costs in half trips."""
        with self.lock:
            self.bytes[side] += size
            self.first = self.first or time.monotonic()
            return self.given[side] + 1

    def arrived(self, side, halves):
        with self.lock:
            self.last = time.monotonic()
            other = 1 - side
            self.given[other] = max(self.given[other], halves)

    @property
    def round_trips(self):
        """With TCP's own; what the caller sends last waits for nothing."""
        return 1 + (self.given[0] + 1) // 2

    def wait(self, seconds=30):
        """Until both sides have said all; False: not in that time."""
        return (self.open_ways.acquire(timeout=seconds) and
                self.open_ways.acquire(timeout=seconds))


class Proxy:
    """Listens on a port of its own and passes on to another.

    delay: seconds each way; rate: bytes a second each way, None for no limit.
    """

    def __init__(self, port, delay=0.0, rate=None):
        self.target, self.delay, self.rate = port, delay, rate
        self.connections = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rate is not None:  # else the kernel would hold the backlog
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.threads = []
        self._start(self._accept)

    def _start(self, run, *arguments):
        t = threading.Thread(target=run, args=arguments, daemon=True)
        t.start()
        self.threads.append(t)

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            for s in (near, far):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            c = Connection()
            self.connections.append(c)
            self._carry(c, 0, near, far)
            self._carry(c, 1, far, near)

    def _carry(self, connection, side, source, sink):
        way = queue.SimpleQueue()
        self._start(self._take, connection, side, source, way)
        self._start(self._give, connection, side, sink, way)

    def _take(self, connection, side, source, way):
        size = PIECE_BYTES if self.rate is None else PIECE_BYTES_SLOW
        free = 0.0  # when the link has carried what it was given
        while True:
            try:
                data = source.recv(size)
            except OSError:
                data = b""
            halves = connection.sent(side, len(data)) if data else 0
            now = time.monotonic()
            if self.rate is not None:
                free = max(free, now - BURST) + len(data) / self.rate
                if free > now:
                    time.sleep(free - now)
                now = max(now, free)
            way.put((now + self.delay, halves, data))
            if not data:
                return

    def _give(self, connection, side, sink, way):
        try:
            self._give_all(connection, side, sink, way)
        finally:
            connection.open_ways.release()

    def _give_all(self, connection, side, sink, way):
        while True:
            due, halves, data = way.get()
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                connection.arrived(side, halves)
                sink.sendall(data)
            except OSError:
                return

    def close(self):
        """Takes no more; what is under way may end."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
