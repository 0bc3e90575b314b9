"""group: a hub and its clinics as real processes, for the scenarios.

Nodes live in directories under one temporary directory. Programs come from
$YIZHAN and $YIZHAND. What is started here is ended here, by process id.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DONE, FAILED, NO_LINK, PARTLY, TRY_AGAIN = 0, 1, 4, 6, 75


class Failed(Exception):
    pass


def expect(condition, *what):
    if not condition:
        raise Failed(" ".join(str(w) for w in what))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def summary(self):
        """The JSON object that ends what acts."""
        rows = self.out.decode().splitlines()
        return json.loads(rows[-1]) if rows else {}

    def __str__(self):
        return "exit %d, %s %s" % (self.code, self.out.decode(errors="replace")[-400:], self.err.decode(errors="replace")[-400:])


class Node:
    def __init__(self, group, name):
        self.group, self.name = group, name
        self.dir = os.path.join(group.work, name)
        self.agent, self.config = None, None

    def command(self, *words):
        return [self.group.yizhan, "--dir", self.dir, *words]

    def run(self, *words, data=b"", codes=(DONE,)):
        p = subprocess.run(self.command(*words), input=data, capture_output=True, timeout=300, check=False)
        r = Result(p.returncode, p.stdout, p.stderr)
        expect(codes is None or r.code in codes, self.name, *words, r)
        return r

    def begin(self, *words, data=None):
        """Start a command in a process of its own."""
        out = tempfile.TemporaryFile(dir=self.group.work)
        if data is None:
            given = subprocess.DEVNULL
        else:
            given = tempfile.TemporaryFile(dir=self.group.work)
            given.write(data)
            given.seek(0)
        p = subprocess.Popen(self.command(*words), stdin=given, stdout=out, stderr=subprocess.STDOUT)
        p.output = out
        self.group.started.append(p)
        return p

    def end(self, p, timeout=300):
        """Wait for one that was begun."""
        p.wait(timeout)
        p.output.seek(0)
        r = Result(p.returncode, p.output.read(), b"")
        p.output.close()
        self.group.started.remove(p)
        return r

    def start(self):
        log = open(self.dir + ".log", "ab")
        words = ["--config", self.config] if self.config else []
        self.agent = subprocess.Popen([self.group.yizhand, "--dir", self.dir, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.group.started.append(self.agent)
        path = os.path.join(self.dir, "agent.sock")
        until = time.monotonic() + 60
        while True:
            expect(self.agent.poll() is None, "the agent of", self.name, "ended with", self.agent.returncode)
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(path)
                return self
            except OSError:
                expect(time.monotonic() < until, "the agent of", self.name, "did not start")
                time.sleep(0.01)

    def stop(self, how=signal.SIGTERM):
        """End the agent; a kill answers nothing and tidies nothing up."""
        self.agent.send_signal(how)
        code = self.agent.wait(60)
        expect(how == signal.SIGKILL or code == 0, "the agent of", self.name, "ended with", code)
        self.group.started.remove(self.agent)
        self.agent = None

    def kill(self):
        self.stop(signal.SIGKILL)

    def status(self):
        return self.run("status", "--json").summary

    def export(self):
        """All records, by (kind, ref); one that stands there twice is a failure."""
        rows = {}
        for line in self.run("export").out.splitlines():
            r = json.loads(line)
            key = r["kind"], r["ref"]
            expect(key not in rows, self.name, "exports", key, "twice")
            rows[key] = r
        return rows


class Group:
    """with Group() as g: a hub with its agent running; g.clinic("a") joins one."""

    def __init__(self):
        self.yizhan, self.yizhand = os.environ["YIZHAN"], os.environ["YIZHAND"]
        self.source = os.environ["YIZHAN_SOURCE_ROOT"]
        os.environ.setdefault("YIZHAN_MAP_MIB", "512")
        os.environ["LC_ALL"] = "C.UTF-8"
        os.environ.pop("YIZHAN_DIR", None)
        os.environ.pop("LANGUAGE", None)
        self.started = []

    def __enter__(self):
        self.work = tempfile.mkdtemp()
        try:
            self.make_hub()
        except BaseException:
            self.__exit__(Failed, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        for p in self.started:
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(30)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        if kind is not None:
            for name in sorted(os.listdir(self.work)):
                if name.endswith(".log"):
                    with open(os.path.join(self.work, name), errors="replace") as f:
                        print("--- %s\n%s" % (name, "".join(f.readlines()[-25:])), flush=True)
        shutil.rmtree(self.work, ignore_errors=True)

    def make_hub(self):
        self.port = free_port()
        self.hub = Node(self, "hub")
        self.hub.run("init", "--role", "hub", "--name", "hub")
        self.hub.config = os.path.join(self.work, "hub.conf")
        with open(self.hub.config, "w", encoding="utf-8") as f:
            f.write("[agent]\nlisten = 127.0.0.1:%d\n" % self.port)
        self.hub.run("import", os.path.join(self.source, "tests/data/sample/reference.ndjson"), "--source", "his")
        self.hub.start()

    def clinic(self, name, org="C01", port=None):
        """A clinic that joined; it goes through port (a proxy's) from then on."""
        node = Node(self, name)
        node.run("init", "--name", name)
        code = self.hub.run("hub", "invite", "--org", org).out.decode().split()[0]
        node.run("join", code, "--hub", "127.0.0.1:%d" % self.port)
        node.run("sync", "--wait")
        if port is not None:
            node.config = os.path.join(node.dir, "yizhan.conf")
            with open(node.config, "w", encoding="utf-8") as f:
                f.write("[agent]\nparent = 127.0.0.1:%d\n" % port)
        return node
