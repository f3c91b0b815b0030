"""Recordings of real interpreters: what the tests of this folder share."""
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "pythons")]
import discover  # noqa: E402
from common import wait_for  # noqa: E402,F401
from server import PYSTROBE  # noqa: E402

SECONDS = 120   # after which what should have happened never will

EACH = discover.one_per_version()
ERAS = [p for p in EACH if p.minor in ("2.7", "3.8", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")]
OWN = discover.one_per_version(own=True)
NEWEST = max((p for p in OWN if p.version < (3, 14)), key=lambda p: p.version)
each_python = pytest.mark.parametrize("python", EACH, ids=lambda p: p.name)
FREE = [p for p in discover.one_per_version(("t",)) if p.flavour == "t"]
each_free_threaded = pytest.mark.parametrize("python", FREE, ids=lambda p: p.name)
each_era = pytest.mark.parametrize("python", ERAS, ids=lambda p: p.name)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Program:
    """A script of targets/ (or any argv) that says "ready"; say(), hear() talk to it."""

    def __init__(self, python, script, *args, **more):
        argv = python.argv + ["-u", str(HERE / "targets" / script)] + [str(a) for a in args]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
        self.pid = self.process.pid
        try:
            self.ready = self.hear()
            assert self.ready.startswith("ready"), self.ready
        except BaseException:
            self.__exit__()
            raise

    def hear(self):
        return self.process.stdout.readline().decode().strip()

    def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def count(self):
        """The program's own counter, from targets that count on request."""
        self.say("count")
        return int(self.hear())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        try:
            os.kill(self.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def thread_states(pid):
    """{'R', 'S', ...} of all threads."""
    found = set()
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            text = pathlib.Path(f"/proc/{pid}/task/{tid}/stat").read_text()
            found.add(text.rsplit(")", 1)[1].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


Sample = collections.namedtuple("Sample", "pid thread names lines state wait time weight")


class Recording:
    """A recording in our own JSON lines. The name of a native function begins with an asterisk."""

    def __init__(self, path):
        self.series, self.threads, self.events, self.metrics, self.samples = {}, {}, [], [], []
        funcs, stacks = {}, {0: ((), ())}
        for line in pathlib.Path(path).read_text().splitlines():
            o = json.loads(line)
            kind = o["type"]
            if kind == "header":
                self.start_ns = o["start_ns"]
            elif kind == "series":
                self.series[o["series"]] = o
            elif kind == "thread":
                self.threads[o["series"], o["thread"]] = o["name"]
            elif kind == "func":
                funcs[o["func"]] = "*" * ("native" in o.get("flags", ())) + o["name"]
            elif kind == "stack":
                names, lines = stacks[o["parent"]]
                stacks[o["stack"]] = (names + (funcs[o["func"]],), lines + (o.get("line", 0),))
            elif kind == "event":
                self.events.append((self.series[o["series"]]["pid"], o["kind"], o["text"]))
            elif kind == "metric":
                self.metrics.append(o)
            elif kind == "run":
                for time_ns, weight_ns in zip(o["time_ns"], o["weight_ns"]):
                    self.samples.append((o["series"], o["thread"], stacks[o["stack"]],
                                         frozenset(o["state"]), o.get("wait", ""), time_ns, weight_ns))
        self.samples = [Sample(self.series[s]["pid"], self.threads.get((s, t), ""), stack[0], stack[1],
                               state, wait, time_ns, weight_ns)
                        for s, t, stack, state, wait, time_ns, weight_ns in self.samples]

    def of(self, thread=None, pid=None):
        return [s for s in self.samples if thread in (None, s.thread) and pid in (None, s.pid)]

    def names(self):
        return {name for s in self.samples for name in s.names}

    def pids(self):
        return {s.pid for s in self.samples}


def read_store(store, tmp_path):
    out = tmp_path / f"r{time.monotonic_ns()}.jsonl"
    subprocess.run([PYSTROBE, "export", str(store), "-o", str(out)], check=True, timeout=SECONDS,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Recording(out)


def record(tmp_path, *words, status=0, text=False, **more):
    """-> (Recording, the summary as JSON, what was said)"""
    store = tmp_path / f"r{time.monotonic_ns()}"
    done = subprocess.run([PYSTROBE, "record", "-o", str(store), "--json"] + [str(w) for w in words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=SECONDS, check=False, **more)
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == status, f"exit {done.returncode}\n{said}"
    assert "AddressSanitizer" not in said and "runtime error" not in said, said
    summary = done.stdout.decode()
    return read_store(store, tmp_path), json.loads(summary[summary.index("{\n"):]), said


def start_recording(*words, **more):
    return subprocess.Popen([PYSTROBE, "record"] + [str(w) for w in words], stdin=subprocess.DEVNULL, **more)


def samples_in(path):
    """How many samples a store has by now."""
    done = subprocess.run([PYSTROBE, "report", str(path), "--json", "--state", "all"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return json.loads(done.stdout).get("all", {}).get("samples", 0) if done.returncode == 0 else 0
