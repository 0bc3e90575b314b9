#!/usr/bin/env python3
"""proxy: a TCP link that is cut, slow, narrow, deaf or closed, as told.

    proxy.py --to HOST:PORT [--listen HOST:PORT] [--port-file F] [--seed N]
             [--plan F] [--report F]

Each connection goes by the plan that stands when it is accepted: a JSON object
in the file --plan, read anew each time, or Proxy.plan in a test. "up" is from
the one who connects to HOST:PORT, "down" the other way. All that is drawn comes
from the seed and the number of the connection.

  cut        {"up": N} and/or {"down": N}: cut when that many bytes were delivered
  cut_after  [A, B]: cut after A..B bytes, both ways together
  cut_ms     [A, B]: cut so many milliseconds after it began
  how        "fin", "rst" or "any" (the default): how a cut is seen by the near
             side. With "fin" exactly the bytes before the cut arrive.
  drain_ms   N: after a cut what was on its way up still arrives, spread over N ms;
             only then does the far side see an end
  delay_ms   [A, B]: each piece arrives so much later, in order
  rate       bytes a second, each way
  queue      N: so many bytes wait in the proxy at most, as in a modem; else it takes
             all it is given at once, and nothing urgent can overtake
  loss       share of the segments that are lost: each comes retransmit_ms later, and
             so does what lies behind it
  retransmit_ms  800 unless told
  window_ms  [UP, DOWN]: up for UP ms since the plan was made, then down for DOWN ms, and
             so on. A connection is cut when its window ends, and none is taken then.
  stall      true: a connection outlives the gap instead, and goes on after it
  hole       {"up": N} or {"down": N}: when that many bytes were delivered nothing
             moves any more, and nobody is told; {"up": 0}: from the start
  refuse_ms  [A, B, C, D]: closed for A..B ms, then open for C..D ms, and so on
  first      N: all this holds for the first N connections under this plan only

The report (at the end, and at SIGUSR1) counts payload bytes each way and turns,
the changes of direction, per connection and in sum; two turns are a round trip.
"""
import argparse
import asyncio
import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import time

PIECE, SEGMENT, WAITING_MAX = 16384, 1460, 4 << 20
OTHER = {"up": "down", "down": "up"}


class Cut(Exception):
    pass


