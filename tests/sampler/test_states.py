"""States by construction: each thread of the program can only be doing one thing."""
import collections
import json
import subprocess

import pytest
from conftest import PYSTROBE, Program, each_free_threaded, each_python, record

BLOCKED = {     # thread: the system calls in which it may sleep
    "sleep": {"clock_nanosleep", "select", "pselect6"},
    "poll": {"epoll_wait"},
    "acquire": {"futex (lock)", "futex (condition)"},
    "wait": {"futex (lock)", "futex (condition)"},
    "read": {"read"},
}


WAITS = {"2.7": "futex (lock)"}     # its GIL is a lock, which no symbol names when it is stripped


def shares(samples, flag):
    return sum(flag in s.state for s in samples) / max(1, len(samples))


@each_python
def test_blocked_threads_say_in_what(tmp_path, python):
    with Program(python, "states.py", "blocked") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
    for thread, calls in BLOCKED.items():
        samples = got.of(thread)
        assert len(samples) > 5, thread
        assert {s.wait for s in samples} <= calls, (thread, collections.Counter(s.wait for s in samples))
        assert all("idle" in s.state and not s.state & {"cpu", "gil", "gil-wait", "gc"} for s in samples), thread
        assert all(thread in s.names for s in samples)


@each_python
def test_of_two_spinning_threads_one_has_the_gil_and_one_waits_for_it(tmp_path, python):
    with Program(python, "states.py", "gil") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 2)
    threads = [got.of("spin-1"), got.of("spin-2")]
    assert all(threads)
    together = collections.defaultdict(list)
    for samples in threads:
        for s in samples:
            together[s.time].append(s.state)
    both = [states for states in together.values() if len(states) == 2]
    assert len(both) > 10
    # At an instant one has it, the other not; a hand-over may show neither. The one that waits
    # is woken every 5 ms to ask for it: then it wants a processor.
    assert sum(sum("gil" in s for s in states) > 1 for states in both) <= len(both) / 50
    assert sum(sum("gil" in s for s in states) == 1 for states in both) >= len(both) / 2
    assert any(s.wait == WAITS.get(python.minor, "futex (GIL)") for samples in threads for s in samples)
    assert not any({"gil", "gil-wait"} <= s.state for samples in threads for s in samples)


@each_python
def test_a_collection_is_marked(tmp_path, python):
    if python.minor == "2.7" and python.root:
        pytest.skip("Debian's 2.7 has no symbol table, which alone knows where it says that it collects")
    with Program(python, "states.py", "collect") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
    assert shares(got.of("collect"), "gc") > 0.5
    assert not any("gc" in s.state for s in got.of("MainThread"))


@each_free_threaded
def test_without_a_gil_a_thread_that_spins_is_attached_and_one_that_sleeps_is_not(tmp_path, python):
    with Program(python, "states.py", "attached") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
        (said,) = json.loads(subprocess.run([PYSTROBE, "dump", "--json", str(program.pid)],
                                            check=True, stdout=subprocess.PIPE).stdout)
    assert all(shares(got.of(name), "gil") > 0.95 for name in ("spin-1", "spin-2"))
    assert shares(got.of("sleep"), "gil") == 0
    words = {t["name"]: t["state"] for t in said["threads"]}
    assert "attached" in words["spin-1"] and "attached" in words["spin-2"], words
    assert "attached" not in words["sleep"] and "GIL" not in str(words), words


@each_free_threaded
def test_a_thread_that_is_stopped_for_the_world_says_so(tmp_path, python):
    """One thread collects all the time, for which CPython stops the others."""
    with Program(python, "states.py", "world") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
    stopped = [s for s in got.of("spin") if s.wait == "stop-the-world"]
    assert len(stopped) > len(got.of("spin")) / 2, collections.Counter(s.wait for s in got.of("spin"))
    assert all("idle" in s.state and not s.state & {"cpu", "gil", "gc"} for s in stopped)
    # it is woken after the world has gone on: by then its futex is any futex
    waits = collections.Counter(s.wait for s in got.of("spin"))
    assert set(waits) <= {"stop-the-world", "", "futex (lock)"} and waits["futex (lock)"] <= len(stopped) / 10, waits
    assert shares(got.of("collect"), "gc") > 0.5
    # who sleeps is held up by nothing: it goes on to say in which call
    assert {s.wait for s in got.of("sleep")} <= BLOCKED["sleep"]


@each_python
def test_an_exception_being_handled_is_marked(tmp_path, python):
    with Program(python, "states.py", "handle") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
    samples = [s for s in got.of("handle") if "handling" in s.names]
    assert samples and shares(samples, "exc") > 0.95
    assert not any("exc" in s.state for s in got.of("MainThread"))


@each_python
def test_c_code_without_the_gil_is_on_cpu_and_native(tmp_path, python):
    with Program(python, "states.py", "compress") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
    samples = got.of("compress")
    assert shares(samples, "cpu") > 0.8, collections.Counter(s.wait for s in samples)
    assert shares(samples, "gil") < 0.2
    assert shares(samples, "native") > 0.8


@each_python
def test_c_code_with_the_gil_is_native_and_holds_it(tmp_path, python):
    with Program(python, "states.py", "sort") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
    samples = got.of("sort")
    assert len(samples) > 5
    assert shares(samples, "native") > 0.9
    assert shares(samples, "gil") > 0.9


@each_python
@pytest.mark.parametrize("which, threads", [("spin", ["spin"]), ("gil", ["spin-1", "spin-2"])])
def test_python_code_is_not_native_with_or_without_the_gil(tmp_path, python, which, threads):
    with Program(python, "states.py", which) as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 1)
    for thread in threads:      # where no symbol names the GIL, its waiters seem to wait for a lock
        samples = [s for s in got.of(thread) if s.wait != WAITS.get(python.minor)]
        assert len(samples) > 5
        assert shares(samples, "native") < 0.05, collections.Counter(s.wait for s in samples)


@each_python
@pytest.mark.parametrize("rate", [1000, "max"])
def test_states_hold_at_every_rate(tmp_path, python, rate):
    """Asking the kernel less often than there are ticks must not invent a state."""
    with Program(python, "states.py", "blocked") as program:
        got, _, _ = record(tmp_path, program.pid, "-d", 0.5, "-r", rate)
    for thread, calls in BLOCKED.items():
        assert {s.wait for s in got.of(thread)} <= calls
        assert shares(got.of(thread), "idle") == 1
