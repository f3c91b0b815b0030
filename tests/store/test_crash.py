"""What a store survives: kill -9 at random instants, a full disk, a read-only one, a torn log.

`build/bench/store fill` writes made-up samples and says on stdout how many seconds it has handed over;
`store check` must find nothing wrong afterwards, and no more than one second may be missing. KILLS=500 kills
more often than the default. Counts are printed and go to build/test-results/store-crash.txt.
"""
import contextlib
import glob
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
from disk import small_disk

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
STORE = os.path.join(BUILD, "bench", "store")
KILLS = int(os.environ.get("KILLS", "60"))
DEADLINE = 120
PER_SECOND = 4 * 50  # samples: threads=4 hz=50


@pytest.fixture(scope="session", autouse=True)
def program():
    subprocess.run(["make", "-s", "-C", TOP, "BUILD=" + os.environ.get("BUILD", "build"),
                    os.path.join(os.environ.get("BUILD", "build"), "bench", "store")], check=True,
                   stdout=subprocess.DEVNULL)


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="pystrobe-crash-") as path:
        yield path


def say(text):
    print(text)
    results = os.path.join(BUILD, "test-results")
    os.makedirs(results, exist_ok=True)
    with open(os.path.join(results, "store-crash.txt"), "a", encoding="ascii") as f:
        f.write(text + "\n")


def start_fill(path, *args, **kwargs):
    # The child's own stdout pipe is read line by line: each line is one second handed over.
    return subprocess.Popen([STORE, "fill", path, "threads=4", "hz=50", "stacks=500", *args],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)


def check(path):
    """Returns (clean, samples, text)."""
    done = subprocess.run([STORE, "check", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=DEADLINE, check=False)
    found = re.search(r"samples (\d+)", done.stdout)
    return done.returncode == 0, int(found[1]) if found else 0, done.stdout.strip()


def status(line):
    seconds, samples, written, lost, state = line.split()
    return int(seconds), int(samples), int(written), int(lost), state


def kill_at_random(path, rng, *args):
    """One session that ends by kill -9; returns the seconds it had handed over."""
    child = start_fill(path, "seconds=100000", "flush=1", f"seed={rng.randrange(1000)}", *args)
    # Up to 300 seconds of data; now and then while it is still opening.
    wanted = rng.choice((0, 1, 2, rng.randrange(300)))
    given = 0
    try:
        for _ in range(wanted):
            line = child.stdout.readline()
            assert line, child.stderr.read()
            given = status(line)[0]
        # Some instant within the next second, not only the one after a line.
        end = time.monotonic() + rng.random() * (0.05 if wanted else 0.02)
        while time.monotonic() < end:
            pass
    finally:
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()
        child.wait(DEADLINE)
        child.stderr.close()
    whole = [line for line in rest.split("\n")[:-1] if line]
    return status(whole[-1])[0] if whole else given


def test_kill_9_at_random_instants_loses_at_most_the_second_at_hand(folder):
    path = os.path.join(folder, "s")
    seed = int(os.environ.get("SEED", random.randrange(10 ** 6)))
    rng = random.Random(seed)
    before = missing = most = given_all = 0
    unclean = []
    start = 1795219200
    for _ in range(KILLS):
        given = kill_at_random(path, rng, f"start={start}", f"block={rng.choice((0, 60, 600))}")
        start += 1000
        if not os.path.exists(os.path.join(path, "FORMAT")):
            continue  # killed before there was a store
        clean, samples, text = check(path)
        if not clean:
            unclean.append(text)
        stored, extra = divmod(samples - before, PER_SECOND)
        assert extra == 0, f"seed {seed}: part of a second: {text}"
        lost = given - stored
        assert lost <= 1, f"seed {seed}: {lost} of {given} seconds missing: {text}"
        missing += max(lost, 0)
        most = max(most, lost)
        given_all += given
        before = samples
    say(f"kill -9: {KILLS} kills, {given_all} seconds given, {missing} missing (at most {most} a kill), "
        f"{len(unclean)} stores unclean (seed {seed})")
    assert not unclean, f"seed {seed}"


def test_one_killed_while_it_is_made_is_a_store_or_none(folder):
    """What has a FORMAT can be read, and what has not can still be made."""
    seed = int(os.environ.get("SEED", random.randrange(10 ** 6)))
    rng = random.Random(seed)
    made = 0
    for i in range(KILLS):
        path = os.path.join(folder, str(i))
        child = start_fill(path, "seconds=100000")
        time.sleep(rng.random() * 0.06)
        child.kill()
        child.communicate()
        if os.path.exists(os.path.join(path, "FORMAT")):
            made += 1
            clean, _, text = check(path)
            assert clean, f"seed {seed}: {text}"
        child = start_fill(path, "seconds=2")
        _, err = child.communicate(timeout=DEADLINE)
        assert child.returncode == 0, f"seed {seed}: {err}"
        assert check(path)[0]
    say(f"kill -9 while it is made: {KILLS} kills, {made} of them stores (seed {seed})")


def torn_logs(path):
    return sorted(glob.glob(os.path.join(path, "*.log")), key=os.path.getmtime)


def test_a_torn_log_opens_up_to_where_it_is_whole(folder):
    rng = random.Random(7)
    unclean = rounds = i = 0
    while rounds < max(KILLS // 4, 3):
        i += 1
        assert i < KILLS * 4 + 20, "the writer seldom leaves a log behind"
        path = os.path.join(folder, str(i))
        given = kill_at_random(path, rng)
        logs = torn_logs(path)
        if given < 3 or not logs:
            continue
        size = os.path.getsize(logs[-1])
        cut = rng.randrange(size)
        if i % 2:
            os.truncate(logs[-1], cut)
        else:  # what a power cut leaves: the length is there, the data is not
            with open(logs[-1], "r+b") as f:
                f.seek(cut)
                f.write(bytes(size - cut))
        clean, samples, text = check(path)
        assert samples % PER_SECOND == 0, text
        assert samples <= given * PER_SECOND + PER_SECOND
        unclean += not clean
        rounds += 1
        # And it can be written again.
        child = start_fill(path, "seconds=5", f"start={1795219200 + 5000}")
        child.communicate(timeout=DEADLINE)
        assert child.returncode == 0
        clean, more, text = check(path)
        # A reader stops at the first thing in a log that it cannot make out; the writer, which
        # repairs, may recover more.
        assert more >= samples + 5 * PER_SECOND and more % PER_SECOND == 0, text
        unclean += not clean
    say(f"torn log: {rounds} logs torn, {unclean} stores unclean")
    assert unclean == 0


def read_until(child, wanted, what):
    end = time.monotonic() + DEADLINE
    for line in child.stdout:
        now = status(line)
        if wanted(now):
            return now
        assert time.monotonic() < end, f"no {what} within {DEADLINE} s: {line}"
    raise AssertionError(f"ended before {what}: {child.stderr.read()}")


def test_a_full_disk_is_reported_and_writing_resumes_when_there_is_room(folder):
    with small_disk(folder, "48M") as disk:
        path = os.path.join(disk, "s")
        ballast = os.path.join(disk, "ballast")
        with open(ballast, "wb") as f:
            f.write(bytes(30 << 20))
        child = start_fill(path, "seconds=1000000", "pause=1")
        try:
            full = read_until(child, lambda s: s[4] == "failing", "full disk")
            # Sampling goes on: seconds are still handed over.
            on = read_until(child, lambda s: s[0] > full[0] + 100, "further seconds")
            os.unlink(ballast)
            back = read_until(child, lambda s: s[4] == "fine" and s[2] > on[2] + 20, "room again")
        finally:
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split("\n")[:-1]
            err = child.stderr.read()
            child.wait()
        last = status([line for line in rest if line][-1]) if any(rest) else back
        clean, samples, text = check(path)
        say(f"full disk: failing after {full[2]} s written, {last[0]} given, {last[3]} dropped, "
            f"{samples // PER_SECOND} stored; {'clean' if clean else 'UNCLEAN ' + text}")
        assert "No space" in err or "no room" in err
        assert clean, text
        assert samples >= (last[2] - 1) * PER_SECOND


def test_a_limit_on_file_size_is_a_full_disk_too(folder):
    path = os.path.join(folder, "s")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300 << 10, 300 << 10))

    child = start_fill(path, "seconds=1000000", "pause=1", preexec_fn=limit)
    try:
        failing = read_until(child, lambda s: s[4] == "failing", "failing write")
        read_until(child, lambda s: s[0] > failing[0] + 50, "further seconds")
    finally:
        child.send_signal(signal.SIGKILL)
        child.stdout.read()
        child.stderr.close()
        child.wait()
    clean, samples, text = check(path)
    say(f"file size limit: failing after {failing[2]} s written, {samples // PER_SECOND} stored; "
        f"{'clean' if clean else 'UNCLEAN ' + text}")
    assert clean, text
    assert samples >= (failing[2] - 1) * PER_SECOND


