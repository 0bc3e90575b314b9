"""group: real programs under measurement: a hub, clinics, what they are fed."""

import glob
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time

REFERENCE = ("org", "staff", "practice_site", "team", "drug")


class Failed(Exception):
    """A program did not do what the bench needs; no figure is better than a
    wrong one."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read_lines(paths):
    for path in paths:
        with open(path, "rb") as f:
            yield from f


def rss_anon_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    raise Failed("no RssAnon for %d" % pid)


def cpu_seconds(pid):
    """User and system time of a running process."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Group:
    """A folder with stores; its agents are ended by close()."""

    def __init__(self, root, build, folder, generate):
        self.root, self.build, self.folder = root, build, folder
        self.generator = generate
        self.agents = {}
        self.env = dict(os.environ, LC_ALL="C.UTF-8",
                        YIZHAN_LOCALEDIR=os.path.join(build, "po"))
        for name in ("YIZHAN_DIR", "LANGUAGE"):
            self.env.pop(name, None)
        self.yizhan = os.path.join(build, "cli", "yizhan")
        self.yizhand = os.path.join(build, "agent", "yizhand")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def program(self, name):
        return os.path.join(self.build, "tests", "bench", name + "_bench")

    # --- commands

    def start(self, name, *arguments):
        """yizhan in a store, not waited for."""
        return subprocess.Popen(
            [self.yizhan, "--dir", self.path(name), *arguments],
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def run(self, name, *arguments, allow=(0,)):
        p = self.start(name, *arguments)
        out, err = p.communicate()
        if p.returncode not in allow:
            raise Failed("yizhan %s: exit %d: %s" % (
                " ".join(arguments), p.returncode,
                err.decode("utf-8", "replace").strip()[-400:]))
        return out.decode("utf-8")

    def json(self, name, *arguments, allow=(0,)):
        text = self.run(name, *arguments, "--json", allow=allow)
        return json.loads(text.strip().splitlines()[-1])

    def feed(self, name, path):
        """Import; the summary and seconds. Awaited references are fine."""
        began = time.perf_counter()
        summary = self.json(name, "import", path, "--source", "his",
                            allow=(0, 6))
        return summary, time.perf_counter() - began

    def bench(self, name, *arguments):
        """One of the tree's own bench programs."""
        done = subprocess.run([self.program(name), *map(str, arguments)],
                              env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode != 0:
            raise Failed("%s_bench: exit %d: %s" % (
                name, done.returncode,
                done.stderr.decode("utf-8", "replace").strip()[-400:]))
        return json.loads(done.stdout)

    # --- agents

    def start_agent(self, name, text="[agent]\n"):
        """Its process, when it answers on its socket."""
        with open(self.path(name + ".conf"), "w", encoding="utf-8") as f:
            f.write(text)
        with open(self.path(name + ".log"), "ab") as log:
            agent = subprocess.Popen(
                [self.yizhand, "--dir", self.path(name), "--config",
                 self.path(name + ".conf")],
                env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        self.agents[name] = agent
        for _ in range(600):
            if os.path.exists(self.path(name, "agent.sock")):
                return agent
            if agent.poll() is not None:
                break
            time.sleep(0.05)
        raise Failed("the agent of %s did not start" % name)

    def stop_agent(self, name):
        agent = self.agents.pop(name)
        agent.terminate()
        if agent.wait() != 0:
            raise Failed("the agent of %s ended with %d"
                         % (name, agent.returncode))

    def close(self):
        for agent in self.agents.values():
            agent.terminate()
        for agent in self.agents.values():
            agent.wait()
        self.agents.clear()

    # --- stores

    def new_hub(self, name, corpus):
        """A hub with the group's reference data; its port."""
        port = free_port()
        self.run(name, "init", "--role", "hub", "--name", "hub")
        self.feed(name, os.path.join(corpus, "reference.ndjson"))
        self.start_agent(name, "[agent]\nlisten = 127.0.0.1:%d\n" % port)
        return port

    def join(self, hub, name, org, port):
        code = self.json(hub, "hub", "invite", "--org", org)["code"]
        self.run(name, "join", code, "--hub", "127.0.0.1:%d" % port)
        # What the hub has to say comes down once, before any measurement.
        self.run(name, "sync", "--wait")

    def parent(self, name, port):
        """Where the store's next sessions go."""
        with open(self.path(name, "yizhan.conf"), "w", encoding="utf-8") as f:
            f.write("[agent]\nparent = 127.0.0.1:%d\n" % port)

    # --- what they are fed

    def corpus(self, name, seed, **options):
        """A generated group; made once per name."""
        out = self.path(name)
        if os.path.isdir(out):
            return out
        command = [sys.executable, "-B", self.generator, "--seed", str(seed),
                   "--out", out]
        for option, value in options.items():
            command += ["--" + option.replace("_", "-"), str(value)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return out

    @staticmethod
    def files(corpus):
        """All but the reference data, in the order of time."""
        first = [os.path.join(corpus, n + ".ndjson")
                 for n in ("residents", "contracts", "devices")]
        return first + sorted(glob.glob(os.path.join(corpus, "day-*.ndjson")))

    def write(self, name, lines):
        path = self.path(name)
        with open(path, "wb") as f:
            f.writelines(lines)
        return path


def children_cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def remove(path):
    shutil.rmtree(path, ignore_errors=True)
