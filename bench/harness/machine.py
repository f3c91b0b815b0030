"""Where and when a run was made, and which interpreters it can use."""
import glob
import os
import platform
import re
import subprocess
import time


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
    """{"3.12": path} of what is installed: pyenv's versions, build/pythons, PATH. Release
    builds with a GIL only; the first found of a minor version is taken."""
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    places = [os.path.join(root, "versions", "*", "bin", "python"),
              os.path.join(build, "pythons", "*", "bin", "python[23].*"),
              os.path.join(build, "pythons", "*", "usr", "bin", "python[23].*")]
    places += [os.path.join(d, "python[23].*") for d in os.environ["PATH"].split(":")]
    found = {}
    for path in (p for place in places for p in sorted(glob.glob(place))):
        if not re.fullmatch(r"python|python\d\.\d+", os.path.basename(path)):
            continue
        version = _version(path)
        if version and version not in found:
            found[version] = path
    return dict(sorted(found.items(), key=lambda item: minor(item[0])))


def minor(version):
    return tuple(int(part) for part in version.split("."))


def _version(path):
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        run = subprocess.run([path, "-c", ask], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None