def test_a_read_only_file_system_can_be_read_and_says_why_not_written(folder):
    with small_disk(folder, "64M") as disk:
        path = os.path.join(disk, "s")
        child = start_fill(path, "seconds=20")
        child.communicate(timeout=DEADLINE)
        done = subprocess.run(["mount", "-o", "remount,ro", disk], check=False)
        assert done.returncode == 0
        clean, samples, text = check(path)
        assert clean and samples == 20 * PER_SECOND, text
        child = start_fill(path, "seconds=5")
        _, err = child.communicate(timeout=DEADLINE)
        assert child.returncode == 1
        assert "Read-only file system" in err
        say("read-only: read whole, writing refused: " + err.strip().split("\n")[0])


def test_a_reader_beside_the_writer_never_fails(folder):
    path = os.path.join(folder, "s")
    child = start_fill(path, "seconds=1000000", "pause=2", "block=60")
    opened = 0
    try:
        read_until(child, lambda s: s[2] > 50, "data")
        for _ in range(max(KILLS // 2, 20)):
            done = subprocess.run([STORE, "time", path, "60"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False)
            assert done.returncode == 0, done.stdout
            opened += 1
            # The writer must not wait for us: drain what it says.
            os.set_blocking(child.stdout.fileno(), False)
            with contextlib.suppress(TypeError, BlockingIOError):
                while child.stdout.read(65536):
                    pass
            os.set_blocking(child.stdout.fileno(), True)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        child.stderr.close()
    clean, _, text = check(path)
    say(f"readers beside a writer: {opened} opens, 0 failures; {text}")
    assert clean, text


def test_a_copy_on_another_machine_opens(folder):
    path, copy = os.path.join(folder, "s"), os.path.join(folder, "copy")
    child = start_fill(path, "seconds=30")
    child.communicate(timeout=DEADLINE)
    shutil.copytree(path, copy)
    shutil.rmtree(path)
    clean, samples, text = check(copy)
    assert clean and samples == 30 * PER_SECOND, text
