"""What the tests of formats need: the binary, the made-up recording, the readers."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import recording  # noqa: E402

BUILD = pathlib.Path(os.environ.get("PYSTROBE_BUILD") or HERE.parents[1] / "build").resolve()
# One installation serves the build directories of all kinds (plain, sanitizers).
READERS = HERE.parents[1] / "build" / "readers"


@pytest.fixture(scope="session")
def pystrobe():
    return str(BUILD / "pystrobe")


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "recording.jsonl"
    recording.write(path)
    return str(path)


@pytest.fixture
def export(pystrobe, source, tmp_path):
    """export("x.svg", "--state", "cpu") -> its path"""
    def run(name, *options, path=source):
        out = tmp_path / name
        subprocess.run([pystrobe, "export", path, "-o", str(out), *options], check=True, timeout=60,
                       capture_output=True)
        return str(out)
    return run


@pytest.fixture(scope="session")
def readers():
    """node_modules with speedscope and the Firefox Profiler's command line."""
    if not shutil.which("npm"):
        pytest.skip("needs npm (apt-get install nodejs npm)")
    done = READERS / ".done"
    READERS.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package-lock.json").read_text()
    if not done.exists() or done.read_text() != wanted:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, READERS / name)
        run = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=READERS, timeout=400,
                             capture_output=True, text=True, check=False)
        if run.returncode:
            pytest.skip("npm ci failed, no package registry? " + run.stderr.strip()[-200:])
        done.write_text(wanted)
    return str(READERS)


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not path:
        pytest.skip("needs Chromium (apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def go_pprof():
    """Google's own pprof, by the Go toolchain where there is one."""
    path = shutil.which("pprof") or str(READERS.parent / "gobin" / "pprof")
    if os.path.exists(path):
        return path
    if not shutil.which("go"):
        pytest.skip("needs pprof, or Go to install it (go install github.com/google/pprof@latest)")
    run = subprocess.run(["go", "install", "github.com/google/pprof@latest"], timeout=400, capture_output=True, text=True,
                         env=dict(os.environ, GOBIN=str(READERS.parent / "gobin"), GOFLAGS="-mod=mod"), check=False)
    if run.returncode:
        pytest.skip("go install of pprof failed: " + run.stderr.strip()[-200:])
    return path
