"""What being sampled costs the target: throughput and the 99th percentile of its units'
latency, bare and under each profiler in turns in one process. Every case is measured between
two bare windows and compared with their mean; the control is a window under nobody. What one
percent costs is told by overhead-switched, whose windows are short."""
import os
import signal
import statistics
import subprocess
import tempfile
import time

from harness import machine, stats
from harness.bench import Cell, Row
from harness.process import Failed, Gauge, Program, end, pin
from harness.tools import Ask

# name: (script, its arguments, Python threads, kind of load)
PROGRAM = {
    "churn": ("churn.py", (1,), 1, None),
    "generators": ("generators.py", (), 1, None),
    "alloc": ("alloc.py", (), 1, None),
    "ccalls": ("ccalls.py", (), 1, None),
    "pool": ("pool.py", (4,), 5, None),
    "native": ("native_threads.py", (159,), 1, None),
    "echo": ("echo.py", (), 1, "echo"),
    "wsgi": ("wsgi.py", (), 5, "http"),
}


class Nobody:
    """The control: a profiler that does nothing."""
    name, modes = "nobody", ("default",)


class Workload:
    """A program, with its load where it is a server. What is measured is what shows
    progress: the program, or its clients."""

    def __init__(self, bench, version, name):
        script, args, self.threads, load = PROGRAM[name]
        self.program = bench.program(version, script, *args)
        self.shown = self.program
        if load:
            import sys
            allowed = sorted(machine.os.sched_getaffinity(0))
            core = allowed[1] if len(allowed) > 2 else bench.target_core
            try:
                self.shown = Program([sys.executable], "load.py", load, self.program.ready,
                                     4, core=core)
            except BaseException:
                self.program.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.shown is not self.program:
            self.shown.close()
        self.program.close()


def overhead(bench, row, version, name, wanted):
    """Files change of rate and of p99, in percent, for every (tool, mode, hz) wanted."""
    seen = {}
    with Workload(bench, version, name) as work:
        gauge = Gauge(work.shown)
        gauge.bare(0.5)
        before = bare(gauge, bench)
        for _ in range(4 * bench.rounds):       # a percent is less than one window tells
            for tool, mode, hz in wanted:
                during = measured(bench, version, work, tool, mode, hz)
                after = bare(gauge, bench)
                if isinstance(during, str):
                    seen.setdefault((tool, mode, hz), during)
                else:
                    pair = [statistics.geometric_mean(x) for x in zip(before, after)]
                    seen.setdefault((tool, mode, hz), []).append((pair, during))
                before = after
    for (tool, mode, hz), pairs in seen.items():
        file_change(row, name, version, tool, mode, hz, pairs)


def bare(gauge, bench):
    gauge.bare(bench.seconds / 2)
    return gauge.rate, gauge.p99


def measured(bench, version, work, tool, mode, hz):
    gauge = Gauge(work.shown)
    if tool.name == "nobody":
        return bare(gauge, bench)
    try:
        bench.profile(tool, mode, work.program, version, hz,
                      max(2, round(bench.seconds / 2 + 1)), threads=work.threads,
                      gauge=gauge)
    except (Failed, OSError) as e:
        return str(e)
    return gauge.rate, gauge.p99


def file_change(row, name, version, tool, mode, hz, pairs):
    at = "at %g Hz " % hz if hz else ""
    for i, what in enumerate(("slower", "p99")):
        variant = "%s %son %s, %s" % (name, at, version, what)
        if isinstance(pairs, str):
            row.cells.append(Cell(variant, tool.name, mode, note=pairs))
            continue
        change = stats.paired_change([b[i] for b, _ in pairs], [d[i] for _, d in pairs])
        mean, low, high = change if i else [-x for x in (change[0], change[2], change[1])]
        values = [100 * (d[i] / b[i] - 1) * (1 if i else -1) for b, d in pairs]
        row.cells.append(Cell(variant, tool.name, mode, mean, 0, values,
                              "noise" if low <= 0 <= high else "", low, high))