class Link:
    """One connection: two queues of (due, bytes) and what becomes of them."""

    def __init__(self, proxy, number, near, far, plan):
        self.proxy, self.near, self.far, self.plan = proxy, near, far, plan
        self.random = random.Random("%s %d" % (proxy.seed, number))
        self.bytes, self.turns, self.last = {"up": 0, "down": 0}, 0, None
        self.how, self.is_deaf, self.is_dying = "end", plan.get("hole") in ({"up": 0}, {"down": 0}), False
        span = plan.get("cut_after")
        self.total_max = self.random.randint(*span) if span else None
        self.near_is_closed, self.lost = False, 0

    def report(self):
        return {"up": self.bytes["up"], "down": self.bytes["down"], "turns": self.turns, "end": self.how, "lost": self.lost}

    def allowed(self, way):
        """How many bytes may still go that way before something happens; None: no limit."""
        limits = []
        if way in self.plan.get("cut", {}):
            limits.append(self.plan["cut"][way] - self.bytes[way])
        if self.total_max is not None:
            limits.append(self.total_max - self.bytes["up"] - self.bytes["down"])
        if way in self.plan.get("hole", {}):
            limits.append(self.plan["hole"][way] - self.bytes[way])
        return min(limits) if limits else None

    def count(self, way, n):
        self.bytes[way] += n
        if n and way != self.last:
            self.turns += 1
            self.last = way

    def check(self):
        for way in ("up", "down"):
            if way in self.plan.get("cut", {}) and self.bytes[way] >= self.plan["cut"][way]:
                raise Cut
            if way in self.plan.get("hole", {}) and self.bytes[way] >= self.plan["hole"][way]:
                self.is_deaf = True
        if self.total_max is not None and self.bytes["up"] + self.bytes["down"] >= self.total_max:
            raise Cut

    def late(self):
        """What a segment's delay and losses make, in seconds."""
        delay, loss, wait = self.plan.get("delay_ms"), self.plan.get("loss", 0), self.plan.get("retransmit_ms", 800)
        ms = self.random.uniform(*delay) if delay else 0
        while self.random.random() < loss:
            ms += wait
            wait *= 2
            self.lost += 1
        return ms / 1000

    async def read(self, source, queue):
        """Bytes leave their sender at once; what is on its way waits here."""
        loop, due = asyncio.get_running_loop(), 0.0
        most = self.plan.get("queue", WAITING_MAX)
        while True:
            while queue.waiting >= most:
                await asyncio.sleep(0.01)
            data = await loop.sock_recv(source, SEGMENT if "loss" in self.plan or "queue" in self.plan else PIECE)
            due = max(due, time.monotonic() + self.late())
            queue.put(due, data)
            if not data:
                return

    async def write(self, way, sink, queue):
        loop, rate = asyncio.get_running_loop(), self.plan.get("rate")
        while True:
            due, data = await queue.get()
            if due > time.monotonic():
                await asyncio.sleep(due - time.monotonic())
            queue.done()
            if not data:
                if not self.is_deaf:
                    sink.shutdown(socket.SHUT_WR)
                return
            while data and not self.is_deaf:
                n = len(data) if rate is None else min(len(data), max(1, rate // 50))
                limit = self.allowed(way)
                n = n if limit is None else max(0, min(n, limit))
                await loop.sock_sendall(sink, data[:n])
                self.count(way, n)
                data = data[n:]
                self.check()
                if rate is not None:
                    await asyncio.sleep(n / rate)
                await self.proxy.while_stalled(self.plan)

    def close_near(self):
        how = self.plan.get("how", "any")
        if how == "any":
            how = self.random.choice(("fin", "rst"))
        self.how = how
        if how == "rst":
            self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.near.close()
        self.near_is_closed = True

    async def drain(self, queue):
        """The near side is gone; what it sent before keeps arriving."""
        loop, left = asyncio.get_running_loop(), self.plan["drain_ms"] / 1000
        self.is_dying = True
        data = b"".join(d for _, d in queue.items)
        step = max(1, len(data) // 20)
        for at in range(0, len(data), step):
            await asyncio.sleep(left / 20)
            await loop.sock_sendall(self.far, data[at:at + step])
            self.count("up", len(data[at:at + step]))

    async def run(self):
        up, down = Queue(), Queue()
        pumps = [asyncio.ensure_future(c) for c in (self.read(self.near, up), self.write("up", self.far, up),
                                                    self.read(self.far, down), self.write("down", self.near, down))]
        span = self.plan.get("cut_ms")
        timeout = self.random.uniform(*span) / 1000 if span else None
        window = self.proxy.window_left(self.plan)
        if window is not None and not self.plan.get("stall"):
            timeout = window if timeout is None else min(timeout, window)
        try:
            self.check()
            done, left = await asyncio.wait(pumps, timeout=timeout, return_when=asyncio.FIRST_EXCEPTION)
            if left and timeout is not None and not any(p.done() and p.exception() for p in pumps):
                raise Cut
            for p in done:
                p.result()
        except Cut:
            for p in pumps:
                p.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.close_near()
            if self.plan.get("drain_ms"):
                try:
                    await self.drain(up)
                except OSError:
                    pass
        except OSError:
            self.how = "lost"
        finally:
            for p in pumps:
                p.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            if not self.near_is_closed:
                self.near.close()
            self.far.close()


class Queue:
    def __init__(self):
        self.items, self.event, self.waiting = [], asyncio.Event(), 0

    def put(self, due, data):
        self.items.append((due, data))
        self.waiting += len(data)
        self.event.set()

    async def get(self):
        while not self.items:
            self.event.clear()
            await self.event.wait()
        return self.items[0]

    def done(self):
        self.waiting -= len(self.items[0][1])
        self.items.pop(0)


class Proxy:
    """A proxy in a thread of its own, or of its own process (main)."""

    def __init__(self, to, listen=("127.0.0.1", 0), seed=1, plan=None, plan_file=None):
        self.to, self.seed, self.plan_file = to, seed, plan_file
        self.links, self.number, self.under_plan = [], 0, 0
        self._plan, self.planned = plan or {}, time.monotonic()
        self.random = random.Random("%s windows" % seed)
        self.socket = socket.create_server(listen)
        if "queue" in self._plan:  # what is accepted has it from the first byte
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self.is_closed_now = False

    @property
    def plan(self):
        return self._plan

    @plan.setter
    def plan(self, plan):
        self._plan, self.under_plan, self.planned = plan, 0, time.monotonic()

    def window_left(self, plan):
        """Seconds until the window ends; 0: the link is down; None: it has no windows."""
        if "window_ms" not in plan:
            return None
        up, down = (ms / 1000 for ms in plan["window_ms"])
        return max(0, up - (time.monotonic() - self.planned) % (up + down))

    async def while_stalled(self, plan):
        while plan.get("stall") and self.window_left(plan) == 0:
            await asyncio.sleep(0.02)

    def read_plan(self):
        if self.plan_file is None:
            return
        with open(self.plan_file, encoding="utf-8") as f:
            plan = json.load(f)
        if plan != self._plan:
            self.plan = plan

    async def windows(self):
        while True:
            span = self._plan.get("refuse_ms")
            if not span:
                self.is_closed_now = False
                await asyncio.sleep(0.05)
                continue
            self.is_closed_now = True
            await asyncio.sleep(self.random.uniform(*span[:2]) / 1000)
            self.is_closed_now = False
            await asyncio.sleep(self.random.uniform(*span[2:]) / 1000)

    async def connected(self, near):
        self.read_plan()
        plan = self._plan
        self.number += 1
        self.under_plan += 1
        if self.under_plan > plan.get("first", self.under_plan):
            plan = {}
        far = socket.socket(socket.AF_INET)
        far.setblocking(False)
        try:
            if self.is_closed_now or self.window_left(plan) == 0:
                raise ConnectionRefusedError
            if "queue" in plan:  # or the kernel would hold what the proxy does not
                for s in (near, far):
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await asyncio.get_running_loop().sock_connect(far, self.to)
        except OSError:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            near.close()
            far.close()
            return
        for s in (near, far):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(self, self.number, near, far, plan)
        self.links.append(link)
        await link.run()

    async def serve(self):
        loop, tasks = asyncio.get_running_loop(), set()
        tasks.add(asyncio.ensure_future(self.windows()))
        try:
            while True:
                near, _ = await loop.sock_accept(self.socket)
                near.setblocking(False)
                t = asyncio.ensure_future(self.connected(near))
                tasks.add(t)
                t.add_done_callback(tasks.discard)
        finally:
            for t in tasks:
                t.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.socket.close()

    def report(self):
        links = [link.report() for link in self.links]
        return {"connections": links, "up": sum(x["up"] for x in links), "down": sum(x["down"] for x in links),
                "turns": sum(x["turns"] for x in links)}

    def start(self):
        """In a thread; end with stop()."""
        self.loop = asyncio.new_event_loop()
        self.task = self.loop.create_task(self.serve())

        def run():
            try:
                self.loop.run_until_complete(self.task)
            except asyncio.CancelledError:
                pass
            self.loop.close()
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join()


def address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--to", required=True, type=address)
    p.add_argument("--listen", default=("127.0.0.1", 0), type=address)
    p.add_argument("--port-file")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--plan")
    p.add_argument("--report")
    a = p.parse_args()
    proxy = Proxy(a.to, a.listen, a.seed, plan_file=a.plan)

    def write():
        if a.report:
            with open(a.report + ".new", "w", encoding="utf-8") as f:
                json.dump(proxy.report(), f)
            os.replace(a.report + ".new", a.report)

    async def run():
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(proxy.serve())
        loop.add_signal_handler(signal.SIGUSR1, write)
        for s in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(s, task.cancel)
        if a.port_file:
            with open(a.port_file + ".new", "w", encoding="utf-8") as f:
                f.write("%d\n" % proxy.port)
            os.replace(a.port_file + ".new", a.port_file)
        try:
            await task
        except asyncio.CancelledError:
            pass
    asyncio.run(run())
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
