"""Where and when a run was made, and which interpreters it can use."""
import os
import platform
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def describe():
    cpu = "?"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "libc": " ".join(platform.libc_ver()),
        "load": load(),
    }


def load():
    """The load averages, and how many tasks want a core right now (this one left out)."""
    fields = open("/proc/loadavg").read().split()
    return {"1min": float(fields[0]), "5min": float(fields[1]),
            "running": int(fields[3].split("/")[0]) - 1}


def cores():
    """(core for the target, core for the profiler): the first and the last allowed; the
    same one where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def interpreters(build):
    """{"3.12": what starts it, as a list}: release builds with a GIL, one of each version,
    found as the tests find them. One built here goes before one of another Debian suite:
    that is started through a loader, which some peers do not recognise as Python, unless
    `make peers` made a copy that is its own program."""
    sys.path.insert(0, os.path.join(ROOT, "tests", "pythons"))
    import discover
    found = {}
    for python in sorted(discover.pythons(), key=lambda p: (p.root != "", p.origin)):
        if not python.flavour:
            copy = os.path.join(build, "peers", "python", "python" + python.minor)
            own = python.root and os.access(copy, os.X_OK)
            found.setdefault(python.minor, [copy] if own else python.argv)
    return found
