"""top, read from the screen of a terminal: tmux draws it, a pseudo-terminal sees how it is left."""
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios

import pytest
from conftest import PYSTROBE, SECONDS, wait_for

if not shutil.which("tmux"):
    pytest.skip("no tmux here: apt-get install tmux", allow_module_level=True)


class Screen:
    """pystrobe top in a tmux of its own."""

    def __init__(self, tmp_path, pid, columns=80, rows=24, words=(), env=()):
        self.socket = str(tmp_path / "tmux")
        self.status = tmp_path / "status"
        command = " ".join(["env", "LC_ALL=C.UTF-8", *env, PYSTROBE, "top", str(pid), *words])
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  f"{command}; echo $? >{self.status}; cat")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], stdout=subprocess.PIPE, check=True,
                              timeout=SECONDS).stdout.decode()

    def text(self):
        return self.tmux("capture-pane", "-p")

    def wait(self, pattern):
        def there():
            text = self.text()
            return text if re.search(pattern, text, re.M) else None
        try:
            return wait_for(pattern, there)
        except AssertionError:
            raise AssertionError(f"no {pattern!r} on:\n{self.text()}") from None

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], stderr=subprocess.DEVNULL, check=False)


@pytest.fixture
def screen(tmp_path, target):
    with Screen(tmp_path, target.pid) as s:
        yield s


def test_the_hot_function_is_on_top_with_its_shares(screen):
    text = screen.wait(r"^ +\d+\.\d +\d+\.\d │ +\d+\.\d +\d+\.\d .* busy +.*target\.py:\d+")
    lines = text.splitlines()
    assert "pystrobe" in lines[0] and "100 Hz" in lines[0]
    assert re.search(r"CPU +\d+% .*GIL +\d+% .*threads 5", lines[1])
    assert re.search(r"RSS \d", lines[2])
    assert "1 functions 2 lines 3 tree 4 threads 5 processes" in lines[3]
    assert lines[23].startswith("? help q quit")
    assert len(lines) == 24 and all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("key, shows", [
    ("2", r"busy +.*target\.py:1[567]"),
    ("3", r"^ +\d+\.\d .*TOTAL|Thread\._bootstrap"),
    ("4", r"the-spin \(\d+\)"),
    ("5", r"^ +PID .*RSS.*COMMAND *\n +\d+ .* python"),
    ("?", r"^  /  +only names or files"),
    ("i", r"all states, last"),
    ("m", r"mine, on CPU, last"),
    ("p", r"PAUSED, on CPU"),
    ("+", r"last 10 s"),
    ("-", r"last 2 s"),
])
def test_each_key_does_what_the_help_says(screen, key, shows):
    screen.wait("busy")
    screen.keys(key)
    screen.wait(shows)


def test_the_filter_works_while_it_is_typed(screen):
    screen.wait("busy")
    screen.keys("i", "/")
    screen.wait("^ filter: _")
    screen.keys("p", "o", "l")
    text = screen.wait("^ filter: pol_")
    assert "poll " in text and "busy " not in text
    screen.keys("Enter")
    screen.wait(r"/pol, ")
    screen.keys("Escape")
    screen.wait("busy")


def test_a_function_opens_its_callers_and_callees(screen):
    screen.wait("busy")
    screen.keys("/", "s", "p", "i", "n", "Enter")
    screen.wait(r"spin .*target\.py")
    screen.keys("Enter")
    text = screen.wait("called by")
    assert text.index("called by") < text.index("the function, and what it calls")
    screen.keys("Escape")
    screen.wait("NOW SELF  TOTAL │ALL SELF  TOTAL      TIME FUNCTION")


def test_a_thread_opens_as_the_only_one(screen):
    screen.keys("4")
    screen.wait(r"the-spin \(\d+\)")
    screen.keys("/")
    screen.keys("p", "o", "l", "Enter")
    screen.wait(r"/pol, ")
    screen.keys("Enter", "i")
    text = screen.wait(r"thread \d+, all states")
    assert re.search(r"poll +\S*target\.py", text) and "busy" not in text


