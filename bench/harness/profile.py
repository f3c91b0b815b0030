"""One run of one profiler over one process, with what it cost."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from . import process
from .tools import Result


def size(path):
    """Bytes of a file, or of the files below a directory."""
    if not os.path.isdir(path):
        return os.path.getsize(path) if os.path.exists(path) else 0
    return sum(os.path.getsize(os.path.join(folder, name))
               for folder, _, names in os.walk(path) for name in names)


def profile(tool, ask, core, keep_stacks=False, gauge=None, prefix=()):
    """Runs the tool as asked, on its core, behind the command `prefix`. CPU time is taken
    over the steady middle: from 0.7 s after the start, when the tool has attached, until
    just before the end; gauge.start() and gauge.stop() are called at the same moments.
    Raises process.Failed where there is no result."""
    folder = tempfile.mkdtemp(prefix="bench-out-")
    out = os.path.join(folder, "profile." + tool.ending)
    log = os.path.join(folder, "log")
    result = Result(seconds=ask.seconds)
    popen = None
    try:
        with open(log, "wb") as file:
            start = time.monotonic()
            popen = subprocess.Popen(
                list(prefix) + tool.argv(ask, out), stdout=file, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, preexec_fn=process.pin({core}),
                env=dict(os.environ, AUSTIN_NO_LOGGING="1", NO_COLOR="1"))
        _watch(popen, start, ask.seconds, result, gauge)
        if tool.interrupted and not _ended(popen, result):
            time.sleep(max(0, start + ask.seconds - time.monotonic()))
            # behind strace it is the tool that is to end: strace only lets go of it
            for pid in process.descendants(popen.pid)[1:2] if prefix else [popen.pid]:
                os.kill(pid, signal.SIGINT)
        _finish(popen, start + ask.seconds * 3 + 30, result, tool)
        result.wall_s = time.monotonic() - start
        with open(log, errors="replace") as file:
            result.text = file.read()[-20000:]
        result.bytes = size(out)
        tool.read(ask, out, result)
        if not result.samples:
            raise process.Failed("no samples: %s" % (
                tool.why_not(result.text) or _last_line(result.text)))
        if keep_stacks:
            result.stacks = tool.stacks(ask, out)
        return result
    finally:
        if popen and popen.returncode is None:
            process.end(popen)
        shutil.rmtree(folder, ignore_errors=True)


def _watch(popen, start, seconds, result, gauge):
    time.sleep(min(0.7, seconds / 4))
    began, cpu = time.monotonic(), process.cpu_ns(popen.pid)
    if gauge:
        gauge.start()
    while time.monotonic() < start + seconds - 0.3 and not _ended(popen, result):
        result.rss_kib = max(result.rss_kib, process.peak_kib(popen.pid))
        time.sleep(min(0.5, max(0.01, start + seconds - 0.3 - time.monotonic())))
    cpu, took = process.cpu_ns(popen.pid) - cpu, time.monotonic() - began
    result.busy = max(0, cpu / 1e9 / took)
    if gauge:
        gauge.stop()


def _ended(popen, result):
    """Has it ended? Takes its CPU time, which waiting by Popen would lose."""
    if popen.returncode is None:
        pid, status, usage = os.wait4(popen.pid, os.WNOHANG)
        if pid:
            popen.returncode = os.waitstatus_to_exitcode(status)
            result.cpu_s = usage.ru_utime + usage.ru_stime
    return popen.returncode is not None


def _finish(popen, deadline, result, tool):
    while not _ended(popen, result):
        if time.monotonic() > deadline:
            process.end(popen)
            raise process.Failed("%s did not end in time" % tool.name)
        time.sleep(0.01)


def _last_line(text):
    lines = [line for line in text.strip().split("\n") if line.strip()]
    return lines[-1].strip()[:200] if lines else "it printed nothing"
