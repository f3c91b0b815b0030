"""--blocking: what is stopped runs on, whatever happens to pystrobe; what was stopped stays so."""
import ctypes
import json
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest
from conftest import (HERE, NEWEST, PYSTROBE, SECONDS, Program, Recording, as_root, each_era, each_python, record,
                      start_recording, thread_states, wait_for)
from server import Server

PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
LIBC = ctypes.CDLL(None, use_errno=True)


def runs_on(program):
    """Its counter goes up and no thread stands."""
    before = program.count()
    wait_for("no thread stopped", lambda: not thread_states(program.pid) & {"t", "T"})
    wait_for("the counter going up", lambda: program.count() > before)


@each_python
@pytest.mark.parametrize("when", ["auto", "always"])
def test_every_version_is_read_and_runs_on(tmp_path, python, when):
    with Program(python, "count.py") as program:
        got, summary, _ = record(tmp_path, program.pid, "-d", 1, "--blocking", when)
        runs_on(program)
        assert {"work", "middle", "leaf"} <= got.names()
        stacks = {s.names[s.names.index("work"):] for s in got.samples if "work" in s.names}
        assert stacks <= {("work",), ("work", "middle"), ("work", "middle", "leaf")}
        assert sum(summary["lost"].values()) <= summary["samples"] / 20


@each_era
def test_pystrobe_may_be_killed_at_any_instant(tmp_path, python):
    chance = random.Random(python.name)
    with Program(python, "count.py", 4) as program:
        for i in range(12):
            p = start_recording(program.pid, "-r", "max", "--blocking", "always", "-q", "-o", tmp_path / str(i))
            wait_for("the store", (tmp_path / str(i)).exists)
            for _ in range(chance.randrange(30)):           # an instant that nobody chose
                program.count()
            p.kill()
            p.wait()
            runs_on(program)


def test_a_stopped_target_stays_stopped_and_is_sampled(tmp_path):
    with Program(NEWEST, "count.py") as program:
        os.kill(program.pid, signal.SIGSTOP)
        wait_for("all threads stopped", lambda: thread_states(program.pid) == {"T"})
        for when in ("never", "auto", "always"):
            got, _, _ = record(tmp_path, program.pid, "-d", 1, "--blocking", when)
            assert thread_states(program.pid) == {"T"}
            assert {s.thread for s in got.samples} == {"MainThread", "count-0", "count-1"}
            assert len({s.names for s in got.of("count-0")}) == 1
        os.kill(program.pid, signal.SIGCONT)
        runs_on(program)


@pytest.mark.parametrize("when", ["never", "auto", "always"])
def test_stop_and_continue_during_a_recording(tmp_path, when):
    with Program(NEWEST, "count.py") as program:
        p = start_recording(program.pid, "-r", 1000, "--blocking", when, "-q", "-o", tmp_path / "x.jsonl")
        for _ in range(20):
            os.kill(program.pid, signal.SIGSTOP)
            wait_for("all threads stopped", lambda: thread_states(program.pid) <= {"T", "t"})
            os.kill(program.pid, signal.SIGCONT)
            runs_on(program)
        p.terminate()
        assert p.wait(SECONDS) == 0
        runs_on(program)
        assert {"work", "leaf"} <= Recording(tmp_path / "x.jsonl").names()


def test_a_signal_that_comes_in_a_stop_is_delivered(tmp_path):
    """The program counts its own signals: none is lost while its threads are stopped."""
    with Program(NEWEST, "signals.py") as program:
        p = start_recording(program.pid, "-r", "max", "--blocking", "always", "-q", "-o", tmp_path / "x")
        wait_for("the recording", (tmp_path / "x").exists)
        for n in range(1, 301):
            os.kill(program.pid, signal.SIGUSR1)
            wait_for("signal %d" % n, lambda: program.count() == n)
        p.terminate()
        assert p.wait(SECONDS) == 0
        assert program.count() == 300


def is_traced(pid):
    return "TracerPid:\t0\n" not in pathlib.Path(f"/proc/{pid}/status").read_text()


