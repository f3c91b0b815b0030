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
        p = subprocess.Popen(before + [PYSTROBE, "record", str(program.pid), "-q", "-r", str(rate), "-o", str(store)])
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
    assert seen[-1]["sampler"] == policy
    assert {now for found in seen for name, now in found.items() if name != "sampler"} == {os.SCHED_OTHER}


@realtime
@pytest.mark.parametrize("blocking", ["auto", "never"])
def test_with_blocking_auto_the_sampling_thread_goes_where_the_target_runs(tmp_path, blocking):
    home = os.sched_getaffinity(0)
    with Program(NEWEST, "churn.py", "tree", "main") as program:
        store = tmp_path / "x"
        p = subprocess.Popen([PYSTROBE, "record", str(program.pid), "-q", "--blocking", blocking, "-o", str(store)])
        try:
            wait_for("samples", lambda: samples_in(store))
            for cpu in sorted(home) * 2:
                os.sched_setaffinity(program.pid, {cpu})
                where = {cpu} if blocking == "auto" else home
                wait_for(f"the thread on {where}", lambda: where == next(
                    os.sched_getaffinity(int(task)) for task, name in threads(p.pid) if name == "sampler"))
            assert {frozenset(os.sched_getaffinity(int(task))) for task, name in threads(p.pid)
                    if name != "sampler"} == {frozenset(home)}
        finally:
            p.terminate()
            assert p.wait(SECONDS) == 0


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
