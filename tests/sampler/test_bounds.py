"""What a target does all day does not fill the sampler: very many stacks, code that is dropped, threads that go."""
import json
import pathlib
import subprocess

import pytest
from conftest import ERAS, PYSTROBE, SECONDS, Program, start_recording, wait_for

LIMIT_MIB = 64      # of which some 17 are files
WORK = {"stacks": 100000, "code": 40000, "threads": 3000}
each_end = pytest.mark.parametrize("python", [ERAS[0], ERAS[len(ERAS) // 2], ERAS[-1]], ids=lambda p: p.name)


def resident_mib(pid):
    """At its most; None where a sanitizer keeps what was freed."""
    if "libasan" in pathlib.Path(f"/proc/{pid}/maps").read_text():
        return None
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return None


@each_end
@pytest.mark.parametrize("what", WORK)
def test_memory_stays_bounded(tmp_path, python, what):
    with Program(python, "churn.py", what) as program:
        p = start_recording(program.pid, "-r", "max", "--json", "-o", tmp_path / "x", stdout=subprocess.PIPE)
        wait_for("the store", (tmp_path / "x" / "FORMAT").exists)
        before = program.count()
        wait_for("the program's work", lambda: program.count() > before + WORK[what])
        assert p.poll() is None
        made, resident = program.count(), resident_mib(p.pid)
        p.terminate()
        summary = json.loads(p.communicate(timeout=SECONDS)[0])
        assert p.returncode == 0
        wait_for("the program going on", lambda: program.count() > made)
    info = subprocess.run([PYSTROBE, "store", "info", str(tmp_path / "x"), "--json"], stdout=subprocess.PIPE, check=True)
    stored = json.loads(info.stdout)
    print(python.name, what, "made", made, "resident", resident, stored)
    assert resident is None or resident < LIMIT_MIB
    assert stored["samples"] == summary["samples"]
    assert stored[{"stacks": "stacks", "code": "functions", "threads": "threads"}[what]] > 10
