"""Is what each profiler reports true? At 1 kHz on programs whose answer is known (truth/),
each tool in turns. The stopped run that the others are compared with is pystrobe's with
--blocking always on 3.12, CPython's own on 3.15: both are in the table, against each other's
kind, so an error of the reference shows."""
import re

from harness.bench import Row
from harness.judge import Truth, depth_error, duty_error, folded, self_error, symmetry_error
from harness import stats
from harness.process import Failed

CHURNS = ("alternate.py", "pipeline.py", "tasks.py", "recursion.py", "helped.py", "fib.py", "tree.py",
          "calls.py", "chains.py")


def sampled(bench, truth, version, tool, mode, hz, seconds=None, threads=1, args=()):
    with bench.program(version, truth.path, *args) as program:
        result = bench.profile(tool, mode, program, version, hz, seconds, threads=threads,
                               keep_stacks=True)
    if not result.stacks:
        raise Failed("no stacks could be read from what %s wrote" % tool.name)
    return result


def reference(bench, version):
    """The tool and mode that stops the target for every sample."""
    from harness.tools import Ask
    order = ("pystrobe", "tachyon") if version != "3.15" else ("tachyon", "pystrobe")
    for name in order:
        for tool in bench.tools:
            if tool.name == name and not tool.cannot(Ask(0, version, 1, mode="blocking")):
                return tool
    return None


@Row("truth", "on programs that call and return all the time, 1 kHz: distance from a "
     "stopped run, and samples that are impossible, cut or thrown away", "%",
     "distance <= 1.5, impossible <= 0.01 (chains: 1), thrown away <= 0.1", group="truth")
def truth_churns(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for script in CHURNS:
            against_stopped(bench, row, version, script)


@Row("truth-era", "the same of pystrobe alone, on one interpreter of each other era", "%",
     "distance <= 1.5, impossible <= 0.01 (chains: 1), thrown away <= 0.1", group="truth")
def truth_era(bench, row):
    for version in bench.versions("2.7", "3.8", "3.10", "3.11", "3.13", "3.14"):
        for script in CHURNS:
            if version != "2.7" or script != "tasks.py":
                against_stopped(bench, row, version, script, ("default", "auto"), ("pystrobe",))


def against_stopped(bench, row, version, script, modes=None, tools=None):
    truth = Truth(bench.pythons[version], script)
    stopping = reference(bench, version)
    seconds = 4 * bench.seconds         # what differs by chance must be less than the budget
    truth_shares, samples = {}, 0
    if stopping:
        result = sampled(bench, truth, version, stopping, "blocking", 1000, seconds)
        truth_shares, _, _ = folded(truth, result.stacks)
        samples = result.samples
    else:
        row.notes.append("%s on %s: nobody here can stop it; no distance" % (script, version))
    chance = stats.distance_of_chance(truth_shares, 1000 * seconds, samples)
    if chance is not None:
        row.notes.append("%s on %s: two such runs of the same truth are %.2f points apart by "
                         "chance; the stopped run is %s's" % (script, version, chance,
                                                              stopping.name))
    seen = {}

    def measure(tool, mode):
        result = sampled(bench, truth, version, tool, mode, 1000, seconds)
        shares, bad, examples = folded(truth, result.stacks)
        total = sum(shares.values())
        worst = max(examples, key=examples.get) if examples else ""
        seen[tool.name, mode] = worst
        return {"distance": stats.distance(shares, truth_shares) if truth_shares else None,
                "impossible": 100 * bad["impossible"] / total,
                "cut": 100 * max((bad["cut"] + bad["rootless"]) / total,
                                 result.cut / max(1, result.samples)),
                "thrown away": 100 * result.errors / (result.samples + result.errors),
                "wrong line": 100 * bad["wrong line"] / total}
    cases = bench.cases(row, "%s on %s," % (script[:-3], version), version, measure, modes,
                        tools)
    bench.turns(row, cases, rounds=1)
    for (tool, mode), worst in seen.items():
        if worst:
            row.notes.append("%s on %s, %s %s: most frequent impossible stack: %s"
                             % (script, version, tool, mode, worst[:120]))


@Row("truth-known", "distance from shares known by construction, 1 kHz: time by function, "
     "equal halves, time by depth, threads at work", "points", group="truth")
def truth_known(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for script, threads, what, error in (
                ("shares.py", 1, "time by function", self_error),
                ("alternate.py", 1, "equal halves", symmetry_error),
                ("recursion.py", 1, "time by depth", depth_error),
                ("duty.py", 4, "threads at work", duty_error)):
            truth = Truth(bench.pythons[version], script)

            def measure(tool, mode):
                result = sampled(bench, truth, version, tool, mode, 1000,
                                 2 * bench.seconds, threads)
                if error is duty_error:
                    return error(truth, result.stacks)
                return error(truth, folded(truth, result.stacks)[0])
            bench.turns(row, bench.cases(row, "%s on %s" % (what, version), version,
                                         measure, threads=threads), rounds=1)


@Row("truth-phase", "a target whose period is the sampler's, 100 Hz: distance from the "
     "known halves", "points", group="truth")
def truth_phase(bench, row):
    for version in bench.versions("3.12", "3.15"):
        truth = Truth(bench.pythons[version], "phase.py", 100)

        def measure(tool, mode):
            result = sampled(bench, truth, version, tool, mode, 100, 2 * bench.seconds,
                             args=(100,))
            return self_error(truth, folded(truth, result.stacks)[0])
        chance = stats.distance_of_chance(truth.self, 200 * bench.seconds)
        row.notes.append("%s: samples drawn at random would be %.1f points off"
                         % (version, chance))
        bench.turns(row, bench.cases(row, version, version, measure, ("default", "auto")),
                    rounds=1)


@Row("discarded", "samples thrown away at 1 kHz, calls by the million", "%", "<= 0.1",
     group="truth")
def discarded(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for threads in (1, 8):
            def measure(tool, mode):
                with bench.program(version, "churn.py", threads) as program:
                    result = bench.profile(tool, mode, program, version, 1000,
                                           threads=threads)
                    return 100 * result.errors / (result.samples * threads + result.errors)
            bench.turns(row, bench.cases(row, "%d threads on %s" % (threads, version),
                                         version, measure, ("default", "auto"),
                                         threads=threads), rounds=1)


def frames_of(stack):
    """Its frames, those included that a mark like "(98464 frames)" stands for."""
    marks = (re.fullmatch(r"\((\d+) frames\)", frame[0]) for frame in stack)
    return len(stack) + sum(int(mark.group(1)) - 1 for mark in marks if mark)


@Row("depth", "the deepest stack shown, or counted in a mark, of 100 000 and of 2000", "frames",
     "100 000, or cut with a mark", "higher", group="truth")
def depth(bench, row):
    for version in bench.versions("3.12", "3.15"):
        for deep in (2000, 100000):
            def measure(tool, mode):
                with bench.program(version, "stable.py", 1, deep, deadline=60) as program:
                    result = bench.profile(tool, mode, program, version, 10, 3,
                                           keep_stacks=True)
                    return float(max(map(frames_of, result.stacks), default=0))
            bench.turns(row, bench.cases(row, "%d on %s" % (deep, version), version,
                                         measure, ("default",)), rounds=1)
