"""The harness judges others, so it is judged itself: statistics, readers, truths, and one row
from end to end. No test asserts a time."""
import json
import os
import subprocess
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.environ.get("PYSTROBE_BUILD", os.path.join(ROOT, "build"))
PYSTROBE = os.environ.get("PYSTROBE", os.path.join(BUILD, "pystrobe"))
sys.path.insert(0, HERE)
from harness import folded, judge, stats, table, tools      # noqa: E402
from harness.bench import Bench, Cell, Row                  # noqa: E402
from rows import overhead                                   # noqa: E402

needs_pystrobe = pytest.mark.skipif(not os.access(PYSTROBE, os.X_OK),
                                    reason="%s is not built" % PYSTROBE)


def test_a_drift_of_both_is_no_change_and_a_change_in_each_pair_is():
    assert stats.paired_change([1, 2, 4], [1.01, 1.98, 4.02])[1] < 0
    mean, low, high = stats.paired_change([1, 2, 4], [1.1, 2.2, 4.4])
    assert round(mean, 6) == 10 and low > 9.9 and high < 10.1


def test_one_pair_says_nothing_of_its_doubt():
    assert stats.paired_change([1], [2])[1] == float("-inf")
    assert stats.welch([1], [2])[1:] == (float("-inf"), float("inf"))


def test_time_by_depth_is_wrong_where_it_is_two_frames_off():
    truth = judge.Truth([sys.executable], "recursion.py")
    assert len(truth.depths) == 200 and 0.99 < sum(truth.depths) < 1.01
    truth.depths = [0.25, 0.0, 0.0, 0.5, 0.25]
    assert judge.depth_error(truth, {"main": 1, "main;down;down;down": 2, "main;down;down;down;down": 1}) == 0
    assert judge.depth_error(truth, {"main": 1, "main;down;down": 2, "main;down;down;down;down": 1}) == 0
    assert judge.depth_error(truth, {"main": 1, "main;down": 2, "main;down;down;down;down": 1}) == 50
    assert judge.depth_error(truth, {"main": 1, "main;down;down;down": 1}) == 25


def test_distance_is_half_the_difference_of_shares():
    assert stats.distance({"a": 1, "b": 1}, {"a": 50, "b": 50}) == 0
    assert stats.distance({"a": 3, "b": 1}, {"a": 1, "b": 3}) == 50
    assert stats.distance({"a": 1}, {"b": 1}) == 100
    assert stats.distance({}, {"b": 1}) is None


def test_chance_shrinks_with_the_root_of_the_samples():
    few, many = (stats.distance_of_chance({"a": 1, "b": 1}, n) for n in (100, 10000))
    assert 2 < few < 6 and 0.2 < many < 0.6


@pytest.mark.parametrize("text, frame", [
    ("leaf (/x/app.py:4)", ("leaf", "app.py", 4)),
    ("A.leaf (app.py)", ("leaf", "app.py", 0)),
    ("/x/app.py:C.leaf:12", ("leaf", "app.py", 12)),
    ("stable.py:<module>:48", ("<module>", "stable.py", 48)),
    (":INVALID:", (":INVALID:", "", 0)),
])
def test_frames_of_every_profiler_read_alike(text, frame):
    assert folded.frame(text) == frame


def test_threads_named_in_front_go_and_equal_stacks_are_added(tmp_path):
    path = tmp_path / "out"
    path.write_text("tid:4;a.py:f:1;a.py:g:2 3\ntid:5;a.py:f:1;a.py:g:2 4\nno weight\n")
    assert folded.read_folded(path, drop="tid:") == {(("f", "a.py", 1), ("g", "a.py", 2)): 7}
    path.write_text("# mode: wall\nP1;T0:2;/x/a.py:f:1;/x/a.py:g:2 174\n")
    assert folded.read_austin(path) == {(("f", "a.py", 1), ("g", "a.py", 2)): 174}


def stack(*names):
    return tuple((name, "alternate.py", 0) for name in names)


@pytest.fixture(scope="module")
def alternate():
    return judge.Truth([sys.executable], "alternate.py")


def test_impossible_cut_and_rootless_stacks_are_told_apart(alternate):
    shares, bad, examples = judge.folded(alternate, {
        stack("<module>", "start", "main", "hot_a", "leaf_a"): 90,
        stack("<module>", "start", "main", "hot_a", "leaf_b"): 5,
        stack("leaf_b"): 3,
        stack("<module>", "main", "hot_a", "[cut]"): 2})
    assert bad == {"impossible": 5, "cut": 2, "rootless": 3, "wrong line": 0}
    assert examples == {"main;hot_a;leaf_b": 5}
    assert shares["main;hot_a"] == 2 and sum(shares.values()) == 100


