"""A store on a full disk: said on the terminal, in the API and by the exit status; sampling goes on."""
import json
import os
import sys

from conftest import ROOT, wait_for
from test_serve import Server

sys.path.insert(0, str(ROOT / "tests" / "store"))
from disk import fill_up, small_disk  # noqa: E402


def status(server):
    return json.loads(server.get("api/v1/status"))


def test_a_full_disk_is_said_and_writing_resumes_when_there_is_room(run, target, tmp_path):
    with small_disk(tmp_path, "40M") as disk:
        store = os.path.join(disk, "s")
        with Server("serve", target.pid, "-r", "1000", "--store", store) as server:
            wait_for("data", lambda: status(server)["until_ms"])
            assert status(server)["writing"] == {"failing": False, "problem": "", "seconds_lost": 0, "samples_lost": 0}
            ballast = fill_up(disk)
            full = wait_for("a failing write", lambda: status(server)["writing"]["failing"] and status(server))
            assert "No space" in full["writing"]["problem"] or "no room" in full["writing"]["problem"]
            wait_for("samples after that", lambda: status(server)["until_ms"] > full["until_ms"] + 2000)
            os.unlink(ballast)
            wait_for("writing again", lambda: not status(server)["writing"]["failing"])
            _, err = server.end()
        assert "sampling goes on" in err and "writ" in err.split("sampling goes on", 1)[1]
        assert ": sound" in run("store", "check", store)[0]


def test_a_disk_that_stays_full_fails_the_command(run, target, tmp_path):
    with small_disk(tmp_path, "40M") as disk:
        store = os.path.join(disk, "s")
        with Server("serve", target.pid, "-r", "1000", "--store", store) as server:
            wait_for("data", lambda: status(server)["until_ms"])
            fill_up(disk)
            wait_for("a failing write", lambda: status(server)["writing"]["failing"])
            _, err = server.end(status=1)
        assert "No space" in err or "no room" in err
        assert ": sound" in run("store", "check", store)[0]
