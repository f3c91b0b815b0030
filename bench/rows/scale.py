"""Many processes under one profiler, and stores of hours and days, filled by bench/store.c
with made-up samples of a busy server. No peer keeps a history."""
import os
import re
import shutil
import statistics
import subprocess
import tempfile

from harness.bench import Case, Row
from harness.process import Failed, pin


@Row("processes", "a parent with that many children under one profiler at 100 Hz: CPU, "
     "resident memory, and ticks missed", "% / MiB / %", group="scale")
def processes(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for count in (1, 10, 50, 200):
            def measure(tool, mode):
                with bench.program(version, "family.py", count) as program:
                    result = bench.profile(tool, mode, program, version, 100, children=True,
                                           seconds=max(4, bench.seconds))
                    due = 100 * result.seconds * (count + 1)
                    missed = 100 * max(0, 1 - result.samples / due)
                    return {"CPU": 100 * result.busy, "MiB": result.rss_kib / 1024,
                            "missed": missed if tool.counts_children else None}
            bench.turns(row, bench.cases(row, "%d on %s," % (count, version), version,
                                         measure, ("default",), children=True), rounds=1)


HISTORY = (("1 hour", 3600), ("24 hours", 86400))


@Row("store", "8 threads at 100 Hz kept for that long: bytes per sample at rest, time to "
     "open, and of a warm flame graph, table and timeline of all of it", "ms / bytes",
     "flame graph 20 ms / 100 ms; 0.7 bytes", group="scale")
def store(bench, row):
    program = os.path.join(bench.build, "bench", "store")
    if not os.access(program, os.X_OK):
        row.notes.append("build/bench/store is not built (make bench)")
        return

    def ask(*words):
        run = subprocess.run([program, *map(str, words)], capture_output=True, text=True,
                             timeout=300, preexec_fn=pin({bench.core}))
        if run.returncode:
            raise Failed(run.stderr.strip()[-200:])
        return run.stdout

    for name, seconds in HISTORY:
        def measure():
            folder = tempfile.mkdtemp(prefix="bench-store-")
            try:
                ask("fill", folder, "seconds=%d" % seconds, "series=1", "threads=8", "hz=100")
                sized = ask("size", folder)
                timed = ask("time", folder, seconds)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            found = {"bytes per sample": float(re.search(r"per sample ([\d.]+)", sized)[1]),
                     "open": float(re.search(r"open \d+ cold ([\d.]+)", timed)[1])}
            for what in ("tree", "flat", "timeline"):
                warm = re.findall(r"%s \d+ warm ([\d.]+) ms \(([\d.]+)" % what, timed)
                found[what] = statistics.median(float(wall) for wall, _ in warm)
                found[what + ", CPU"] = statistics.median(float(cpu) for _, cpu in warm)
            return found
        bench.turns(row, [Case(name + ",", "pystrobe", "default", measure)], rounds=1)
    row.notes.append("30 days: build/bench/store fill DIR seconds=2592000, then time "
                     "DIR 2592000; some minutes to fill")
