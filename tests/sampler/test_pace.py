"""Rates, durations and weights: what was asked for, what was got, and both said."""
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import NEWEST, PYSTROBE, SECONDS, Program, Recording, record, samples_in, wait_for


@pytest.mark.parametrize("rate, seconds", [(0.5, 5), (10, 2), (1000, 1), ("max", 0.5)])
def test_every_rate_says_what_was_got_and_missed(tmp_path, rate, seconds):
    with Program(NEWEST, "count.py") as program:
        got, said, _ = record(tmp_path, program.pid, "-r", rate, "-d", seconds)
    assert said["ticks"] > 0 and said["late_max"] >= said["late_mean"] >= 0
    times = sorted({s.time for s in got.samples})
    assert len(times) == said["ticks"]
    if rate != "max":       # taken and missed together are those that were due
        due = rate * (times[-1] - times[0]) / 1e9
        assert abs(said["ticks"] + said["missed"] - 1 - due) <= 2 + due / 100


@pytest.mark.parametrize("rate", [20, 1000, "max"])
def test_weights_add_up_to_the_time_that_passed(tmp_path, rate):
    with Program(NEWEST, "count.py") as program:
        got, _, _ = record(tmp_path, program.pid, "-r", rate, "-d", 2)
    for thread in ("count-0", "count-1", "MainThread"):
        samples = sorted(got.of(thread), key=lambda s: s.time)
        passed = samples[-1].time - samples[0].time
        assert abs(sum(s.weight for s in samples[1:]) - passed) <= passed / 100


def test_the_duration_is_of_the_clock_also_when_overloaded(tmp_path):
    """A tick takes far longer than the interval: as many are missed as were not taken."""
    with Program(NEWEST, "count.py") as program:
        got, said, _ = record(tmp_path, program.pid, "-r", 1000000, "-d", 2)
    times = sorted({s.time for s in got.samples})
    assert said["missed"] > said["ticks"]
    assert times[-1] - times[0] <= 2.5e9
    assert abs((said["ticks"] + said["missed"]) / ((times[-1] - times[0]) / 1e9) / 1000000 - 1) < 0.1


MAY_BE_REALTIME = os.getpriority(os.PRIO_PROCESS, 0) <= 0 and subprocess.call(
    [sys.executable, "-c", "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"],
    stderr=subprocess.DEVNULL) == 0
realtime = pytest.mark.skipif(not MAY_BE_REALTIME, reason="real-time priority is not allowed here, or this runs with nice: "
                                                         "CAP_SYS_NICE or RLIMIT_RTPRIO allows it")


def threads(pid):
    """(tid, name) of each"""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
            yield task, file.read().strip()


@realtime
@pytest.mark.parametrize("before, rate, policy", [
    ([], 1000, os.SCHED_RR),
    (["nice", "-n", "5"], 1000, os.SCHED_OTHER),     # who asks for less gets less
    ([], "max", os.SCHED_OTHER),                     # it would leave the core to nobody
])
def test_where_ticks_are_missed_the_sampling_thread_is_woken_before_others(tmp_path, before, rate, policy):
    store, seen = tmp_path / "x", []
    with Program(NEWEST, "count.py") as program:
        p = subprocess.Popen(before + [PYSTROBE, "record", str(program.pid), "-q", "-r", str(rate), "--blocking", "always",
                                       "-o", str(store)])
        try:
            wait_for("samples", lambda: samples_in(store))
            for _ in range(8):
                p.send_signal(signal.SIGSTOP)       # a sixth of its ticks
                time.sleep(0.05)
                p.send_signal(signal.SIGCONT)
                time.sleep(0.25)
                seen.append({name: os.sched_getscheduler(int(task)) for task, name in threads(p.pid)})
        finally:
            p.terminate()
            assert p.wait(SECONDS) == 0
    # For some seconds, and after them one without.
    had = {found["sampler"] for found in seen}
    assert policy in had if policy == os.SCHED_RR else had == {policy}, seen
    assert {now for found in seen for name, now in found.items() if name != "sampler"} == {os.SCHED_OTHER}


# Who may not have real-time priority: root without the right to it, anybody else.
UNPRIVILEGED = ["setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice"] if os.getuid() == 0 else []
not_nice = pytest.mark.skipif(os.getpriority(os.PRIO_PROCESS, 0) > 0, reason="this runs with nice")


class Recorder:
    """pystrobe record, and where its threads may run"""

    def __init__(self, tmp_path, pids, before, options):
        self.store = tmp_path / "x"
        self.p = subprocess.Popen(before + [PYSTROBE, "record", *map(str, pids), "-q", *options, "-o", str(self.store)])

    def __enter__(self):
        wait_for("samples", lambda: samples_in(self.store))
        return self

    def __exit__(self, *_):
        self.p.terminate()
        assert self.p.wait(SECONDS) == 0

    def allowed(self, sampler):
        """Of the sampling thread, or of the others."""
        return {frozenset(os.sched_getaffinity(int(task))) for task, name in threads(self.p.pid)
                if (name == "sampler") == sampler}

    def places(self, seconds):
        """Of the sampling thread in that time."""
        found, end = set(), time.monotonic() + seconds
        while time.monotonic() < end:
            found |= self.allowed(True)
            time.sleep(0.001)
        return found


