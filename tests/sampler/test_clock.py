"""The wall clock steps, or the machine slept: what was recorded is all there, each sample with its real weight."""
import json
import os
import signal
import struct
import subprocess
import threading
import time

import pytest
from conftest import HERE, NEWEST, PYSTROBE, SECONDS, Program, read_store, record, start_recording


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    out = tmp_path_factory.mktemp("step") / "step.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", str(out), str(HERE / "targets" / "step.c"), "-ldl"],
                   check=True)
    return out


def weights(samples):
    return sum(s.weight for s in samples[1:]) / 1e9


@pytest.mark.parametrize("steps", [(3600,), (-1800,), (86400, 0)], ids=str)
def test_a_step_of_the_wall_clock_loses_nothing(tmp_path, preload, steps):
    """Forward is also what a suspended machine sees: the clock that deadlines are of stands meanwhile."""
    step = tmp_path / "step"
    step.write_bytes(struct.pack("q", 0))

    def change(seconds):
        with step.open("r+b") as f:
            f.write(struct.pack("q", seconds))

    # Without the runtime's own check that it is loaded first, for a build with sanitizers.
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    timers = [threading.Timer(2 * (i + 1), change, [seconds]) for i, seconds in enumerate(steps)]
    with Program(NEWEST, "count.py") as program:
        for timer in timers:
            timer.start()
        got, said, _ = record(tmp_path, program.pid, "-r", 200, "-d", 2 * len(steps) + 2,
                              env=dict(os.environ, LD_PRELOAD=str(preload), STEP=str(step), ASAN_OPTIONS=asan))
    for timer in timers:
        timer.join()
    main = got.of("MainThread")
    times = sorted(s.time for s in main)
    assert len(got.samples) == said["samples"] and len(main) == said["ticks"]
    assert max(b - a for a, b in zip(times, times[1:])) > 1000e9, "the clock did not step"
    assert abs(said["ticks"] + said["missed"] - 200 * (2 * len(steps) + 2)) <= 20
    assert abs(weights(main) - (2 * len(steps) + 2)) < 0.2
    store = next(p for p in tmp_path.iterdir() if p.is_dir())
    subprocess.run([PYSTROBE, "store", "check", str(store)], check=True, stdout=subprocess.DEVNULL)


def test_a_recorder_that_was_stopped_says_what_it_missed(tmp_path):
    """And the thread stood in what it is then found in for as long as nobody looked."""
    with Program(NEWEST, "count.py") as program:
        recorder = start_recording(program.pid, "-r", 100, "-d", 6, "--json", "-o", tmp_path / "store",
                                   stdout=subprocess.PIPE)
        for signum in (signal.SIGSTOP, signal.SIGCONT):
            time.sleep(2)
            recorder.send_signal(signum)
        said = json.loads(recorder.communicate(timeout=SECONDS)[0])
    assert recorder.returncode == 0
    got = read_store(tmp_path / "store", tmp_path)
    main = sorted(got.of("MainThread"), key=lambda s: s.time)
    assert len(main) == said["ticks"]
    assert said["missed"] >= 190 and abs(said["ticks"] + said["missed"] - 600) <= 10
    assert max(s.weight for s in main) > 1.9e9
    assert abs(weights(main) - (main[-1].time - main[0].time) / 1e9) < 0.1