def test_a_line_outside_its_function_is_wrong(alternate):
    first, last = alternate.lines["leaf_a"]
    assert not judge.wrong_line(alternate, ("leaf_a", "alternate.py", last))
    assert judge.wrong_line(alternate, ("leaf_a", "alternate.py", last + 5))
    assert not judge.wrong_line(alternate, ("leaf_a", "elsewhere.py", 1))
    assert first < last


@pytest.mark.parametrize("script", sorted(
    name for name in os.listdir(judge.TRUTH)
    if name.endswith(".py") and "start(" in open(os.path.join(judge.TRUTH, name)).read()
    and name != "truth.py"))
def test_every_truth_says_what_must_hold(script):
    truth = judge.Truth([sys.executable], script, 100)
    assert truth.possible.fullmatch(truth.root)
    assert not truth.possible.fullmatch("nonsense")


def test_austin_and_py_spy_and_tachyon_are_read_by_what_they_print():
    ask = tools.Ask(1, "3.12", 2, 1000, threads=2)
    for tool, text, samples, errors in (
            (tools.Austin, "Sampling duration : 2.00 s\nError rate : 3/4000 (0.07 %)", 2000, 3),
            (tools.Austin, "Total duration . . . 2.00s\nError rate . . . 3/4000 (0.07%)", 2000, 3),
            (tools.PySpy, "Wrote raw. Samples: 3998 Errors: 4", 1999, 4),
            (tools.Tachyon, "Captured 1,990 samples in 2.00 seconds\nError rate: 10.0\n"
                            "Warning: missed 10 samples from", 1990, 199)):
        result = tools.Result(text=text, seconds=2)
        tool.__new__(tool).read(ask, "", result)
        assert (result.samples, result.errors) == (samples, errors)


def test_the_ratio_is_above_one_where_pystrobe_is_better():
    for better, ours, theirs, ratio in (("lower", 2, 5, 2.5), ("higher", 2, 5, 0.4)):
        row = Row("r", "t", "u", better=better)
        cells = [Cell("v", "pystrobe", "default", ours), Cell("v", "austin", "default", theirs),
                 Cell("v", "timer", "default", 1)]
        assert table.against_best(row, cells)[0] == ratio


@needs_pystrobe
@pytest.mark.parametrize("name", overhead.PROGRAM)
def test_every_program_whose_slowing_is_measured_shows_progress(name):
    bench = Bench(BUILD, [], {"mine": [sys.executable]}, 1, 1, 60)
    with overhead.Workload(bench, "mine", name) as work:
        until = time.monotonic() + 60
        while not work.shown.units():
            assert time.monotonic() < until, "%s shows no progress" % name


def test_a_row_runs_from_end_to_end_and_leaves_its_results(tmp_path):
    run = subprocess.run([sys.executable, os.path.join(HERE, "run"), "--quick", "--seconds", "1",
                          "--tools", "pystrobe", "--pystrobe", PYSTROBE, "--build",
                          str(tmp_path), "written"], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    result = json.loads(next(tmp_path.glob("bench/*.json")).read_text())
    assert result["machine"]["cores"] >= 1 and result["rows"][0]["name"] == "written"
    cells = result["rows"][0]["cells"]
    assert cells and all(c["value"] or c["note"] for c in cells), cells


@needs_pystrobe
def test_bench_compares_a_command_and_says_how_sure_it_is(tmp_path):
    job = tmp_path / "job.py"
    job.write_text("n = 0\nfor i in range(2000000): n += i\nprint(n)\n")
    argv = [PYSTROBE, "bench", "-N", "2", "-r", "100", "-r", "1000"]
    run = subprocess.run(argv + ["--json", "--", sys.executable, str(job)],
                         capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)         # and nothing of the job's own output
    assert [s["rate_hz"] for s in said["series"]] == [None, 100, 1000]
    assert all(len(s["values"]) == 2 for s in said["series"])
    sampled = said["series"][1]
    assert sampled["low_percent"] <= sampled["slower_percent"] <= sampled["high_percent"]


@needs_pystrobe
@pytest.mark.parametrize("words, status, text", [
    (["bench", "1"], 2, "--progress"),
    (["bench", "-N", "1", "--", "true"], 2, "--rounds"),
    (["bench", "-r", "fast", "--", "true"], 2, "--rate"),
    (["bench", "1", "--", "true"], 2, "not both"),
    (["bench", "-N", "2", "--", "false"], 1, "ended with status 1"),
    (["bench", "-N", "2", "--", "/nowhere/python"], 1, "cannot run"),
])
def test_what_cannot_be_measured_is_refused_with_the_reason(words, status, text):
    run = subprocess.run([PYSTROBE] + words, capture_output=True, text=True, timeout=60)
    assert run.returncode == status, run.stderr
    assert text in run.stderr