@not_nice
@pytest.mark.parametrize("before", [[], UNPRIVILEGED], ids=["", "unprivileged"])
@pytest.mark.parametrize("options", [[], ["--blocking", "auto"]], ids=" ".join)
def test_the_sampling_thread_is_where_the_target_runs(tmp_path, before, options):
    home = os.sched_getaffinity(0)
    with Program(NEWEST, "churn.py", "tree", "main") as program, Recorder(tmp_path, [program.pid], before, options) as r:
        for cpu in sorted(home) * 2:
            os.sched_setaffinity(program.pid, {cpu})
            wait_for(f"the thread on {cpu}", lambda: r.allowed(True) == {frozenset({cpu})})
        assert r.allowed(False) == {frozenset(home)}


@pytest.mark.parametrize("before, options", [
    ([], ["--blocking", "always"]),     # it does not run while it is read
    ([], ["-n"]),
    ([], ["-r", "max"]),                # it would be left with nothing
    (["nice", "-n", "5"], []),          # who asks for less gets less
], ids=" ".join)
def test_the_sampling_thread_stays_away_where_that_helps_nobody_or_costs_too_much(tmp_path, before, options):
    home = frozenset(os.sched_getaffinity(0))
    with Program(NEWEST, "churn.py", "tree", "main") as program, Recorder(tmp_path, [program.pid], before, options) as r:
        assert r.places(1.5) == {home}


@not_nice
@pytest.mark.parametrize("options, where", [([], "beside"), (["--blocking", "always"], "elsewhere")])
def test_the_summary_says_how_often_it_was_where_the_target_runs(tmp_path, options, where):
    with Program(NEWEST, "churn.py", "tree", "main") as program:
        _, summary, _ = record(tmp_path, program.pid, "-d", 2, *options)
    if where == "beside":
        assert 0.5 * summary["ticks"] < summary["beside"] < summary["ticks"]      # not in the first
    else:
        assert summary["beside"] == 0


@realtime
@pytest.mark.parametrize("before", [[], UNPRIVILEGED], ids=["", "unprivileged"])
def test_of_two_targets_each_is_visited_where_it_runs_by_who_need_not_wait_there(tmp_path, before):
    home = sorted(os.sched_getaffinity(0))
    if len(home) < 2:
        pytest.skip("a single processor")
    with Program(NEWEST, "churn.py", "tree", "main") as one, Program(NEWEST, "churn.py", "tree", "main") as two:
        for program, cpu in ((one, home[0]), (two, home[1])):
            os.sched_setaffinity(program.pid, {cpu})
        with Recorder(tmp_path, [one.pid, two.pid], before, []) as r:
            everywhere = {frozenset(home)}
            each = {frozenset({cpu}) for cpu in home[:2]}
            if before:
                assert r.places(1.5) == everywhere
            else:
                wait_for("both", lambda: r.places(0.1) == each)


def test_a_rate_that_is_none_is_refused():
    for rate in ("0", "-1", "fast", "nan"):
        done = subprocess.run([PYSTROBE, "record", str(os.getpid()), "-r", rate], stderr=subprocess.PIPE)
        assert done.returncode == 2, rate


# write() and not print(): the next signal comes while print() is not yet over.
SIGNALS = "import os, signal, sys\n" \
    "for s in (%s): signal.signal(s, lambda n, f: (os.write(1, b'%%d\\n' %% n), n in (2, 15) and sys.exit(40 + n)))\n" \
    "print('up', flush=True)\nwhile True: signal.pause()"


def test_every_signal_reaches_the_command(tmp_path):
    signals = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGHUP, signal.SIGHUP, signal.SIGQUIT,
               signal.SIGUSR1, signal.SIGTERM]
    code = SIGNALS % ", ".join(str(int(s)) for s in sorted(set(signals)))
    p = subprocess.Popen([PYSTROBE, "record", "-q", "-o", str(tmp_path / "x"), "--", *NEWEST.argv, "-c", code],
                         stdout=subprocess.PIPE, text=True)
    try:
        assert p.stdout.readline() == "up\n"
        for s in signals:
            p.send_signal(s)
            assert p.stdout.readline() == f"{int(s)}\n"
        assert p.wait(SECONDS) == 40 + signal.SIGTERM
    finally:
        p.kill()
        p.communicate()


def test_the_first_python_frame_is_seen_and_nothing_before_is_missed(tmp_path):
    """The command sleeps only in a function of its first line: it is in the recording."""
    out = tmp_path / "x.jsonl"
    subprocess.run([PYSTROBE, "record", "-q", "-r", "1000", "-o", str(out), "--", *NEWEST.argv, "-S", "-E", "-c",
                    "import time\ndef first(): time.sleep(1)\nfirst()"], check=True, timeout=SECONDS)
    got = Recording(out)
    assert "first" in got.names()
    assert any("importlib" in "".join(s.names) or "_find_and_load" in s.names or "<module>" in s.names
               for s in got.samples)
