"""What sampling costs the profiler itself: samples per second of a core, CPU over the empty
timer loop, system calls, bytes, the time to attach."""
import os
import subprocess
import tempfile
import time

from harness.bench import Case, Row
from harness.process import Failed, pin


def free_running(bench, row, variant, version, script, threads, rounds=None):
    """Samples per second with no pause between them, divided by the share of a core that the
    tool had meanwhile, so that a core shared with others costs spread and not the value."""
    def measure(tool, mode):
        with bench.program(version, script, threads, variant_depth(variant)) as program:
            result = bench.profile(tool, mode, program, version, None, threads=threads)
            if result.busy < 0.01:
                raise Failed("ran %.1f %% of the time only" % (100 * result.busy))
            return result.rate / result.busy
    bench.turns(row, bench.cases(row, variant, version, measure, ("default", "fastest"),
                                 threads=threads), rounds)


def variant_depth(variant):
    return int(variant.split("x")[1].split()[0])


@Row("rate-1x20", "samples recorded per second of CPU, free running, 1 thread 20 deep",
     "1/s", ">= 500 000", "higher")
def rate_one(bench, row):
    for version in bench.versions("3.12", "3.15"):
        free_running(bench, row, "1x20 on " + version, version, "stable.py", 1)


@Row("rate-8x40", "ticks per second of CPU, free running, 8 threads 40 deep", "1/s",
     ">= 200 000", "higher")
def rate_many(bench, row):
    for version in bench.versions("3.12", "3.15"):
        free_running(bench, row, "8x40 on " + version, version, "stable.py", 8)


@Row("rate-era", "samples recorded per second of CPU, free running, 1 thread 20 deep, one "
     "interpreter of each era", "1/s", ">= 200 000 up to 3.10", "higher")
def rate_era(bench, row):
    for version in bench.versions("2.7", "3.6", "3.8", "3.10", "3.11", "3.13", "3.14"):
        free_running(bench, row, "1x20 on " + version, version, "stable.py", 1, rounds=1)


@Row("rate-shape", "ticks per second of CPU, free running, by threads and depth, 3.12",
     "1/s", better="higher")
def rate_shape(bench, row):
    for version in bench.versions("3.12"):
        for script, shape in (("stable.py", "1x10"), ("stable.py", "1x200"),
                              ("stable.py", "1x2000"), ("waiting.py", "100x20"),
                              ("waiting.py", "300x20")):
            free_running(bench, row, shape + " on " + version, version, script,
                         int(shape.split("x")[0]), rounds=1)


@Row("cpu", "CPU while sampling 1 thread 20 deep, over an empty timer loop at that rate",
     "x", "<= 1.3 x")
