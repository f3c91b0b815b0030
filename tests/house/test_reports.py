"""A sanitizer's report fails the test that caused it, even where nobody reads it."""
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
OVERRUN = "#include <stdlib.h>\nint main(int n, char **v) { char *p = malloc(4); (void)v; return p[3 + n]; }\n"
SHIFT = "int main(int n, char **v) { (void)v; return n << (31 + n) ? 0 : 0; }\n"
RUNS = "import subprocess\ndef test_one(): subprocess.run(['./program'], stderr=subprocess.DEVNULL)\ndef test_two(): pass\n"


@pytest.mark.parametrize("kind,text", [("address", OVERRUN), ("undefined", SHIFT)])
def test_a_report_that_nobody_reads_fails_its_test(kind, text, tmp_path):
    (tmp_path / "program.c").write_text(text)
    (tmp_path / "test_it.py").write_text(RUNS)
    subprocess.run([os.environ.get("CC", "cc"), "-fsanitize=" + kind, "program.c", "-o", "program"], cwd=tmp_path, check=True)
    log = f"log_path={tmp_path}/report"
    done = subprocess.run([sys.executable, str(HERE / "judge"), "-q", "-p", "no:cacheprovider", "test_it.py"], cwd=tmp_path,
                          env=dict(os.environ, PYSTROBE_REPORTS=str(tmp_path), ASAN_OPTIONS=log, UBSAN_OPTIONS=log),
                          stdout=subprocess.PIPE, check=False)
    out = done.stdout.decode()
    assert done.returncode == 1 and "2 passed, 1 error" in out, out
    assert "ERROR at teardown of test_one" in out and ("heap-buffer-overflow" in out or "shift exponent" in out), out