@pytest.fixture
def unstoppable(tmp_path):
    """A program whose thread sleeps uninterruptibly, until an empty line is said to it."""
    library = tmp_path / "vfork.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, HERE / "targets" / "vfork.c"], check=True)
    with Program(NEWEST, "vfork.py", library) as program:
        program.say("stand")
        wait_for("vfork", lambda: thread_states(program.pid) == {"D"})
        yield program


@pytest.mark.parametrize("native", [(), ("-n",)], ids=["python", "native"])
def test_a_thread_that_stops_too_late_is_continued_before_the_next_tick(tmp_path, unstoppable, native):
    p = start_recording(unstoppable.pid, "-r", 0.1, "--blocking", "always", *native, "--json", "-o", tmp_path / "x",
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_for("the first tick", lambda: is_traced(unstoppable.pid))
        time.sleep(0.1)                 # nobody waits so long for a stop
        assert is_traced(unstoppable.pid)
        unstoppable.say("")
        assert unstoppable.hear() == "on"
        wait_for("letting go", lambda: not is_traced(unstoppable.pid))
    finally:
        p.terminate()
        out, said = p.communicate(timeout=SECONDS)
    assert p.returncode == 0, said
    assert json.loads(out)["ticks"] == 1


def test_a_recording_ends_while_its_target_cannot_be_stopped(tmp_path, unstoppable):
    done = subprocess.run([PYSTROBE, "record", "-d", "1", "--blocking", "always", "-o", str(tmp_path / "x"),
                           str(unstoppable.pid)], stderr=subprocess.PIPE, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert thread_states(unstoppable.pid) == {"D"} and not is_traced(unstoppable.pid)
    unstoppable.say("")
    assert unstoppable.hear() == "on"


def test_a_thread_that_stops_after_its_target_was_let_go_is_continued(tmp_path, unstoppable):
    with Server("serve", unstoppable.pid, "--blocking", "always", "--store", tmp_path / "x") as server:
        wait_for("a stop that is waited for", lambda: is_traced(unstoppable.pid))
        server.post("api/v1/detach", pid=unstoppable.pid)
        wait_for("the end of recording", lambda: not server.recorded())
        assert is_traced(unstoppable.pid)  # before it has stopped it cannot be let go
        unstoppable.say("")
        assert unstoppable.hear() == "on"
        wait_for("letting go", lambda: not is_traced(unstoppable.pid))
        server.end()


def test_a_dump_with_native_frames_does_not_wait_for_a_thread_that_cannot_be_stopped(unstoppable):
    done = subprocess.run([PYSTROBE, "dump", "-n", str(unstoppable.pid)], stdout=subprocess.PIPE, timeout=SECONDS)
    assert done.returncode == 0 and b"<module>" in done.stdout
    assert thread_states(unstoppable.pid) == {"D"} and not is_traced(unstoppable.pid)
    unstoppable.say("")
    assert unstoppable.hear() == "on"


@as_root
def test_a_debugger_that_holds_the_target_is_named(tmp_path):
    with Program(NEWEST, "count.py") as program:
        holder = os.getpid()
        tids = [int(tid) for tid in os.listdir(f"/proc/{program.pid}/task")]
        for tid in tids:
            assert LIBC.ptrace(PTRACE_SEIZE, tid, None, None) == 0
        try:
            done = subprocess.run([PYSTROBE, "record", str(program.pid), "-d", "1", "--blocking", "always", "-o",
                                   str(tmp_path / "x")], stderr=subprocess.PIPE, text=True, timeout=SECONDS)
            assert done.returncode == 1
            assert f"(pid {holder}) is attached to it" in done.stderr, done.stderr
            assert "--blocking" in done.stderr, done.stderr
            got, _, _ = record(tmp_path, program.pid, "-d", 1)
            assert "work" in got.names()
            got, _, _ = record(tmp_path, program.pid, "-d", 1, "--blocking", "auto")
            assert "work" in got.names()
        finally:
            for tid in tids:        # a tracee must stand still to be let go
                os.kill(program.pid, signal.SIGSTOP)
                os.waitpid(tid, 0x40000000)
                LIBC.ptrace(PTRACE_DETACH, tid, None, None)
            os.kill(program.pid, signal.SIGCONT)
        runs_on(program)