def everyone(bench, version, rates, modes=("default",), threads=1):
    return [(tool, mode, hz) for hz in rates for tool in bench.tools
            for mode in tool.modes
            if mode in modes and not tool.cannot(Ask(0, version, 1, hz, mode))]


@Row("overhead", "a target's loss of throughput, and change of its 99th percentile latency",
     "%", "100 Hz: none, 1 kHz: <= 1 %", group="overhead")
def overhead_all(bench, row):
    for version in bench.versions("3.12"):
        for name in PROGRAM:
            wanted = [(Nobody, "default", 0)] + everyone(bench, version, (1000,))
            wanted += [each for each in everyone(bench, version, (100,))
                       if each[0].name == "pystrobe"]
            overhead(bench, row, version, name, wanted)


@Row("overhead-3.15", "the same beside CPython 3.15's own sampler", "%",
     "100 Hz: none, 1 kHz: <= 1 %", group="overhead")
def overhead_315(bench, row):
    for version in bench.versions("3.15"):
        for name in ("churn", "generators", "pool", "wsgi"):
            wanted = [(Nobody, "default", 0)] + everyone(bench, version, (1000,))
            overhead(bench, row, version, name, wanted)


@Row("overhead-rates", "a call-heavy target's loss of throughput at 1 kHz and 10 kHz, "
     "not stopped and stopped", "%", group="overhead")
def overhead_rates(bench, row):
    for version in bench.versions("3.12", "3.15"):
        modes = ("default", "auto", "blocking")
        overhead(bench, row, version, "churn",
                 everyone(bench, version, (1000, 10000), modes))


def switched(bench, version, tool, hz):
    """Units per second with the tool at work and, in turns, while it is itself stopped:
    ([without], [with]). Not for a tool that may hold the target when it is stopped."""
    without, under = [], []
    with tempfile.TemporaryDirectory(prefix="bench-switched-") as folder, \
            bench.program(version, "churn.py", 1) as program:
        ask = Ask(program.pid, version, 600, hz)
        popen = tool and subprocess.Popen(
            tool.argv(ask, os.path.join(folder, "out")), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pin({bench.core}))
        try:
            time.sleep(1.5)             # until it samples
            until = time.monotonic() + 10 * bench.seconds
            while time.monotonic() < until:
                for signum, rates in ((signal.SIGSTOP, without), (signal.SIGCONT, under)):
                    if tool:
                        if popen.poll() is not None:
                            raise Failed("%s ended early" % tool.name)
                        popen.send_signal(signum)
                    time.sleep(0.005)
                    units, began = program.units(), time.monotonic()
                    time.sleep(0.06)
                    rates.append((program.units() - units) / (time.monotonic() - began))
        finally:
            if tool:
                popen.send_signal(signal.SIGCONT)
                end(popen)
    return without, under


@Row("overhead-switched", "a call-heavy target's loss of throughput, by windows of 60 ms in "
     "which the profiler works and in which it is stopped", "%",
     "100 Hz: none, 1 kHz: <= 1 %", group="overhead")
def overhead_switched(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for tool, mode, hz in [(None, "default", 0)] + [
                each for each in everyone(bench, version, (100, 1000, 10000))
                if each[1] not in each[0].stops]:
            variant = "churn %son %s" % ("at %g Hz " % hz if hz else "", version)
            name = tool.name if tool else "nobody"
            try:
                pairs = [p for p in zip(*switched(bench, version, tool, hz)) if all(p)]
                if len(pairs) < 2:
                    raise Failed("the target did nothing")
            except (Failed, OSError) as e:
                row.cells.append(Cell(variant, name, mode, note=str(e)))
                continue
            change = stats.paired_change(*zip(*pairs))
            mean, low, high = [-change[i] for i in (0, 2, 1)]
            row.cells.append(Cell(variant, name, mode, mean, 0, [],
                                  "noise" if low <= 0 <= high else "", low, high))
