"""A core file shows what the process was doing when it died: frames, lines, names, tasks, as it said itself before."""
import glob
import os
import resource
import shutil
import signal
import subprocess
import sys

import pytest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "../pythons"), os.path.dirname(__file__)]
import discover  # noqa: E402
from freezer import BUILD, DEADLINE, TARGETS, Frozen  # noqa: E402
from test_frames import compare  # noqa: E402

PYTHONS = discover.one_per_version(("", "t"))
every_python = pytest.mark.parametrize("python", PYTHONS, ids=[p.name for p in PYTHONS])


def die_with_core(frozen, folder):
    """-> path of the core that the kernel writes; gdb's gcore where it does not"""
    pid = frozen.target.pid
    with open("/proc/sys/kernel/core_pattern") as f:
        pattern = f.read().strip()
    if "/" in pattern or pattern.startswith("|"):
        if not shutil.which("gcore"):
            pytest.skip("core_pattern %r takes cores elsewhere, and gdb's gcore is not installed" % pattern)
        subprocess.run(["gcore", "-o", folder + "/core", str(pid)], check=True, timeout=DEADLINE,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    else:
        resource.prlimit(pid, resource.RLIMIT_CORE, (1 << 30, 1 << 30))
        os.kill(pid, signal.SIGABRT)
        frozen.target.wait(timeout=DEADLINE)
    return glob.glob(folder + "/core*")[0]


@every_python
def test_a_core_shows_the_frames_of_the_moment_of_death(python, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Frozen(python.argv + [os.path.join(TARGETS, "dies.py")]) as frozen:
        stop = next(iter(frozen))
        names = frozen.ask("names")["threads"]
        core = die_with_core(frozen, str(tmp_path))
        frozen.look_at(["--core", core])
        compare(stop, frozen.freeze_line, frozen.ask("cold"), "core")
        compare(stop, frozen.freeze_line, frozen.ask("stacks"), "core, plain reads")
        assert frozen.ask("names")["threads"] == names


def test_a_damaged_core_is_an_error_or_less_to_see_but_never_a_crash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Frozen([sys.executable, os.path.join(TARGETS, "dies.py")]) as frozen:
        next(iter(frozen))
        core = die_with_core(frozen, str(tmp_path))
    with open(core, "rb") as f:
        whole = f.read()
    damaged = str(tmp_path / "damaged")
    for cut in list(range(0, 4096, 97)) + [len(whole) * i // 16 for i in range(1, 16)]:
        with open(damaged, "wb") as f:
            f.write(whole[:cut])
        check_no_crash(damaged)
    for at in range(0, 4096, 31):
        with open(damaged, "wb") as f:
            f.write(whole[:at] + bytes([whole[at] ^ 0xff]) + whole[at + 1:1 << 20])
        check_no_crash(damaged)


def check_no_crash(core):
    done = subprocess.run([os.path.join(BUILD, "peek"), "--core", core], input=b"cold\nnames\n", timeout=DEADLINE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done


def test_another_program_is_refused_as_the_cores_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Frozen([sys.executable, os.path.join(TARGETS, "dies.py")]) as frozen:
        next(iter(frozen))
        core = die_with_core(frozen, str(tmp_path))
    done = subprocess.run([os.path.join(BUILD, "peek"), "--core", core, "/bin/ls"], input=b"", timeout=DEADLINE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and b"not the program" in done.stderr, done
