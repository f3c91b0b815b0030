"""serve and view: the address is said, the page answers, the end is clean."""
import json
import re
import urllib.request

import pytest
from conftest import EACH, NEWEST, SECONDS, Target, wait_for
from server import Server


def test_serve_samples_keeps_and_serves(run, target, tmp_path):
    with Server("serve", target.pid, "--store", tmp_path / "s") as server:
        wait_for("folded stacks for a plain client", lambda: ";busy (" in server.get(""))
        targets = json.loads(server.get("api/v1/targets"))["targets"]
        assert [t["pid"] for t in targets] in ([target.pid], [])
        out, err = server.end()
    assert f"sampling   {target.pid} (Python " in out
    assert re.search(r"^[\d ]+ samples in ", err)
    got = json.loads(run("report", tmp_path / "s", "--json", "--state", "all")[0])
    assert got["processes"][0]["pid"] == target.pid


def test_serve_goes_on_in_the_same_store(run, target, tmp_path):
    for _ in range(2):
        with Server("serve", target.pid, "--store", tmp_path / "s") as server:
            server.end()
    assert run("store", "check", tmp_path / "s")[0].startswith(f"{tmp_path / 's'}: sound")


def test_serve_follows_what_matches_and_its_children(run, tmp_path):
    with Server("serve", "--match", "targ[e]t.py", "--store", tmp_path / "s") as server:
        with Target(NEWEST.argv) as target:
            wait_for("the process that matches", lambda: target.pid in [
                t["pid"] for t in json.loads(server.get("api/v1/targets"))["targets"]])
        server.end()


BIRTHS = """
import os, sys, threading
print("ready"); sys.stdout.flush()
sys.stdin.readline()
over = threading.Event()
for i in range(150):
    t = threading.Thread(target=over.wait)
    t.daemon = True
    t.start()
print(" ".join(os.listdir("/proc/self/task"))); sys.stdout.flush()
sys.stdin.readline()
"""


@pytest.mark.parametrize("python", EACH, ids=lambda p: p.name)
def test_threads_seen_at_birth_are_known_by_their_own_ids(python, tmp_path):
    (tmp_path / "births.py").write_text(BIRTHS)
    with Target(python.argv, script=tmp_path / "births.py") as target, \
            Server("serve", target.pid, "--store", tmp_path / "s", "-r", "max") as server:
        wait_for("the first samples", lambda: "readline" in server.get("") or "births.py" in server.get(""))
        target.process.stdin.write(b"go\n")
        target.process.stdin.flush()
        born = sorted(int(tid) for tid in target.process.stdout.readline().split())

        def known():
            (t,) = json.loads(server.get("api/v1/targets"))["targets"]
            return sorted(thread["tid"] for thread in t["threads"]) == born

        wait_for("every thread by its own id", known)
        server.end()


def test_the_page_may_list_attach_and_detach(target, tmp_path):
    with Server("serve", "-r", "250", "--store", tmp_path / "s") as server:
        assert str(target.pid) in server.get("api/v1/processes") and not server.recorded()
        assert server.post("api/v1/attach", pid=target.pid) == {"pid": target.pid, "done": True}
        assert server.recorded()[target.pid]["rate_hz"] == 250  # what nobody asked for stays as it was
        server.post("api/v1/detach", pid=target.pid)
        wait_for("the end of recording", lambda: not server.recorded())
        server.post("api/v1/attach", pid=target.pid, rate_hz=50)
        assert server.recorded()[target.pid]["rate_hz"] == 50
        server.end()


def test_view_shows_a_recording_and_a_profile(run, recording, tmp_path):
    run("export", recording, "-o", tmp_path / "x.folded")
    for path in (recording, tmp_path / "x.folded"):
        with Server("view", path) as server:
            assert json.loads(server.get("api/v1/targets"))["targets"]
            server.end()


def generations(server):
    """That of each tick, as they come."""
    with urllib.request.urlopen(server.url + "api/v1/live", timeout=SECONDS) as stream:
        for line in stream:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])["generation"]


def test_what_nobody_writes_is_not_asked_for_again(recording):
    with Server("view", recording) as server:
        ticks = generations(server)
        assert next(ticks) == next(ticks) == next(ticks)
        ticks.close()
        server.end()


def test_a_view_follows_what_is_being_written(target, tmp_path):
    with Server("serve", target.pid, "--store", tmp_path / "s") as writer, Server("view", tmp_path / "s") as server:
        ticks = generations(server)
        first = next(ticks)
        assert any(tick != first for tick in ticks)
        ticks.close()
        server.end()
        writer.end()


def test_a_port_in_use_names_the_cure(run, recording):
    with Server("view", recording) as server:
        port = re.search(r":(\d+)/", server.url)[1]
        _, err = run("view", recording, "--listen", f"127.0.0.1:{port}", status=1)
        assert "--listen" in err
        server.end()


@pytest.mark.parametrize("words, status", [(["--store", "/proc/nowhere"], 1), (["--listen", "nonsense"], 2)])
def test_what_cannot_be_served_is_said(run, words, status, tmp_path):
    _, err = run("serve", "-d", "1", "--store", tmp_path / "s", *words, status=status)
    assert err.startswith("pystrobe: ") and words[1] in err
