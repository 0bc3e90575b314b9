#!/usr/bin/env python3
"""proxy_test: the proxy cuts where it says, delays, drains, is deaf, refuses."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from proxy import Proxy  # noqa: E402


class Far:
    """Takes everything; answers so many bytes when the first came."""

    def __init__(self, answer=b""):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.to, self.answer = self.socket.getsockname(), answer
        self.got, self.ended_at = [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            self.got.append(b"")
            self.ended_at.append(None)
            threading.Thread(target=self.one, args=(s, len(self.got) - 1), daemon=True).start()

    def one(self, s, i):
        is_first = True
        try:
            while True:
                data = s.recv(65536)
                if not data:
                    break
                self.got[i] += data
                if is_first:
                    s.sendall(self.answer)
                is_first = False
        except OSError:
            pass
        self.ended_at[i] = time.monotonic()
        s.close()


def settle(condition):
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came about")


class ProxyTest(unittest.TestCase):
    def link(self, plan, answer=b"", seed=1):
        far = Far(answer)
        proxy = Proxy(far.to, seed=seed, plan=plan).start()
        self.addCleanup(far.socket.close)
        self.addCleanup(proxy.stop)
        near = socket.create_connection(("127.0.0.1", proxy.port))
        near.settimeout(5)
        self.addCleanup(near.close)
        return far, proxy, near

    def read_all(self, s):
        got = b""
        try:
            while True:
                data = s.recv(65536)
                if not data:
                    return got
                got += data
        except ConnectionError:
            return got

    def test_whole_bytes_and_turns(self):
        far, proxy, near = self.link({}, b"y" * 300)
        near.sendall(b"x" * 100)
        settle(lambda: proxy.report()["down"] == 300)
        near.sendall(b"x" * 7)
        near.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_all(near), b"y" * 300)
        settle(lambda: far.got == [b"x" * 107])
        r = proxy.report()
        self.assertEqual((r["up"], r["down"], r["turns"]), (107, 300, 3))

    def test_cut_upwards_at_every_place(self):
        for n in (0, 1, 2, 99, 16384, 16385, 50000):
            far, proxy, near = self.link({"cut": {"up": n}, "how": "fin"})
            try:
                near.sendall(b"x" * 60000)
            except OSError:
                pass
            self.read_all(near)
            # Who was told less than a byte need not have been called.
            settle(lambda: (n == 0 or far.ended_at) and all(far.ended_at))
            self.assertEqual(b"".join(far.got), b"x" * n)

    def test_cut_downwards_at_the_byte(self):
        for n in (0, 1, 5, 299, 300):
            _, proxy, near = self.link({"cut": {"down": n}, "how": "fin"}, b"y" * 1000)
            try:
                near.sendall(b"x")
            except OSError:
                pass
            self.assertEqual(self.read_all(near), b"y" * n)

    def test_reset_is_seen_as_one(self):
        _, proxy, near = self.link({"cut": {"up": 10}, "how": "rst"})
        near.sendall(b"x" * 20)
        with self.assertRaises(ConnectionResetError):
            near.recv(1)

    def test_drawn_cut_depends_on_the_seed_alone(self):
        def counts(seed):
            far, proxy, near = self.link({"cut_after": [1, 5000]}, seed=seed)
            near.sendall(b"x" * 6000)
            self.read_all(near)
            settle(lambda: proxy.report()["connections"][0]["end"] != "end")
            return proxy.report()["up"]
        self.assertEqual(counts(5), counts(5))
        self.assertGreater(len({counts(i) for i in range(8)}), 4)

    def test_cut_by_time(self):
        _, proxy, near = self.link({"cut_ms": [100, 200]})
        begin = time.monotonic()
        near.sendall(b"x")
        self.read_all(near)
        self.assertGreaterEqual(time.monotonic() - begin, 0.09)

    def test_what_was_under_way_drains_after_the_cut(self):
        far, proxy, near = self.link({"delay_ms": [300, 300], "cut_ms": [150, 150], "drain_ms": 400})
        near.sendall(b"x" * 5000)
        self.read_all(near)  # cut: nothing was delivered yet
        self.assertEqual(far.got, [b""])
        self.assertIsNone(far.ended_at[0])
        cut = time.monotonic()
        settle(lambda: far.ended_at[0] is not None)
        self.assertEqual(far.got, [b"x" * 5000])
        self.assertGreater(far.ended_at[0] - cut, 0.3)

    def test_delay_both_ways(self):
        _, proxy, near = self.link({"delay_ms": [100, 120]}, b"y")
        begin = time.monotonic()
        near.sendall(b"x")
        self.assertEqual(near.recv(1), b"y")
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_rate(self):
        _, proxy, near = self.link({"rate": 10000}, b"y")
        begin = time.monotonic()
        near.sendall(b"x" * 3000)
        settle(lambda: proxy.report()["up"] == 3000)
        self.assertGreaterEqual(time.monotonic() - begin, 0.25)

    def test_lost_segments_come_late_and_in_order(self):
        far, proxy, near = self.link({"loss": 0.9, "retransmit_ms": 40}, seed=3)
        begin = time.monotonic()
        near.sendall(b"x" * 1460 + b"z" * 5)
        settle(lambda: proxy.report()["up"] == 1465)
        lost = proxy.report()["connections"][0]["lost"]
        self.assertGreater(lost, 0)
        self.assertGreaterEqual(time.monotonic() - begin, 0.04)
        settle(lambda: b"".join(far.got) == b"x" * 1460 + b"z" * 5)

    def test_a_queue_makes_the_sender_wait(self):
        _, proxy, near = self.link({"rate": 20000, "queue": 2000})
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        begin = time.monotonic()
        near.sendall(b"x" * 60000)
        self.assertGreaterEqual(time.monotonic() - begin, 1)
        settle(lambda: proxy.report()["up"] == 60000)

    def test_a_window_ends_in_a_cut_and_opens_again(self):
        _, proxy, near = self.link({}, b"y")
        proxy.plan = {"window_ms": [400, 400], "how": "fin"}
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", proxy.port)) as s:
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"y")
            self.assertEqual(s.recv(1), b"")
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)

        def is_open():
            with socket.create_connection(("127.0.0.1", proxy.port)) as s:
                try:
                    s.sendall(b"x")
                    return s.recv(1) == b"y"
                except OSError:
                    return False
        settle(lambda: not is_open())
        settle(is_open)

    def test_a_stalled_connection_goes_on_after_the_gap(self):
        far, proxy, near = self.link({"window_ms": [300, 700], "stall": True, "rate": 10000})
        near.sendall(b"x" * 6000)
        begin = time.monotonic()
        settle(lambda: proxy.report()["up"] == 6000)
        self.assertGreaterEqual(time.monotonic() - begin, 0.9)
        self.assertEqual(proxy.report()["connections"][0]["end"], "end")

    def test_hole_passes_nothing_and_tells_nobody(self):
        far, proxy, near = self.link({"hole": {"down": 5}}, b"y" * 10)
        near.sendall(b"x" * 10)
        settle(lambda: proxy.report()["down"] == 5)
        near.sendall(b"z" * 10)
        near.settimeout(0.3)
        got = near.recv(100)
        with self.assertRaises(TimeoutError):
            near.recv(1)
        self.assertEqual((got, far.got), (b"y" * 5, [b"x" * 10]))
        self.assertIsNone(far.ended_at[0])

    def test_refuses_and_opens_again(self):
        _, proxy, near = self.link({}, b"y")
        proxy.plan = {"refuse_ms": [200, 200, 200, 200]}

        def is_open():
            with socket.create_connection(("127.0.0.1", proxy.port)) as s:
                s.settimeout(5)
                try:
                    s.sendall(b"x")
                    return s.recv(1) == b"y"
                except ConnectionError:
                    return False
        settle(lambda: not is_open())
        settle(is_open)

    def test_first_ones_only(self):
        _, proxy, near = self.link({"cut": {"up": 1}, "first": 1}, b"y")
        near.sendall(b"xx")
        self.read_all(near)
        with socket.create_connection(("127.0.0.1", proxy.port)) as s:
            s.sendall(b"xx")
            self.assertEqual(s.recv(1), b"y")

    def test_program_reads_plans_and_reports(self):
        with tempfile.TemporaryDirectory() as d:
            far, plan = Far(b"y"), os.path.join(d, "plan")
            with open(plan, "w", encoding="utf-8") as f:
                json.dump({"cut": {"up": 3}, "how": "fin"}, f)
            p = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "proxy.py"),
                                  "--to", "%s:%d" % far.to, "--port-file", d + "/port", "--plan", plan, "--report", d + "/r"])
            settle(lambda: os.path.exists(d + "/port"))
            with open(d + "/port", encoding="utf-8") as f:
                port = int(f.read())
            with socket.create_connection(("127.0.0.1", port)) as s:
                s.sendall(b"xxxxx")
                self.read_all(s)
            p.send_signal(signal.SIGUSR1)
            settle(lambda: os.path.exists(d + "/r"))
            p.terminate()
            self.assertEqual(p.wait(), 0)
            with open(d + "/r", encoding="utf-8") as f:
                self.assertEqual(json.load(f)["connections"][0]["up"], 3)
            far.socket.close()


if __name__ == "__main__":
    unittest.main()
