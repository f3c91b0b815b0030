"""The profilers: how each is told to sample a process, and how what it wrote is read.

A tool is asked with an Ask and answers with the command to run; after the run it reads its own
output into a Result. What a tool cannot do is said in words (`cannot`), never guessed.

Modes: "default" is what its manual gives, at the rate asked for; "fastest" is its fastest
setting that still reports stacks; "blocking" stops the target for each sample.
"""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field

from .folded import read_austin, read_folded


@dataclass
class Ask:
    pid: int
    version: str              # of the target, "3.12"
    seconds: int
    hz: float = 100           # None: as fast as it goes
    mode: str = "default"
    children: bool = False
    threads: int = 1          # Python threads of the target: some tools count their stacks


@dataclass
class Result:
    samples: int = 0          # ticks at which the target was read
    missed: int = 0           # ticks that were due and did not take place
    errors: int = 0           # samples thrown away
    cut: int = 0              # samples marked as incomplete, kept
    stacks: dict = field(default_factory=dict)   # {((function, file, line), ...): weight}
    wall_s: float = 0         # from start to exit
    cpu_s: float = 0          # user and system, start and end included
    busy: float = 0           # share of a core in the steady middle of the run
    rss_kib: int = 0
    bytes: int = 0            # size of what was written
    seconds: float = 0        # of sampling, as the tool says or as asked
    text: str = ""            # what it printed

    @property
    def rate(self):
        return self.samples / self.seconds if self.seconds else 0


