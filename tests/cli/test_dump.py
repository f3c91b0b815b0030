"""dump and ps: what every thread does, in words, for every version; refusals explain themselves."""
import json
import os
import pty
import shutil
import subprocess
import sys

import pytest
from common import read_to_end
from conftest import EACH, HERE, NEWEST, PYSTROBE, Target

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")


def threads_of(run, pid, *words):
    (process,) = json.loads(run("dump", pid, "--json", *words)[0])
    return process, {t["name"]: t for t in process["threads"]}


@pytest.mark.parametrize("python", EACH, ids=lambda p: p.name)
def test_each_thread_has_its_name_state_and_stack(run, python):
    with Target(python.argv) as target:
        process, threads = threads_of(run, target.pid)
    assert process["pid"] == target.pid
    assert process["python"].startswith("%d.%d.%d" % tuple(python.version))
    assert set(threads) == {"MainThread", "the-hold", "the-want", "the-poll", "the-spin"}
    assert threads["MainThread"]["main"] and threads["the-hold"]["daemon"]
    leaf = {name: t["frames"][0] for name, t in threads.items()}
    assert leaf["the-hold"]["source"] == "time.sleep(100000)"
    assert leaf["the-want"]["source"] == "lock.acquire()"
    assert leaf["the-poll"]["source"] == "p.poll(100000000)"
    assert leaf["MainThread"]["source"] == "sys.stdin.read()" or not leaf["MainThread"]["file"].endswith("target.py")
    assert leaf["the-spin"]["function"] == "busy"
    assert [f["function"] for f in threads["the-hold"]["frames"][:1]] == ["hold"]
    assert threads["the-poll"]["state"].startswith("blocked in poll")
    assert threads["the-hold"]["state"].startswith(("blocked in clock_nanosleep", "blocked in select",
                                                    "blocked in pselect6"))
    assert threads["the-want"]["state"].startswith("waiting for a lock")
    assert threads["MainThread"]["frames"][-1]["function"] == "<module>"


@pytest.mark.parametrize("python", EACH, ids=lambda p: p.name)
def test_locals_show_arguments_and_values(run, python):
    with Target(python.argv) as target:
        out = run("dump", target.pid, "--locals")[0]
    assert "n = 3" in out
    assert "words = ('k" in out and "brot" in out
    assert "threading = <module" not in out


def test_the_text_is_for_people(run, target):
    out = run("dump", target.pid)[0]
    assert out.startswith(f"Process {target.pid}: ")
    assert f'Thread {target.pid} "MainThread"  blocked in read\n' in out
    assert "    hold (" in out and "\n        time.sleep(100000)\n" in out
    assert "\033" not in out


def test_colour_is_for_terminals_only(target):
    def through_a_terminal(**env):
        head, tail = pty.openpty()
        subprocess.run([PYSTROBE, "dump", str(target.pid)], stdout=tail, check=True, timeout=60,
                       env=dict(os.environ, TERM="xterm", **env))
        os.close(tail)
        text = read_to_end(head)
        os.close(head)
        return text

    assert b"\033[1m" in through_a_terminal(NO_COLOR="")
    assert b"\033" not in through_a_terminal(NO_COLOR="1")


@pytest.mark.parametrize("python", [p for p in EACH if p.version >= (3, 7)], ids=lambda p: p.name)
def test_asyncio_tasks_say_where_they_stand_and_who_waits(run, python):
    with Target(python.argv, script=HERE / "tasks.py") as target:
        (process,) = json.loads(run("dump", target.pid, "--asyncio", "--json")[0])
        assert "Asyncio: 3 tasks" in run("dump", target.pid, "--asyncio")[0]
    tasks = process["tasks"]
    assert [t["state"] for t in tasks] == ["waiting"] * 3
    (main,) = [t for t in tasks if t["frames"][-1]["function"].endswith("main")]
    assert main["awaited_by"] == []
    for fetch in [t for t in tasks if t is not main]:
        assert [f["function"] for f in fetch["frames"]] == ["sleep", "fetch"]
        assert fetch["frames"][1]["line"] == 8 and fetch["awaited_by"] == [tasks.index(main)]