def cpu(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for hz in (100, 1000, 10000):
            cpu_at(bench, row, version, hz)


def cpu_at(bench, row, version, hz):
    """The floor is measured in every round, and each tool's share of a core is divided by
    the floor of its round. A tool that takes fewer samples than asked is judged by CPU per
    sample against the floor's CPU per tick."""
    floor, busy = {}, []

    def timer():
        took = bench.timer(hz)
        floor["s"] = took["cpu_s"] / max(took["ticks"], 1)
        busy.append(100 * took["cpu_s"] / took["wall_s"])
        return 1.0

    def measure(tool, mode):
        with bench.program(version, "stable.py", 1, 20) as program:
            # Its own seconds: the start must not weigh on a small share of a core.
            result = bench.profile(tool, mode, program, version, hz)
            return result.busy / max(result.rate, 1e-9) / floor["s"]

    variant = "%d Hz on %s" % (hz, version)
    cases = bench.cases(row, variant, version, measure, ("default",))
    bench.turns(row, [Case(variant, "timer", "default", timer)] + cases)
    if busy:
        row.notes.append("%s: the empty loop takes %.2f %% of a core"
                         % (variant, sorted(busy)[len(busy) // 2]))


@Row("calls", "system calls per sample at 1 kHz (the difference of two runs of different "
     "length, so the start does not count)", "calls", "1 to 2 reads")
def calls(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for script, shape in (("stable.py", "1x20"), ("stable.py", "8x40"),
                              ("waiting.py", "100x20")):
            threads, depth = (int(n) for n in shape.split("x"))

            def measure(tool, mode):
                with bench.program(version, script, threads, depth) as program:
                    short, long = (traced(bench, tool, mode, program, version, threads, s)
                                   for s in (2, 5))
                ticks = long["samples"] - short["samples"]
                if ticks < 100:
                    raise Failed("%d samples only under strace" % ticks)
                reads = long["process_vm_readv"] - short["process_vm_readv"]
                return {"reads": reads / ticks,
                        "all": (long["total"] - short["total"]) / ticks}
            bench.turns(row, bench.cases(row, shape + " on " + version, version, measure,
                                         ("default",), threads=threads), rounds=1)


def traced(bench, tool, mode, program, version, threads, seconds):
    """{system call: times} of one run under strace -c, and its samples."""
    with tempfile.NamedTemporaryFile(prefix="bench-strace-") as file:
        result = bench.profile(tool, mode, program, version, 1000, seconds, threads=threads,
                               prefix=("strace", "-f", "-c", "-U", "calls,name", "-o",
                                       file.name))
        counts = {"samples": result.samples, "process_vm_readv": 0, "total": 0}
        with open(file.name) as text:
            for line in text:
                fields = line.split()
                if len(fields) == 2 and fields[0].isdigit():
                    counts[fields[1]] = int(fields[0])
    return counts


@Row("attach", "from the command to one dump of a process of 8 threads 40 deep, start and "
     "exit of the profiler included", "ms", "<= 30 ms")
def attach(bench, row):
    for version in bench.versions("3.12", "3.15"):
        with bench.program(version, "waiting.py", 8, 40) as program:
            def measure(tool, mode):
                argv = tool.dump(program.pid)
                start = time.monotonic()
                run = subprocess.run(argv, capture_output=True, timeout=30,
                                     preexec_fn=pin({bench.core}),
                                     env=dict(os.environ, AUSTIN_NO_LOGGING="1"))
                took = time.monotonic() - start
                if run.returncode or run.stdout.count(b"deeper") < 8 * 20:
                    raise Failed("no dump: %s" % (run.stderr or run.stdout)[-100:])
                return 1000 * took
            bench.turns(row, bench.cases(row, version, version, measure, ("default",)),
                        rounds=max(5, bench.rounds))


@Row("written", "bytes on disk per sampled stack, 8 threads 40 deep at 100 Hz", "bytes",
     "<= 0.7")
def written(bench, row):
    for version in bench.versions("3.12", "3.15"):
        def measure(tool, mode):
            with bench.program(version, "stable.py", 8, 40) as program:
                result = bench.profile(tool, mode, program, version, 100,
                                       max(10, 2 * bench.seconds), threads=8)
                return result.bytes / (result.samples * 8)
        bench.turns(row, bench.cases(row, "8x40 on " + version, version, measure,
                                     ("default", "fastest"), threads=8), rounds=1)
    row.notes.append("ten seconds, in which the fixed size of a store still weighs; "
                     "`bench/store` measures one of days")


@Row("memory", "resident memory of the profiler sampling at 1 kHz a program that never "
     "shows the same stack twice: at the end, and what it grows by", "MiB",
     "<= 64 MiB, flat")
def memory(bench, row):
    for version in bench.versions("3.12", "3.15"):
        def measure(tool, mode):
            with bench.program(version, "newstacks.py") as program:
                short, long = (bench.profile(tool, mode, program, version, 1000, s).rss_kib
                               for s in (3, 3 + 3 * bench.seconds))
            return {"at the end": long / 1024,
                    "growth per minute": (long - short) / 1024 * 60 / (3 * bench.seconds)}
        bench.turns(row, bench.cases(row, version, version, measure, ("default",)),
                    rounds=1)
