#!/usr/bin/env python3
"""Every CPython there is here, for tests: pyenv's, the system's, those of tests/pythons/fetch, and any in
PYSTROBE_PYTHONS (colon separated).

    for python in discover.pythons(): subprocess.Popen(python.argv + ["-c", ...])
    tests/pythons/discover.py       prints them
    discover.MISSING                versions and builds that nothing here has, for naming them
"""
import functools
import glob
import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

WANTED = ["2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15", "3.13t", "3.14t", "3.15t"]

# Runs on 2.7 too. `files` are the mapped ELF files that may hold CPython's structures.
PROBE = r"""
import json, re, sys
try:
    import _asyncio
except ImportError:
    pass
try:
    import sysconfig
    conf = sysconfig.get_config_var
    free = bool(conf('Py_GIL_DISABLED'))
except Exception:
    free = False
files = []
for line in open('/proc/self/maps'):
    path = line.rstrip('\n').split(None, 5)[5:]
    name = path[0].rsplit('/', 1)[-1] if path else ''
    if name and path[0] not in files and (re.match('(lib)?python[0-9]', name) or name.startswith('_asyncio.')):
        files.append(path[0])
sys.stdout.write(json.dumps({
    'version': list(sys.version_info[:3]), 'release': sys.version_info[3],
    'debug': hasattr(sys, 'gettotalrefcount'), 'free_threaded': free, 'files': files}))
"""


class Python:
    """argv starts it. name: '3.13t (forky)'. flavour: letters of t, d. root: its file system, '' for this one."""

    def __init__(self, argv, origin, root, facts):
        self.argv, self.origin, self.root = argv, origin, root
        self.version = tuple(facts["version"])
        self.minor = "%d.%d" % self.version[:2]
        self.flavour = ("d" if facts["debug"] else "") + ("t" if facts["free_threaded"] else "")
        self.files = facts["files"]

    @property
    def release(self):
        return "%d.%d.%d" % self.version

    @property
    def name(self):
        return "%s%s-%s" % (self.release, self.flavour, self.origin)

    def __repr__(self):
        return self.name


def candidates():
    """-> (argv, origin, root)"""
    for path in (os.environ.get("PYSTROBE_PYTHONS") or "").split(":"):
        if path:
            yield [path], "extra", ""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for path in glob.glob(pyenv + "/versions/*/bin/python"):
        yield [path], "pyenv", ""
    for path in glob.glob("/usr/bin/python[23].*"):
        if os.path.basename(path)[6:].replace(".", "").isdigit():
            yield [path], "system", ""
    # a worktree of its own uses the main tree's
    tops = [ROOT, os.path.realpath(os.path.join(ROOT, git_common_dir(), ".."))]
    for top in dict.fromkeys(tops):
        found = sorted(glob.glob(top + "/build/pythons/bin/*"))
        for path in found:
            suite = os.path.basename(path).split("-", 1)[0]
            root = os.path.join(top, "build/pythons", suite, "root")
            yield [path], suite, root if os.path.isdir(root) else ""
        if found:
            break


def git_common_dir():
    try:
        out = subprocess.run(["git", "-C", ROOT, "rev-parse", "--git-common-dir"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True).stdout
        return out.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return ".git"


def load(argv, origin, root):
    """Starts a candidate and asks it what it is; None when it does not start."""
    try:
        done = subprocess.run(argv + ["-c", PROBE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=60, check=True)
        return Python(argv, origin, root, json.loads(done.stdout.decode()))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def named(paths):
    """The interpreters at these paths; among the candidates or not."""
    known = {os.path.realpath(argv[0]): (argv, origin, root) for argv, origin, root in candidates()}
    return [p for p in (load(*known.get(os.path.realpath(path), ([path], "extra", ""))) for path in paths) if p]


@functools.lru_cache(maxsize=None)
def pythons():
    """Every interpreter that starts, sorted by version and flavour."""
    out = [p for p in (load(*candidate) for candidate in candidates()) if p]
    return sorted(out, key=lambda p: (p.version, p.flavour, p.origin))


def missing():
    """WANTED versions that no interpreter here has, in words."""
    have = {p.minor + ("t" if "t" in p.flavour else "") for p in pythons()}
    return [v for v in WANTED if v not in have]


def one_per_version(flavours=("",), own=False):
    """One interpreter for each minor version and flavour. own: not through another suite's loader."""
    chosen = {}
    for p in pythons():
        if p.flavour in flavours and not (own and p.root):
            chosen.setdefault((p.minor, p.flavour), p)
    return list(chosen.values())


if __name__ == "__main__":
    for p in pythons():
        print("%-24s %s" % (p.name, " ".join(p.argv)))
    print("missing: " + (", ".join(missing()) or "none"))
