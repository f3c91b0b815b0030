"""A long recording of a program that does everything: does memory stay flat, does the rate
hold, what is lost? `bench/run --seconds 3600 soak` is the hour; no peer does this."""
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

from harness import machine
from harness.bench import Cell, Row
from harness.process import Failed, cpu_ns, end, pin, status_kib

STEPS = 120             # lines of the table, but none shorter than a second
LINE = re.compile(r"([\d ]+) samples  [\d.k]+ of \d+ Hz(?:, lost \d+, missed \d+)?  (\d+) process")
LOST = re.compile(r"lost (\d+), missed (\d+)")
HEAD = "second  RSS_MiB  CPU_%  samples  ticks/s  lost  missed  processes  load"


class Terminal:
    """The last progress line that record drew."""

    def __init__(self):
        self.head, self.tail = pty.openpty()
        self.text = ""

    def read_until(self, when, stop):
        while time.monotonic() < when and not stop():
            if not select.select([self.head], [], [], max(0, min(1, when - time.monotonic())))[0]:
                continue
            try:
                self.text = (self.text + os.read(self.head, 65536).decode())[-4000:]
            except OSError:             # nobody has the other end any more
                return

    def numbers(self):
        found = LINE.findall(self.text)
        lost = LOST.findall(self.text)
        if not found:                   # not attached yet
            return 0, 0, 0, 0
        return ([int(found[-1][0].replace(" ", ""))] +
                (list(map(int, lost[-1])) if lost else [0, 0]) + [int(found[-1][1])])


@Row("soak", "an hour (--seconds 3600) at 1 kHz with children, on a program that does "
     "everything: resident memory in the first tenth, the last, and at most; ticks missed, "
     "samples lost. It grows with the symbols, which begin anew with a block, at 24 MiB",
     "MiB / %", "64 MiB, flat", group="scale")
def soak(bench, row):
    version = bench.versions("3.12", "3.13", "3.11")[0]
    others = [argv[0] for name, argv in bench.pythons.items()
              if name in ("2.7", "3.8", "3.10", "3.11", "3.14", "3.15") and len(argv) == 1]
    folder = tempfile.mkdtemp(prefix="bench-soak-")
    table = os.path.join(bench.build, "bench", "soak-%s.txt" % time.strftime("%Y%m%d-%H%M%S"))
    os.makedirs(os.path.dirname(table), exist_ok=True)
    try:
        with bench.program(version, "everything.py", *others) as program, \
                open(table, "w", buffering=1) as out:
            record(bench, row, program, folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    row.notes.append("each step: " + os.path.relpath(table))


def record(bench, row, program, folder, out):
    tool = next(tool for tool in bench.tools if tool.name == "pystrobe")
    seconds = max(bench.seconds, 10)
    argv = [tool.path, "record", str(program.pid), "-s", "-r", "1000", "-d", str(seconds),
            "-o", os.path.join(folder, "x.pystrobe")]
    terminal, rss = Terminal(), []
    popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=terminal.tail, preexec_fn=pin(None),   # where its targets are
                             env=dict(os.environ, COLUMNS="300", TERM="xterm"))
    os.close(terminal.tail)
    began, cpu, at = time.monotonic(), 0, 0
    missed = ticks = 0
    print(HEAD, file=out)
    try:
        step = max(1, seconds / STEPS)
        for i in range(1, int((seconds - 1) / step) + 1):
            terminal.read_until(began + i * step, lambda: popen.poll() is not None)
            if popen.poll() is not None:
                raise Failed("record ended after %.0f s: %s" % (time.monotonic() - began,
                                                                terminal.text[-300:]))
            samples, lost, now_missed, processes = terminal.numbers()
            now, used = time.monotonic() - began, cpu_ns(popen.pid)
            rss.append(status_kib(popen.pid, "VmRSS:") / 1024)
            rate = 1000 - (now_missed - missed) / (now - at)
            print("%6.0f  %7.1f  %5.1f  %d  %.0f  %d  %d  %d  %.1f" % (
                now, rss[-1], (used - cpu) / (now - at) / 1e7, samples, rate, lost,
                now_missed, processes, machine.load()["1min"]), file=out)
            cpu, at, missed, ticks = used, now, now_missed, 1000 * now
    finally:
        if popen.poll() is None:
            terminal.read_until(began + seconds + 30, lambda: popen.poll() is not None)
        end(popen)
        os.close(terminal.head)
    tenth = max(1, len(rss) // 10)
    for name, value in (("RSS, first tenth", max(rss[:tenth])),
                        ("RSS, last tenth", max(rss[-tenth:])),
                        ("RSS, at most", max(rss)),
                        ("missed", 100 * missed / ticks),
                        ("lost", 100 * lost / max(1, samples + lost))):
        row.cells.append(Cell(name, "pystrobe", "default", value))
    print(terminal.text, file=out)
