"""Commands against real interpreters: what the tests of this folder share."""
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "pythons")]
import discover  # noqa: E402
from common import wait_for  # noqa: E402,F401
from server import PYSTROBE  # noqa: E402

SECONDS = 60  # after which a command that should end has hung


EACH = discover.one_per_version(own=True)
NEWEST = max((p for p in EACH if tuple(p.version[:2]) <= (3, 13)), key=lambda p: tuple(p.version[:2]))


class Target:
    """tests/cli/target.py in some interpreter, every thread in its place."""

    def __init__(self, argv, script=HERE / "target.py", env=(), **more):
        env = dict(os.environ, PYTHONIOENCODING="utf-8", LC_ALL="C.UTF-8", **dict(env))
        env.pop("PYTHONHOME", None)
        self.process = subprocess.Popen(argv + [str(script)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=env, **more)
        line = self.process.stdout.readline()
        assert line.strip() == b"ready", line
        self.pid = self.process.pid
        if script == HERE / "target.py":
            wait_for("the main thread's read", self.reads)

    def reads(self):
        """By what the kernel says: its main thread, having said "ready", has the GIL to wait for before it reads."""
        syscall = pathlib.Path(f"/proc/{self.pid}/syscall").read_text().split()
        return syscall[1:2] == ["0x0"]  # of standard input: what else it does from then on does not sleep

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def target():
    with Target(NEWEST.argv) as t:
        yield t


@pytest.fixture
def run():
    """run("dump", pid, status=0) -> stdout, stderr"""

    def call(*words, status=0, env=None, **more):
        env = dict(os.environ, **(env or {}))
        for name in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
            env.setdefault(name, "")
        done = subprocess.run([PYSTROBE] + [str(w) for w in words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                              timeout=SECONDS, check=False, **more)
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        assert done.returncode == status, f"exit {done.returncode}\n{out}\n{err}"
        return out, err

    return call


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """A store with two seconds of target.py."""
    path = tmp_path_factory.mktemp("recording") / "target.pystrobe"
    with Target(NEWEST.argv) as t:
        subprocess.run([PYSTROBE, "record", str(t.pid), "-d", "2", "-q", "-o", str(path)],
                       check=True, timeout=SECONDS)
    return path
