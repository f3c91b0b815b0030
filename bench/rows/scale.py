"""Many processes under one profiler. What a store of days and years costs is measured by
bench/store, which generates the history."""
from harness.bench import Row


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
                    return {"CPU": 100 * result.busy, "MiB": result.rss_kib / 1024,
                            "missed": 100 * max(0, 1 - result.samples / due)}
            bench.turns(row, bench.cases(row, "%d on %s," % (count, version), version,
                                         measure, ("default",), children=True), rounds=1)
