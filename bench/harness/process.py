"""Processes of a measurement: started on a core, watched, ended whatever happens."""
import ctypes
import mmap
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time

PROGRAMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                        "programs")
sys.path.insert(0, PROGRAMS)
import progress  # noqa: E402  (the layout of the mapped file is defined there)


class Failed(Exception):
    """A program or a profiler did not do what a measurement needs; says what."""


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
CPUCLOCK_SCHED = 2


nice = 0            # of every target and profiler; set once, by run --nice


def pin(cores):
    """For preexec_fn: own process group, these cores only, killed when the harness is."""
    def set_up():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if nice:
            os.setsid()                 # a scheduling group of its own: see sched(7), autogroup
            with open("/proc/self/autogroup", "w") as file:
                file.write(str(nice))
            os.nice(nice)
        else:
            os.setpgid(0, 0)
        if cores:
            os.sched_setaffinity(0, cores)
    return set_up


def end(popen, grace=3):
    """Ends a process and what it started: TERM to its group, KILL after the grace."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(popen.pid, sig)
        except ProcessLookupError:
            pass
        try:
            popen.wait(grace)
            if sig == signal.SIGTERM:
                continue            # its children may have stayed behind
            return
        except subprocess.TimeoutExpired:
            pass


def descendants(pid):
    """pid and every process below it."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir("/proc/%d/task" % parent):
                with open("/proc/%d/task/%s/children" % (parent, task)) as file:
                    found += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def cpu_ns(pid):
    """CPU time of a process and those below it, to the nanosecond, threads that ended
    included: the clock that clock_getcpuclockid(3) names."""
    total = 0
    for process in descendants(pid):
        try:
            total += time.clock_gettime_ns(~process << 3 | CPUCLOCK_SCHED)
        except OSError:
            pass
    return total


def status_kib(pid, what):
    """A line of /proc/PID/status, added up over a process and those below it."""
    total = 0
    for process in descendants(pid):
        try:
            with open("/proc/%d/status" % process) as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith(what))
        except OSError:
            pass
    return total


def rss_kib(pid):
    return status_kib(pid, "VmRSS:")


def peak_kib(pid):
    """Since its exec; getrusage would count the harness's own memory before that."""
    return status_kib(pid, "VmHWM:")


class Program:
    """One of bench/programs or bench/truth, running on its core; use with `with`."""

    def __init__(self, python, script, *args, core=None, deadline=30, env=None):
        self.python, self.script, self.args = python, script, [str(a) for a in args]
        path = script if "/" in script else os.path.join(PROGRAMS, script)
        self.shown = tempfile.NamedTemporaryFile(prefix="bench-progress-")
        self.shown.truncate(progress.SIZE)
        self.map = mmap.mmap(self.shown.fileno(), progress.SIZE)
        environ = dict(os.environ, BENCH_PROGRESS=self.shown.name, PYTHONPATH=PROGRAMS,
                       PYTHONDONTWRITEBYTECODE="1", **(env or {}))
        self.popen = subprocess.Popen(
            list(python) + [path] + self.args, stdout=subprocess.PIPE, env=environ,
            preexec_fn=pin({core} if core is not None else None))
        try:
            self.ready = self._ready(time.monotonic() + deadline)
        except BaseException:
            self.close()
            raise

    def _ready(self, deadline):
        text, out = b"", self.popen.stdout.fileno()
        while b"\n" not in text:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise Failed("%s is not ready in time" % self.script)
            part = os.read(out, 4096)
            if not part:
                raise Failed("%s ended before it was ready" % self.script)
            text += part
        if not text.startswith(b"READY"):
            raise Failed("%s said %r" % (self.script, text[:80]))
        return text.decode().split("\n")[0][6:].strip()

    @property
    def pid(self):
        return self.popen.pid

    def units(self):
        return struct.unpack_from("=Q", self.map, 0)[0]

    def latencies(self, since):
        """Seconds of each unit after the first `since`, the oldest lost where the ring
        went round."""
        head = struct.unpack_from("=Q", self.map, 8)[0]
        first = max(since, head - progress.RING)
        return [progress.ENTRY.unpack_from(
                    self.map, progress.HEADER.size + i % progress.RING * 4)[0] / 1e7
                for i in range(first, head)]

    def alive(self):
        return self.popen.poll() is None

    def close(self):
        end(self.popen)
        self.popen.stdout.close()
        self.map.close()
        self.shown.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Gauge:
    """Throughput and latency of a program between start() and stop()."""

    def __init__(self, program):
        self.program = program
        self.rate = self.p99 = None

    def start(self):
        self.units, self.began = self.program.units(), time.monotonic()

    def stop(self):
        units, took = self.program.units() - self.units, time.monotonic() - self.began
        if units < 5:
            raise Failed("%s did %d units in %.1f s" % (self.program.script, units, took))
        latencies = sorted(self.program.latencies(self.units))
        self.rate = units / took
        self.p99 = latencies[int(0.99 * (len(latencies) - 1))]

    def bare(self, seconds):
        self.start()
        time.sleep(seconds)
        self.stop()
        return self
