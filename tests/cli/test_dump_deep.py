"""dump beyond Python's own frames: native frames, asyncio tasks, core files."""
import json
import shutil
import subprocess

import pytest
from conftest import EACH, NEWEST, Target

TASKS = '''
import asyncio, sys

async def wait_for_ever():
    await asyncio.get_event_loop().create_future()

async def child():
    await wait_for_ever()

async def main():
    task = asyncio.ensure_future(child())
    asyncio.get_event_loop().call_soon(lambda: (sys.stdout.write("ready\\n"), sys.stdout.flush()))
    await task

asyncio.new_event_loop().run_until_complete(main())
'''


@pytest.mark.parametrize("python", [p for p in EACH if tuple(p.version[:2]) >= (3, 7)], ids=lambda p: p.name)
def test_tasks_are_a_tree_of_who_awaits_whom(run, python, tmp_path):
    script = tmp_path / "tasks.py"
    script.write_text(TASKS)
    with Target(python.argv, script=script) as target:
        (process,) = json.loads(run("dump", target.pid, "--asyncio", "--json")[0])
    tasks = process["tasks"]
    by_leaf = {t["frames"][-1]["function"]: (i, t) for i, t in enumerate(tasks)}
    assert set(by_leaf) == {"main", "child"}
    outer, inner = by_leaf["main"], by_leaf["child"]
    assert inner[1]["awaited_by"] == [outer[0]] and outer[1]["awaited_by"] == []
    assert [(f["function"], f["line"]) for f in inner[1]["frames"]] == [("wait_for_ever", 5), ("child", 8)]


@pytest.mark.parametrize("python", EACH, ids=lambda p: p.name)
def test_native_frames_stand_above_the_python_call_that_made_them(run, python):
    with Target(python.argv) as target:
        (process,) = json.loads(run("dump", target.pid, "--native", "--json")[0])
    (poll,) = [t for t in process["threads"] if t["name"] == "the-poll"]
    kinds = [f["native"] for f in poll["frames"]]
    names = [f["function"] for f in poll["frames"]]
    assert kinds[0] and any("poll" in name for name, native in zip(names, kinds) if native), names
    python_part = [name for name, native in zip(names, kinds) if not native]
    assert python_part[0] == "poll" or "poll" in python_part[0], names
    assert kinds == sorted(kinds, reverse=True), names


def test_a_core_file_shows_what_the_process_would(run, tmp_path):
    gcore = shutil.which("gcore")
    if not gcore:
        pytest.skip("gcore is not here; it comes with Debian's gdb")
    with Target(NEWEST.argv) as target:
        (living,) = json.loads(run("dump", target.pid, "--json")[0])
        subprocess.run([gcore, "-o", str(tmp_path / "core"), str(target.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    (dead,) = json.loads(run("dump", "--core", tmp_path / f"core.{target.pid}", "--locals", "--json")[0])

    def stacks(process):
        return {t["name"]: [(f["function"], f["line"]) for f in t["frames"]]
                for t in process["threads"] if t["name"] != "the-spin"}

    assert dead["python"] == living["python"] and dead["pid"] == living["pid"]
    assert stacks(dead) == stacks(living)


def test_words_that_do_not_go_together_are_refused(run):
    _, err = run("dump", "--native", "--locals", "1", status=2)
    assert "--native and --locals" in err
    _, err = run("dump", "--core", "/nowhere/core", status=1)
    assert "/nowhere/core" in err
