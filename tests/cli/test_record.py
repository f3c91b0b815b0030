"""record, report, export, diff, store: what was sampled is kept, whatever ends the recording."""
import gzip
import json
import os
import pty
import re
import signal
import subprocess

import pytest
from common import read_to_end
from conftest import HERE, NEWEST, PYSTROBE, SECONDS, Target, wait_for

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give privileges up")


def report(run, path, *words):
    return json.loads(run("report", path, "--json", *words)[0])


def samples_in(path):
    done = subprocess.run([PYSTROBE, "report", str(path), "--json"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0 and json.loads(done.stdout).get("all", {}).get("samples")


def test_a_recording_holds_every_thread_and_the_hot_function(run, recording):
    got = report(run, recording, "--state", "all")
    (process,) = got["processes"]
    assert process["threads"] == 5
    assert got["functions"][0]["function"] in ("busy", "hold", "want", "poll", "main")
    assert {"busy", "hold", "want", "poll"} <= {f["function"] for f in got["functions"]}
    busy = report(run, recording)["functions"][0]
    assert busy["function"] == "busy" and busy["mine"] is True
    assert busy["self"]["samples"] <= busy["total"]["samples"]


STEPS = """
import asyncio, time

async def step():
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass

async def outer():
    await asyncio.ensure_future(step())

asyncio.new_event_loop().run_until_complete(outer())
"""


def test_asyncio_puts_the_tasks_under_the_frames_of_a_step(run, tmp_path):
    script = tmp_path / "steps.py"
    script.write_text(STEPS)
    run("record", "--asyncio", "-o", tmp_path / "steps", "--", *NEWEST.argv, script)
    tree = [(f["depth"], f["function"]) for f in report(run, tmp_path / "steps")["tree"]]
    at = tree.index((1, "outer"))
    assert tree[at + 1:at + 3] == [(2, "step"), (3, "<module>")] and (8, "step") in tree[at:], tree


def test_report_marks_your_own_code_and_shows_its_lines(run, recording):
    out = run("report", recording, env={"COLUMNS": "120"})[0]
    mine = [line for line in out.splitlines()[1:] if "target.py" in line]
    assert mine and all(line.endswith("<====") for line in mine), out
    assert not [line for line in out.splitlines() if "threading.py" in line and "<====" in line]
    assert "for i in range(1000):" in out or "total += i * n" in out
    assert "on CPU only; --state all" in out


def test_mine_folds_the_library_away_and_globs_overrule(run, recording):
    names = {f["function"] for f in report(run, recording, "--mine")["tree"] if f["depth"]}
    assert "spin" in names and not [n for n in names if "bootstrap" in n]
    got = report(run, recording, "--library-path", "*/target.py")
    assert not [f for f in got["functions"] if f["mine"]]
    got = report(run, recording, "--mine-path", "*/threading.py")
    assert [f for f in got["functions"] if f["file"].endswith("threading.py") and f["mine"]]


@pytest.mark.parametrize("by, expects", [
    ("thread", "the-spin"), ("process", "target.py"), ("state", "on CPU"), ("file", "target.py")])
def test_report_divides_by(run, recording, by, expects):
    got = report(run, recording, "--by", by)
    assert expects in json.dumps(got["groups"])


def test_filters_narrow_the_report(run, recording):
    only = report(run, recording, "--thread", "the-poll", "--state", "all")
    assert {f["function"] for f in only["functions"] if f["self"]["samples"]} == {"poll"}
    none = report(run, recording, "--from", "end+1h")
    assert none["all"]["samples"] == 0
    half = report(run, recording, "--from", "start+1s", "--state", "all")
    whole = report(run, recording, "--state", "all")
    assert 0 < half["all"]["samples"] < whole["all"]["samples"]
    _, err = run("report", recording, "--state", "sleepy", status=2)
    assert err.startswith("pystrobe: ")


@pytest.mark.parametrize("ending, check", [
    ("svg", lambda b: b.lstrip().startswith(b"<?xml") or b"<svg" in b[:500]),
    ("html", lambda b: b"<html" in b[:500].lower()),
    ("folded", lambda b: re.search(rb"busy.* \d+\n", b)),
    ("txt", lambda b: b"busy" in b),
    ("speedscope.json", lambda b: json.loads(b)["$schema"]),
    ("cpuprofile", lambda b: json.loads(b)["nodes"]),
    ("pb.gz", lambda b: b"busy" in gzip.decompress(b)),
    ("trace.json", lambda b: json.loads(b)),
    ("gecko.json", lambda b: json.loads(b)["threads"]),
    ("jsonl", lambda b: [json.loads(line) for line in b.splitlines()]),
])
def test_record_writes_the_format_that_the_ending_names(run, target, tmp_path, ending, check):
    out = tmp_path / f"out.{ending}"
    run("record", target.pid, "-d", "1", "-q", "-o", out)
    assert check(out.read_bytes())
    assert os.listdir(tmp_path) == [out.name]


def test_f_overrules_the_ending_and_dash_is_standard_output(run, recording):
    out, err = run("export", recording, "-o", "-", "-f", "folded")
    assert re.search(r"busy .*target\.py.* \d+\n", out)
    assert err == "pystrobe: folded has no place for: times, states, threads, memory and CPU of the process\n"
    for words in (["--thread", "the-spin", "--state", "cpu"], ["--threads", "--state", "cpu"]):
        _, err = run("export", recording, "-o", "-", "-f", "folded", *words)
        assert err == "pystrobe: folded has no place for: times, memory and CPU of the process\n"
    assert run("export", recording, "-o", "-", "-f", "jsonl")[1] == ""


def test_a_profile_of_ours_is_read_again_with_the_same_shares(run, recording, tmp_path):
    run("export", recording, "-o", tmp_path / "x.pb.gz")
    a = report(run, recording)["functions"][0]
    b = report(run, tmp_path / "x.pb.gz")["functions"][0]
    assert (a["function"], a["self"]["samples"]) == (b["function"], b["self"]["samples"])


def test_a_file_that_is_no_profile_says_so(run, tmp_path):
    (tmp_path / "x").write_bytes(os.urandom(1000))
    _, err = run("report", tmp_path / "x", status=1)
    assert err.startswith("pystrobe: ") and str(tmp_path / "x") in err
    _, err = run("report", tmp_path / "nothing", status=1)
    assert "No such file or directory" in err


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_recording_with_everything_kept(run, target, tmp_path, sig):
    store = tmp_path / "x.pystrobe"
    p = subprocess.Popen([PYSTROBE, "record", str(target.pid), "-o", str(store)], stderr=subprocess.PIPE, text=True)
    wait_for("samples on disk", lambda: samples_in(store))
    p.send_signal(sig)
    _, err = p.communicate(timeout=SECONDS)
    assert p.returncode == 0
    assert re.search(r"^[\d ]+ samples in ", err), err
    assert "own cost" in err
    assert report(run, store)["functions"][0]["function"] == "busy"
    assert run("store", "check", store)[0].startswith(f"{store}: sound")
    assert os.path.exists(f"/proc/{target.pid}")


def test_the_end_of_the_target_ends_the_recording(run, tmp_path):
    with Target(NEWEST.argv) as target:
        p = subprocess.Popen([PYSTROBE, "record", str(target.pid), "-q", "-o", str(tmp_path / "x")])
        wait_for("samples on disk", lambda: samples_in(tmp_path / "x"))
    assert p.wait(SECONDS) == 0


SPIN = "import sys, time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: pass\n"


@pytest.mark.parametrize("code, status", [("", 0), ("sys.exit(7)", 7), ("raise KeyError", 1),
                                          ("import os; os.kill(os.getpid(), 15)", 143)])
def test_a_commands_exit_status_is_passed_on(run, tmp_path, code, status):
    run("record", "-q", "-o", tmp_path / "x", "--", *NEWEST.argv, "-c", SPIN + code, status=status)
    got = report(run, tmp_path / "x")
    assert got["functions"][0]["function"] == "<module>"


def test_a_command_that_does_not_exist_says_so_and_leaves_nothing(run, tmp_path):
    _, err = run("record", "-o", tmp_path / "x", "--", "/no/such/program", status=1)
    assert "cannot run /no/such/program: No such file or directory" in err
    assert not list(tmp_path.iterdir())


def test_a_command_ends_with_the_duration(run, tmp_path):
    run("record", "-q", "-d", "1", "-o", tmp_path / "x", "--", *NEWEST.argv, "-c", "while True: pass")
    assert report(run, tmp_path / "x")["all"]["samples"]


def test_signals_are_passed_to_the_command(tmp_path):
    code = "import signal, sys, time\nsignal.signal(15, lambda *a: sys.exit(9))\nprint('up', flush=True)\n" \
           "while True: time.sleep(0.01)"
    p = subprocess.Popen([PYSTROBE, "record", "-q", "-o", str(tmp_path / "x"), "--", *NEWEST.argv, "-c", code],
                         stdout=subprocess.PIPE)
    assert p.stdout.readline() == b"up\n"
    p.terminate()
    assert p.wait(SECONDS) == 9
    p.stdout.close()


@AS_ROOT
def test_under_sudo_the_command_runs_as_the_caller(run, tmp_path):
    code = "import os; print(os.getuid(), os.getgid(), os.getgroups())"
    out, _ = run("record", "-q", "-o", tmp_path / "x", "--", "/usr/bin/python3", "-c", code,
                 env={"SUDO_UID": "65534", "SUDO_GID": "65534"})
    assert out.startswith("65534 65534 [65534]")


def test_the_summary_for_programs(run, target, tmp_path):
    out, err = run("record", target.pid, "-d", "1", "--json", "-o", tmp_path / "x")
    got = json.loads(out)
    assert err == "" and got["samples"] > 0 and got["processes"] == 1
    assert got["hottest"][0]["function"] == "busy"


def test_progress_is_drawn_on_a_terminal(target, tmp_path):
    head, tail = pty.openpty()
    p = subprocess.Popen([PYSTROBE, "record", str(target.pid), "-d", "2", "-o", str(tmp_path / "x")],
                         stderr=tail, env=dict(os.environ, TERM="xterm", COLUMNS="120"))
    os.close(tail)
    text = read_to_end(head)
    assert p.wait(SECONDS) == 0
    os.close(head)
    lines = re.findall(r"\r\x1b\[K([^\r\n]+)", text.decode())
    assert len(lines) > 2
    assert re.search(r"s of 2 s  [\d ]+ samples  \d+ of 100 Hz", lines[-1] + lines[-2]), lines


def test_two_processes_and_one_that_cannot_be_sampled(run, target, tmp_path):
    other = subprocess.Popen(["sleep", "1000"])
    try:
        _, err = run("record", target.pid, other.pid, "-d", "0.5", "-o", tmp_path / "x")
        assert f"process {other.pid} (sleep 1000) is not Python" in err
        _, err = run("record", other.pid, "-d", "0.5", "-o", tmp_path / "y", status=1)
        assert f"process {other.pid} (sleep 1000) is not Python" in err
        assert not (tmp_path / "y").exists()
    finally:
        other.kill()
        other.wait()


def test_a_shell_is_passed_over_for_the_python_below_it(run, tmp_path):
    with subprocess.Popen(["sh", "-c", '"$@"; true', "sh", *NEWEST.argv, HERE / "target.py"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as shell:
        assert shell.stdout.readline() == b"ready\n"
        _, err = run("record", shell.pid, "-d", "0.5", "-o", tmp_path / "y", status=1)
        assert f"process {shell.pid} (sh -c" in err and "-s takes children along" in err
        out, err = run("record", "-s", shell.pid, "-d", "1", "--json", "-o", tmp_path / "x")
        assert err == "" and json.loads(out)["processes"] == 1 and json.loads(out)["samples"]
        shell.stdin.close()  # ends the target


def test_diff_says_what_is_only_on_one_side_and_what_is_noise(run, tmp_path):
    def folded(name, counts):
        (tmp_path / name).write_text("".join(f"main (app.py:1);{f} (app.py:9) {n}\n" for f, n in counts.items()))
        return tmp_path / name

    a = folded("a.folded", {"same": 1000, "slower": 1000, "gone": 500, "once": 1})
    b = folded("b.folded", {"same": 1010, "slower": 2000, "new": 500})
    out = run("diff", a, b, "--weight", "samples")[0]
    assert re.search(r"slower", out) and re.search(r"only in A +gone", out) and re.search(r"only in B +new", out)
    got = {f["function"]: f for f in json.loads(run("diff", a, b, "--json")[0])["functions"]}
    assert got["slower"]["verdict"] == "grew" and got["gone"]["verdict"] == "only in A"
    assert got["once"]["verdict"] == "noise"  # one sample on one side proves nothing
    same = json.loads(run("diff", a, a, "--json", "--all")[0])["functions"]
    assert {f["verdict"] for f in same} == {"noise"}


TWICE = """import sys
def same():
    return sum(range(%d))
def other():
    return list(map(str, range(%d)))
def only_%s():
    return sum(n * n for n in range(20000))
sys.stdout.write("ready\\n")
sys.stdout.flush()
while True:
    same(); other(); only_%s()
"""


@pytest.fixture
def two_programs(tmp_path):
    """A spends most in same(), B in other(), each has a function of its own."""
    (tmp_path / "a.py").write_text("import app")
    (tmp_path / "v1").mkdir()
    (tmp_path / "v2").mkdir()
    (tmp_path / "v1" / "app.py").write_text(TWICE % (100000, 2000, "a", "a"))
    (tmp_path / "v2" / "app.py").write_text("# edited\n" + TWICE % (10000, 20000, "b", "b"))
    with Target(NEWEST.argv, tmp_path / "a.py", env={"PYTHONPATH": tmp_path / "v1"}) as a, \
            Target(NEWEST.argv, tmp_path / "a.py", env={"PYTHONPATH": tmp_path / "v2"}) as b:
        yield a.pid, b.pid


def test_diff_of_two_processes_says_what_differs_by_construction(run, two_programs):
    a, b = two_programs
    got = json.loads(run("diff", a, b, "-d", "2", "-r", "500", "--json", "--all")[0])
    verdicts = {f["function"]: f["verdict"] for f in got["functions"]}
    assert verdicts["same"] == "shrank" and verdicts["other"] == "grew"
    assert verdicts["only_a"] == "only in A" and verdicts["only_b"] == "only in B"
    assert got["a"]["name"].startswith(f"{a} ") and got["b"]["name"].startswith(f"{b} ")
    # both at the same time, for as long: none is given more
    assert 1 / 2 < got["a"]["seconds"] / got["b"]["seconds"] < 2


def test_diff_of_processes_makes_pictures_and_takes_recordings_too(run, two_programs, tmp_path):
    a, b = two_programs
    for name in ("x.svg", "x.html"):
        _, err = run("diff", a, b, "-d", "1", "-r", "1000", "-o", tmp_path / name)
        assert f"{name}: flame graph of the difference" in err
        text = (tmp_path / name).read_text()
        assert "only_a" in text and "only_b" in text and "<svg" in text
    run("record", a, "-d", "1", "-r", "1000", "-q", "-o", tmp_path / "a.pystrobe")
    out, err = run("diff", tmp_path / "a.pystrobe", b, "-d", "1", "-r", "1000")
    assert err == "" and re.search(r"only in A +only_a", out) and re.search(r"only in B +only_b", out)


def test_diff_shows_progress_on_a_terminal_and_an_end_that_is_asked_for_shows_the_rest(two_programs):
    head, tail = pty.openpty()
    p = subprocess.Popen([PYSTROBE, "diff", *map(str, two_programs), "-d", "600"], stdout=subprocess.PIPE,
                         stderr=tail, env=dict(os.environ, TERM="xterm", COLUMNS="120"))
    os.close(tail)
    text = b""
    while not re.search(rb"A: [1-9][\d ]* samples   B: [1-9][\d ]* samples", text):
        text += os.read(head, 65536)
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=SECONDS)
    os.close(head)
    assert p.returncode == 0 and b"only_a" in out and b"only_b" in out


def test_diff_never_compares_one_state_here_with_another_there(run, target, tmp_path):
    """One side has nothing on CPU: both are taken whole, and it is said."""
    (tmp_path / "idle.py").write_text("import sys\nsys.stdout.write('ready\\n')\nsys.stdout.flush()\nsys.stdin.read()\n")
    with Target(NEWEST.argv, tmp_path / "idle.py") as idle:
        out = run("diff", idle.pid, target.pid, "-d", "1")[0]
    assert "all states" in out.splitlines()[2] and "only in B" in out
    assert "hold" in out


def test_diff_of_a_process_that_cannot_be_sampled_says_why(run, target):
    with subprocess.Popen(["sleep", "1000"]) as other:
        try:
            _, err = run("diff", target.pid, other.pid, "-d", "1", status=1)
            assert f"process {other.pid} (sleep 1000) is not Python" in err
        finally:
            other.kill()


def test_two_ranges_of_one_recording_are_compared(run, recording):
    out = run("diff", recording, "--until-a", "start+1s", "--from-b", "start+1s")[0]
    assert out.startswith(f"A {recording}: ")


def test_store_info_check_freeze_and_pack(run, recording, tmp_path):
    info = json.loads(run("store", "info", recording, "--json")[0])
    assert info["processes"] == 1 and info["samples"] > 0 and info["live"] is False
    assert json.loads(run("store", "check", recording, "--json")[0])["sound"] is True
    run("store", "freeze", recording, tmp_path / "copy")
    run("store", "pack", tmp_path / "copy", tmp_path / "copy.packed")
    for path in (tmp_path / "copy", tmp_path / "copy.packed"):
        assert report(run, path)["all"] == report(run, recording)["all"]
    run("store", "compact", tmp_path / "copy")
    assert report(run, tmp_path / "copy")["all"] == report(run, recording)["all"]


def test_an_owned_store_is_not_written_by_another(run, target, tmp_path):
    p = subprocess.Popen([PYSTROBE, "record", str(target.pid), "-q", "-o", str(tmp_path / "x")])
    try:
        wait_for("samples on disk", lambda: samples_in(tmp_path / "x"))
        _, err = run("record", target.pid, "-d", "1", "-o", tmp_path / "x", status=1)
        assert str(p.pid) in err
    finally:
        p.terminate()
        assert p.wait(SECONDS) == 0
