"""-s and --match: every child is seen, however it came; deaths, execs, pids used again."""
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import struct
import time

import pytest
from conftest import (EACH, NEWEST, OWN, PYSTROBE, SECONDS, Program, Recording, as_root, record, samples_in,
                      start_recording, wait_for)
from server import Server

KINDS = ["fork", "exec", "posix_spawn", "shell", "prefork", "mp-fork", "mp-spawn", "mp-forkserver"]
SYS_CLONE3 = 435


class Follow:
    """A recording of a program and its children, while it goes on."""

    def __init__(self, tmp_path, *words):
        self.store = tmp_path / "x"
        self.p = start_recording(*words, "-q", "-o", self.store, stderr=subprocess.PIPE)

    def pids(self):
        done = subprocess.run([PYSTROBE, "report", str(self.store), "--json", "--state", "all"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return {p["pid"] for p in json.loads(done.stdout)["processes"]} if done.returncode == 0 else set()

    def end(self):
        self.p.terminate()
        said = self.p.communicate(timeout=SECONDS)[1].decode()
        assert self.p.returncode == 0, said
        return self.so_far()

    def so_far(self):
        out = self.store.with_suffix(".jsonl")
        subprocess.run([PYSTROBE, "export", str(self.store), "-o", str(out)], check=True, stderr=subprocess.DEVNULL)
        return Recording(out)


def working(got, kind):
    """The processes that were seen in what children do."""
    name = "child_of_" + ("multiprocessing" if kind.startswith("mp") else kind)
    return {pid for pid in got.pids() if any(name in each for s in got.of(pid=pid) for each in s.names)}


@pytest.mark.parametrize("kind", KINDS)
def test_children_of_every_kind_are_followed(tmp_path, kind):
    with Program(NEWEST, "family.py", kind, 3) as program:
        follow = Follow(tmp_path, program.pid, "-s")
        wait_for("the parent", lambda: program.pid in follow.pids())
        program.say("go")
        pids = set(map(int, program.hear().split()))
        if kind != "shell":     # those are below the pids, which were Python only until they were shells
            wait_for(f"children {pids}", lambda: pids <= follow.pids())
        wait_for("each in its own work", lambda: len(working(follow.so_far(), kind)) == 3)
        program.say("end")
        got = follow.end()
    assert len(working(got, kind)) == 3
    if kind == "shell":         # and nobody else
        assert set(got.pids()) <= {program.pid} | pids | working(got, kind)


def test_children_born_and_gone_are_counted_once(tmp_path):
    with Program(NEWEST, "family.py", "gone", 30) as program:
        p = start_recording(program.pid, "-s", "-o", tmp_path / "x", "--json", stdout=subprocess.PIPE)
        wait_for("samples", lambda: samples_in(tmp_path / "x"))
        program.say("go")
        program.hear()          # nobody waits for them: they stay in the list as zombies
        before = samples_in(tmp_path / "x")
        wait_for("some more looks", lambda: samples_in(tmp_path / "x") > before + 100)
        p.send_signal(signal.SIGTERM)
        said = json.loads(p.communicate(timeout=SECONDS)[0])
    # one that was caught alive was followed
    assert said["children_missed"] + said["processes"] - 1 == 30, said


@pytest.mark.parametrize("python", [p for p in EACH if p.minor in ("3.8", "3.11", "3.13")], ids=lambda p: p.name)
def test_exec_into_another_python(tmp_path, python):
    other = max((p for p in OWN if p.minor != python.minor), key=lambda p: p.version, default=None)
    if not other:
        pytest.skip("no Python of another version that is this system's own: install one, or PYSTROBE_PYTHONS=PATH")
    code = "import os, sys; os.environ.pop('PYTHONHOME', 0); print('ready', flush=True); sys.stdin.readline(); os.execv(%r, [%r, '-c', %r])" % (
        other.argv[0], other.argv[0],
        "def after_exec():\n    while True: pass\nafter_exec()")
    with subprocess.Popen(python.argv + ["-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        try:
            assert p.stdout.readline() == b"ready\n"
            follow = Follow(tmp_path, p.pid)
            wait_for("samples", lambda: samples_in(follow.store))
            p.stdin.write(b"go\n")
            p.stdin.flush()
            wait_for("the program after exec", lambda: '"function": "after_exec"' in subprocess.run(
                [PYSTROBE, "report", str(follow.store), "--json", "--state", "all"], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True).stdout)
        finally:
            p.kill()
        got = follow.end()
    assert {s["labels"]["python"] for s in got.series.values()} == {python.release, other.release}
    assert "exec" in {kind for _, kind, _ in got.events}


def fork_with_pid(pid, argv):
    """A child that has this very pid (clone3, set_tid)."""
    tids = (ctypes.c_int * 1)(pid)
    args = struct.pack("QQQQQQQQQQQ", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(tids), 1, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(SYS_CLONE3, args, len(args))
    if got == 0:
        os.execv(argv[0], argv)
    return got


@as_root
@pytest.mark.parametrize("rate", [1, 100])
def test_a_pid_used_again_is_another_process(tmp_path, rate):
    work = "import sys\ndef %s():\n    print('ready', flush=True)\n    while True: pass\n%s()"
    read, write = os.pipe()
    os.set_inheritable(write, True)
    first = subprocess.Popen(NEWEST.argv + ["-c", work % ("before", "before")], stdout=subprocess.PIPE)
    assert first.stdout.readline() == b"ready\n"
    pid = first.pid
    follow = Follow(tmp_path, pid, "-r", rate)
    wait_for("samples", lambda: samples_in(follow.store))
    first.kill()
    first.wait()
    first.stdout.close()
    got = fork_with_pid(pid, [NEWEST.argv[0], "-c", "import os; os.dup2(%d, 1)\n" % write + work % ("after", "after")])
    os.close(write)
    try:
        if got != pid:
            pytest.skip("clone3 with a chosen pid is not permitted or the pid was taken meanwhile")
        with os.fdopen(os.dup(read)) as said:
            assert said.readline() == "ready\n"
        assert follow.p.wait(SECONDS) == 0      # what was recorded has ended
        out = tmp_path / "x.jsonl"
        subprocess.run([PYSTROBE, "export", str(follow.store), "-o", str(out)], check=True, stderr=subprocess.DEVNULL)
        names = Recording(out).names()
        assert "before" in names and "after" not in names
    finally:
        follow.p.kill()
        follow.p.communicate()
        os.close(read)
        if got > 0:
            os.kill(got, signal.SIGKILL)
            os.waitpid(got, 0)


def test_targets_may_die_at_any_instant(tmp_path):
    programs = [Program(NEWEST, "count.py") for _ in range(6)]
    try:
        follow = Follow(tmp_path, *(p.pid for p in programs), "-r", 1000)
        wait_for("all of them", lambda: {p.pid for p in programs} <= follow.pids())
        for program in programs[1:]:
            program.process.kill()
        programs[0].count()
        before = samples_in(follow.store)
        wait_for("the one that is left", lambda: samples_in(follow.store) > before)
        programs[0].process.kill()
        assert follow.p.wait(SECONDS) == 0      # nothing is left
        follow.p.stderr.close()
    finally:
        for program in programs:
            program.__exit__()


def test_a_stopped_target_does_not_delay_the_others(tmp_path):
    with Program(NEWEST, "count.py") as stuck, Program(NEWEST, "count.py") as other:
        os.kill(stuck.pid, signal.SIGSTOP)
        got, summary, _ = record(tmp_path, stuck.pid, other.pid, "-d", 2, "--blocking", "auto")
        assert len(got.of("count-0", stuck.pid)) >= 0.9 * len(got.of("count-0", other.pid)) > 10
        assert len({s.names for s in got.of("count-0", other.pid)}) > 1


@pytest.mark.parametrize("rule", ["--match", "--all"])
def test_serve_follows_what_matches_and_forgets_what_ends(tmp_path, rule):
    mark = "mark-%d" % os.getpid()
    words = [rule, mark] if rule == "--match" else [rule]
    with Server("serve", *words, "--store", tmp_path / "x") as server:
        with Program(NEWEST, "count.py", 1, mark) as a, Program(NEWEST, "count.py", 1) as b:
            wait_for("the one that matches", lambda: a.pid in server.recorded())
            if rule == "--match":
                assert b.pid not in server.recorded()
            else:
                wait_for("the other one", lambda: b.pid in server.recorded())
            with Program(NEWEST, "count.py", 2, mark) as c:
                wait_for("one that came later", lambda: {a.pid, c.pid} <= server.recorded().keys())
            wait_for("its end", lambda: c.pid not in server.recorded())
            assert a.pid in server.recorded()
        server.end()