def output(argv, timeout=20):
    try:
        run = subprocess.run(argv, capture_output=True, text=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (run.stdout + run.stderr).strip()


def number(pattern, text, default=0):
    """The first group of the pattern in text, with thousands' commas dropped."""
    match = re.search(pattern, text)
    return float(match.group(1).replace(",", "")) if match else default


def installed(peers, name):
    """What `make peers` brought, else what PATH has, else None."""
    path = os.path.join(peers, "bin", name)
    return path if os.access(path, os.X_OK) else shutil.which(name)


class Tool:
    name = path = None
    modes = ("default",)
    stops = ()                # the modes in which it stops the target
    follows_children = False
    counts_children = True    # its samples are of all of them, not of the parent only
    interrupted = False       # ends by SIGINT when its time is over
    ending = "out"

    def missing(self):
        """Why the tool is not here, or None."""
        return None if self.path else "not installed (make peers)"

    def cannot(self, ask):
        """Why the tool cannot do what is asked, or None."""
        if self.missing():
            return self.missing()
        if ask.mode not in self.modes:
            return "has no %s mode" % ask.mode
        if ask.children and not self.follows_children:
            return "does not follow children"
        return self._cannot(ask)

    def _cannot(self, ask):
        return None

    def why_not(self, text):
        """What a run without samples meant, where the last line does not say it."""
        return None


class Austin(Tool):
    name = "austin"
    modes = ("default", "fastest")
    follows_children = True
    ending = "austin"

    def __init__(self, peers):
        self.path = installed(peers, "austin")
        self.version = output([self.path, "--version"]).split()[-1] if self.path else None
        if self.path and self.version >= "4":
            self.modes = ("default",)       # what was -h is what it does
        converter = os.path.join(peers, "venv", "bin", "mojo2austin")
        self.converter = converter if os.access(converter, os.X_OK) else None

    def why_not(self, text):
        if "not being an actual Python binary" in text:
            return "does not know this Python"
        return None

    def _cannot(self, ask):
        minor = int(ask.version.split(".")[1])
        newest = 13 if self.version < "4" else 15
        if not ask.version.startswith("3.") or not 8 <= minor <= newest:
            return "%s reads 3.8 to 3.%d" % (self.version, newest)
        return None

    def argv(self, ask, out):
        interval = 1 if ask.hz is None else max(1, round(1e6 / ask.hz))
        argv = [self.path, "-p", str(ask.pid), "-i", "%dus" % interval, "-o", out,
                "-x", str(ask.seconds)]
        if ask.mode == "fastest":
            argv += ["-b", "-h", "1"]
        return argv + (["-C"] if ask.children else [])

    def dump(self, pid):
        return [self.path, "-w", str(pid)]

    def read(self, ask, out, result):
        text = re.sub(r"\x1b\[[0-9;]*m", "", result.text)
        result.errors = int(number(r"Error rate[ .:]*(\d+)/", text))
        result.samples = int(number(r"Error rate[ .:]*\d+/(\d+)", text)) // ask.threads
        result.seconds = number(r"(?:Sampling|Total) duration[ .:]*([\d.]+)", text,
                                ask.seconds)
        if ask.hz:
            result.missed = max(0, round(ask.hz * result.seconds) - result.samples)

    def stacks(self, ask, out):
        with open(out, "rb") as file:
            binary = file.read(3) == b"MOJ"
        if binary:
            if not self.converter:
                return {}
            subprocess.run([self.converter, out, out + ".txt"], check=True, timeout=120,
                           stdout=subprocess.DEVNULL)
            out += ".txt"
        return read_austin(out)


class PySpy(Tool):
    name = "py-spy"
    modes = ("default", "fastest")       # its default stops the target
    stops = ("default",)
    follows_children = interrupted = True
    ending = "folded"

    def __init__(self, peers):
        self.path = installed(peers, "py-spy")
        self.version = output([self.path, "--version"]).split()[-1] if self.path else None

    def _cannot(self, ask):
        major, minor = (int(part) for part in ask.version.split("."))
        if (major, minor) > (3, 15):
            return "%s reads 2.7 to 3.15" % self.version
        return None

    def argv(self, ask, out):
        hz = 100000 if ask.hz is None else max(1, round(ask.hz))
        argv = [self.path, "record", "-p", str(ask.pid), "-r", str(hz), "-f", "raw", "-o",
                out, "--idle", "--threads"]
        argv += ["--nonblocking"] if ask.mode == "fastest" else []
        return argv + (["--subprocesses"] if ask.children else [])

    def why_not(self, text):
        return "not one in the time" if "Samples: 0" in text else None

    def dump(self, pid):
        return [self.path, "dump", "-p", str(pid)]

    def read(self, ask, out, result):
        result.errors = int(number(r"Errors: (\d+)", result.text))
        # It ends by count, not by time: -d 5 at 100 Hz is 500 samples however long they
        # take. Hence the interrupt. The count it prints is of stacks, not of ticks.
        result.samples = int(number(r"Samples: (\d+)", result.text)) // ask.threads
        if ask.hz:
            result.missed = max(0, round(ask.hz * result.seconds) - result.samples)

    def stacks(self, ask, out):
        return read_folded(out, drop="thread (")


class Tachyon(Tool):
    name = "tachyon"
    modes = ("default", "fastest", "blocking")
    stops = ("blocking",)
    follows_children = True
    counts_children = False
    ending = "folded"

    def __init__(self, pythons):
        self.path = pythons.get("3.15")
        self.version = output(self.path + ["--version"]).split()[-1] if self.path else None

    def missing(self):
        return None if self.path else "no CPython 3.15 here (make pythons)"

    def _cannot(self, ask):
        return None if ask.version == "3.15" else "reads only its own version, 3.15"

    def argv(self, ask, out):
        hz = 1000000 if ask.hz is None else ask.hz
        argv = self.path + ["-m", "profiling.sampling", "attach", "-r", str(int(hz)), "-d",
                            str(ask.seconds), "-o", out]
        argv += ["--binary"] if ask.mode == "fastest" else ["--collapsed"]
        argv += ["-a"] if ask.threads > 1 else []
        argv += ["--blocking"] if ask.mode == "blocking" else []
        return argv + (["--subprocesses"] if ask.children else []) + [str(ask.pid)]

    def dump(self, pid):
        return self.path + ["-m", "profiling.sampling", "dump", "-a", str(pid)]

    def read(self, ask, out, result):
        text = result.text
        result.samples = int(number(r"Captured ([\d,]+) samples", text))
        result.seconds = number(r"in ([\d.]+) seconds", text, ask.seconds)
        result.missed = round(number(r"missed ([\d,]+) samples", text))
        result.errors = round(number(r"[Ee]rror rate: ([\d.]+)", text) / 100 * result.samples)

    def stacks(self, ask, out):
        if ask.mode == "fastest":
            folded = out + ".txt"
            subprocess.run(self.path + ["-m", "profiling.sampling", "replay", out,
                                        "--collapsed", "-o", folded], check=True,
                           timeout=120, stdout=subprocess.DEVNULL)
            out = folded
        return read_folded(out, drop="tid:")