def test_several_processes_and_one_that_is_gone(run, target):
    with Target(NEWEST.argv) as other:
        out, err = run("dump", target.pid, other.pid, status=0)
        assert out.count("Process ") == 2 and err == ""
    gone = other.pid
    out, err = run("dump", target.pid, gone, status=1)
    assert out.count("Process ") == 1 and f"there is no process {gone}" in err


def test_children_are_taken_along(run):
    code = "import subprocess,sys; p=subprocess.Popen([sys.executable, '-c', " \
           "'print(1, flush=True); import time; time.sleep(1000)'], stdout=subprocess.PIPE); " \
           "p.stdout.readline(); print('ready', p.pid, flush=True); p.wait()"
    parent = subprocess.Popen(NEWEST.argv + ["-c", code], stdout=subprocess.PIPE)
    try:
        child = int(parent.stdout.readline().split()[1])
        out, _ = run("dump", "-s", parent.pid)
        assert f"Process {parent.pid}:" in out and f"Process {child}:" in out
        os.kill(child, 9)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()


def test_a_process_that_is_not_python_says_what_it_is(run):
    other = subprocess.Popen(["sleep", "1000"])
    try:
        _, err = run("dump", other.pid, status=1)
        assert f"process {other.pid} (sleep 1000) is not Python" in err
    finally:
        other.kill()
        other.wait()


def test_a_thread_is_not_a_process(run, target):
    tids = [int(t) for t in os.listdir(f"/proc/{target.pid}/task") if int(t) != target.pid]
    _, err = run("dump", tids[0], status=1)
    assert f"{tids[0]} is a thread of process {target.pid}" in err


def test_a_zombie_is_called_one(run):
    other = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    try:
        _, err = run("dump", other.pid, status=1)
        assert "has ended and waits for its parent" in err
    finally:
        other.wait()


@AS_ROOT
def test_another_users_process_names_the_user_and_the_cure(target, tmp_path):
    copy = tmp_path / "pystrobe"
    shutil.copy(PYSTROBE, copy)
    for folder in [tmp_path, *tmp_path.parents][:-2]:
        os.chmod(folder, 0o755)
    done = subprocess.run([str(copy), "dump", str(target.pid)], user="nobody", stderr=subprocess.PIPE, text=True,
                          check=False)
    assert done.returncode == 1
    assert f"process {target.pid} belongs to another user (root)" in done.stderr
    assert "sudo" in done.stderr
    done = subprocess.run([str(copy), "ps"], user="nobody", stdout=subprocess.PIPE, text=True, check=True)
    (line,) = [w for w in done.stdout.splitlines() if w.split()[:1] == [str(target.pid)]]
    assert "other user" in line


def test_a_debugger_that_holds_the_process_is_named(run, target):
    gdb = shutil.which("gdb")
    if not gdb:
        pytest.skip("no gdb here: apt-get install gdb")
    holder = subprocess.Popen([gdb, "-q", "-nx", "-p", str(target.pid), "-ex", "echo held\\n"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        for line in holder.stdout:
            if b"held" in line:
                break
        out = run("dump", target.pid)[0]
        assert f"gdb (pid {holder.pid}) is attached to it and has stopped it" in out
        assert "hold (" in out
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()


def test_ps_lists_it_with_version_and_permission(run, target):
    (row,) = [p for p in json.loads(run("ps", "--json")[0]) if p["pid"] == target.pid]
    assert row["python"].startswith("%d.%d.%d" % tuple(NEWEST.version))
    assert row["can_attach"] is True and row["reason"] == ""
    assert row["threads"] == 5 and "target.py" in row["command"]
    assert str(target.pid) in run("ps", "-q")[0].split()
    assert f"{target.pid}" in run("ps")[0]


def test_ps_finds_python_by_content_and_not_by_name(run, tmp_path):
    fake = tmp_path / "python3"
    shutil.copy("/bin/sleep", fake)
    impostor = subprocess.Popen([str(fake), "1000"])
    try:
        assert str(impostor.pid) not in run("ps", "-q")[0].split()
    finally:
        impostor.kill()
        impostor.wait()
