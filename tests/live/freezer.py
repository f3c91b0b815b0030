"""freezer - runs a target that stops itself (targets/freeze.py) and asks peek about it at every stop."""
import json
import os
import select
import signal
import subprocess
import time

TARGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "targets")
BUILD = os.environ.get("PYSTROBE_BUILD") or os.path.join(os.path.dirname(TARGETS), "../../build")
DEADLINE = 120
RAN = set()  # (version, case): everything that stopped there was found to be right


class Stop:
    """One place: label, me (ident of the thread that stopped), threads: [(ident, [(func, file, line)...])]"""

    def __init__(self, message, text):
        self.label, self.me, self.pid = text(message["label"]), message["me"], message["pid"]
        self.threads = [(ident, [(text(f), text(p), line or 0) for f, p, line in stack])
                        for ident, stack, _ in message["threads"]]
        # per thread and frame (end line, column, end column), None where the target has none
        self.columns = {ident: [place and tuple(place) for place in places] for ident, _, places in message["threads"]}


class Frozen:
    """A running target; iterating gives its stops, in which ask() questions peek. End it with `with`."""

    def __init__(self, argv, stdin=None, bare=False):
        to_us, theirs = os.pipe()
        from_us, ours = os.pipe()
        environ = dict({} if bare else os.environ, PEEK_OUT=str(theirs), PEEK_IN=str(from_us),
                       PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=TARGETS)
        environ.pop("PYTHONSTARTUP", None)
        self.is_27 = None
        self.n_stops = 0
        self.cases = set()
        self.to_target, self.from_target = ours, os.fdopen(to_us, "rb")
        self.target = subprocess.Popen(argv, env=environ, pass_fds=(theirs, from_us), stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        self.their_in = from_us
        os.close(theirs)
        os.close(from_us)
        if stdin:
            self.target.stdin.write(stdin.encode())
        self.target.stdin.close()
        self.peek = None
        with open(os.path.join(TARGETS, "freeze.py")) as f:
            self.freeze_line = 1 + [i for i, line in enumerate(f) if line.rstrip().endswith("# FREEZE")][0]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.target.poll() is None:
            os.killpg(self.target.pid, signal.SIGKILL)  # what it forked holds its stderr too
        said = self.target.stderr.read().decode(errors="replace")
        self.target.wait()
        self.target.stderr.close()
        if self.peek:
            self.peek.stdin.close()
            self.peek.wait(timeout=DEADLINE)
            self.peek.stdout.close()
        self.from_target.close()
        os.close(self.to_target)
        if kind is not None and said:
            print(said)

    def text(self, s):
        """What pystrobe writes for the target's text: lone surrogates and bytes that are not UTF-8 are escaped."""
        if self.is_27:
            return s.encode("latin-1", "backslashreplace").decode("utf-8", "backslashreplace")
        return s.encode("utf-8", "backslashreplace").decode()

    def line(self):
        if not select.select([self.from_target], [], [], DEADLINE)[0]:
            raise TimeoutError("the target said nothing for %d s" % DEADLINE)
        data = self.from_target.readline()
        if not data:
            self.target.wait(timeout=DEADLINE)
            raise EOFError("the target ended: " + self.target.stderr.read().decode(errors="replace"))
        return json.loads(data.decode())

    def wait_until_frozen(self, pid):
        """Until one of the process's threads sleeps in read() of the descriptor that we answer on."""
        asleep = "0 0x%x " % self.their_in
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            for task in os.listdir("/proc/%d/task" % pid):
                try:
                    with open("/proc/%d/task/%s/syscall" % (pid, task)) as f:
                        if f.read().startswith(asleep):
                            return
                except OSError:
                    pass
            os.sched_yield()
        raise TimeoutError("the target did not freeze")

    def __iter__(self):
        while True:
            message = self.line()
            if "done" in message:
                RAN.update(self.cases)
                return
            if self.is_27 is None:
                self.is_27 = message.get("v", 3) == 2
            self.n_stops += 1
            self.wait_until_frozen(message["pid"])
            yield Stop(message, self.text)
            self.cases.add((message["version"], message["case"]))
            os.write(self.to_target, b"g")

    def look_at(self, arguments):
        """From now on peek looks at this."""
        if self.peek:
            self.peek.stdin.close()
            self.peek.wait(timeout=DEADLINE)
            self.peek.stdout.close()
        self.peek = subprocess.Popen([os.path.join(BUILD, "peek")] + arguments, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)

    def ask(self, question):
        if not self.peek:
            self.look_at([str(self.target.pid)])
        self.peek.stdin.write((question + "\n").encode())
        self.peek.stdin.flush()
        answer = self.peek.stdout.readline()
        if not answer:
            raise EOFError("peek ended with %s at question %r" % (self.peek.wait(timeout=DEADLINE), question))
        return json.loads(answer.decode())