def test_pause_holds_the_picture_and_reset_begins_anew(screen):
    screen.wait(r"busy")
    screen.keys("p")
    screen.wait("PAUSED")
    screen.keys("p")
    screen.wait(r"^((?!PAUSED).)*on CPU, last")
    screen.keys("r")
    screen.wait(r"busy")


def test_a_window_that_grows_and_shrinks_is_filled(screen):
    screen.wait("busy")
    screen.tmux("resize-window", "-x", "300", "-y", "100")
    wide = screen.wait(r"^.{270,} 100 Hz  \d\d:\d\d:\d\d *\n.*\n.*\n.{250,}on CPU, last 5 s *$")
    assert len(wide.splitlines()) == 100
    screen.tmux("resize-window", "-x", "30", "-y", "6")
    screen.wait("the window is too small")
    screen.tmux("resize-window", "-x", "80", "-y", "24")
    screen.wait("busy")


def test_the_mouse_chooses_a_tab(screen):
    screen.wait("busy")
    # SGR mouse report of a press in row 4, column 36: "4 threads"
    screen.keys("-l", "\033[<0;36;4M")
    screen.wait(r"the-spin \(\d+\)|IDLE")


def test_q_leaves_with_status_0(screen):
    screen.wait("busy")
    screen.keys("q")
    wait_for("the end", lambda: screen.status.exists() and screen.status.read_text() == "0\n")
    assert "pystrobe" not in screen.text()


def test_the_end_of_the_target_leaves_the_picture(tmp_path, target):
    with Screen(tmp_path, target.pid) as screen:
        screen.wait("busy")
        target.process.kill()
        target.process.wait()
        screen.wait(r"  ended  100 Hz")
        assert "busy" in screen.text()
        screen.keys("q")
        wait_for("the end", lambda: screen.status.exists() and screen.status.read_text() == "0\n")


@pytest.mark.parametrize("sig, status", [
    (signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0),
    (signal.SIGSEGV, -signal.SIGSEGV), (signal.SIGABRT, -signal.SIGABRT), (signal.SIGQUIT, -signal.SIGQUIT)])
def test_the_terminal_is_left_as_it_was_found(target, sig, status):
    head, tail = pty.openpty()
    fcntl.ioctl(tail, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(tail)
    p = subprocess.Popen([PYSTROBE, "top", str(target.pid)], stdin=tail, stdout=tail, stderr=subprocess.DEVNULL,
                         env=dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8"), start_new_session=True)
    os.set_blocking(head, False)
    seen = b""

    def read_on(until):
        nonlocal seen
        try:
            seen += os.read(head, 65536)
        except BlockingIOError:
            pass
        return until in seen

    wait_for("the picture", lambda: read_on(b"busy"))
    assert b"\033[?1049h" in seen
    assert termios.tcgetattr(tail) != before
    p.send_signal(sig)
    wait_for("the end", lambda: read_on(b"\033[?1049l") and p.poll() is not None)
    if p.returncode in (1, 23, 99):
        pytest.skip("a sanitizer answers crashes itself")
    assert p.returncode == status
    assert termios.tcgetattr(tail) == before
    assert seen.rindex(b"\033[?1049l") > seen.rindex(b"\033[?1049h")
    assert b"\033[?25h" in seen[seen.rindex(b"\033[?1049h"):] or b"\033[?12l\033[?25h" in seen
    assert os.path.exists(f"/proc/{target.pid}")
    os.close(head)
    os.close(tail)


def test_without_a_terminal_it_says_what_to_use(run, target):
    _, err = run("top", target.pid, status=1)
    assert err == "pystrobe: top needs a terminal; in a pipe use record or dump\n"


def test_an_unknown_terminal_says_what_to_try(target):
    head, tail = pty.openpty()
    done = subprocess.run([PYSTROBE, "top", str(target.pid)], stdin=tail, stdout=tail, stderr=subprocess.PIPE,
                          env=dict(os.environ, TERM="abacus"), text=True, check=False, timeout=SECONDS)
    assert done.returncode == 1 and 'the terminal "abacus" is not known here' in done.stderr
    os.close(head)
    os.close(tail)
