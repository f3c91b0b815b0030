"""Many threads: ticks kept and CPU taken."""
from harness.bench import Row


@Row("threads-300", "300 threads 20 deep, one busy, at 1 kHz: ticks missed and CPU", "%",
     "0 missed, <= 40 % of a core")
def threads_300(bench, row):
    many_threads(bench, row, 300, 1000)


@Row("threads-100hz", "threads 20 deep, one busy, at 100 Hz: ticks missed and CPU", "%")
def threads_100hz(bench, row):
    for count in (8, 300):
        many_threads(bench, row, count, 100)


def many_threads(bench, row, count, hz):
    for version in bench.versions("3.12", "3.15"):
        with bench.program(version, "waiting.py", count, 20):
            empty = bench.timer(hz)
        row.notes.append("%s: an empty timer loop, on that core and beside that program, missed %.2f %%" % (
            version, 100 * empty["missed"] / (empty["missed"] + empty["ticks"])))

        def measure(tool, mode):
            with bench.program(version, "waiting.py", count, 20) as program:
                result = bench.profile(tool, mode, program, version, hz, threads=count)
                due = hz * result.seconds
                return {"missed": 100 * max(0, due - result.samples) / due,
                        "CPU": 100 * result.busy}
        bench.turns(row, bench.cases(row, "%dx20 at %d Hz on %s" % (count, hz, version),
                                     version, measure, ("default", "fastest"), threads=count),
                    rounds=1)
