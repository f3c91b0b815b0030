"""Native frames stand between the Python frames that called them and those that they called."""
import functools
import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import (HERE, NEWEST, PYSTROBE, SECONDS, Program, discover, record, start_recording, thread_states,
                      wait_for)

ROUNDS = 30         # recordings of a second, at most, until every way has been seen

# A way's stacks, below "work": *name is native.
SPIN = r"( spin_a( spin_b)?)?( \*\S+)*"
WAYS = {
    "compress": r"compress( \*\S+)*",
    "digest": r"digest( \*\S+)*",
    "dump": r"dump( dumps( \S*encode( \S*iterencode)?)?)?( \*\S+)*",
    "match": r"match( \S+)*",       # re compiles it in many functions, once
    "sort": r"sort( \*\S+)*( key_of( \*\S+)*)?",
    "ctypes_calls": r"ctypes_calls( \*\S+)*( called" + SPIN + ")?",
    "elsewhere": r"elsewhere( \*\S+)*( <lambda>( visited" + SPIN + ")?)?",
    "wheel": r"wheel( \*\S+)*",
    "extension": r"extension( \*\S+)*( called" + SPIN + ")?",
}
# What must be seen of it.
SEEN = {
    "compress": r"compress.* \*\S*(deflate|libz)",
    "digest": r"digest.* \*\S+",
    "dump": r"dump.*encode \*\S+",
    "match": r"match \w*match \*\S+",
    "sort": r"sort.* key_of",
    "ctypes_calls": r"ctypes_calls( \*\S+)* \*native_calls( \*\S+)* called spin_a spin_b",
    "wheel": r"wheel( \*\S+)* \*native_wheel \*mill::Wheel::turn\(double\)",
    "extension": r"extension( \*\S+)* \*extension_calls( \*\S+)* called spin_a spin_b",
}
SYMBOLS = [         # and of an interpreter that has them
    r"compress \*(zlib_compress|PyZlib_compress)\S*( \*\S+)* \*deflate",
    r"sort \*builtin_sorted( \*\S+)* \*list\S*sort\S*( \*\S+)* key_of",
    r"match \w*match \*\S*match\S*( \*\S+)* \*sre_\S*match",
]
MILLER = [r"(\*\S+ )*\*grind\(void\*\) \*mill::Wheel::turn\(double\)"]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    if not shutil.which("g++"):
        pytest.skip("no g++ here; apt-get install g++")
    out = tmp_path_factory.mktemp("native") / "native.so"
    subprocess.run(["gcc", "-xc++", "-O1", "-g", "-fno-exceptions", "-shared", "-fPIC", "-o", str(out),
                    str(HERE / "targets" / "native.cc")], check=True)
    return out


def extension(python, folder):
    """native_ext, when the interpreter has come with its headers."""
    done = subprocess.run(python.argv + ["-c", "import sysconfig; print(sysconfig.get_paths()['include'])"],
                          stdout=subprocess.PIPE, check=False)
    headers = python.root + done.stdout.decode().strip()
    if os.path.exists(headers + "/Python.h"):
        subprocess.run(["gcc", "-O1", "-g", "-w", "-shared", "-fPIC", "-I" + headers, "-o", str(folder / "native_ext.so"),
                        str(HERE / "targets" / "native_ext.c")], check=False, stderr=subprocess.DEVNULL)


@functools.lru_cache(maxsize=None)
def has_symbols(python):
    """Does a symbol table say where the loop is?"""
    listed = b"".join(subprocess.run(["nm", python.root + path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                     check=False).stdout for path in python.files)
    return b"_PyEval_EvalFrameDefault" in listed or b" PyEval_EvalFrameEx" in listed


# With a symbol table and without, of each version and build.
KINDS = {(p.minor, p.flavour, has_symbols(p)): p for p in discover.pythons() if "d" not in p.flavour}
each = pytest.mark.parametrize("python", KINDS.values(), ids=lambda p: p.name)


def shown(names):
    return " ".join(name.replace(" ", "") for name in names)


def judge(samples):
    """Every stack is a possible one. -> what is below "work" in each"""
    below = {shown(s.names[s.names.index("work") + 1:]) for s in samples if "work" in s.names}
    for text in below:
        way = text.split(" ")[0]
        assert not text or way.startswith("*") or re.fullmatch(WAYS[way], text), text
    return below


def goes_on(program):
    before = program.count()
    wait_for("no thread stopped", lambda: not thread_states(program.pid) & {"t", "T"})
    wait_for("the program going on", lambda: program.count() > before)


@each
def test_native_frames_stand_where_they_were_called(tmp_path, python, library):
    extension(python, tmp_path)
    with Program(python, "native.py", library, tmp_path) as program:
        missing = [SEEN[way] for way in SEEN if way in program.ready.split()]
        missing += SYMBOLS if has_symbols(python) else []
        missing += MILLER
        for _ in range(ROUNDS):
            got, _, _ = record(tmp_path, program.pid, "-n", "-d", 1, "-r", 500)
            below, millers = judge(got.of("worker")), {shown(s.names) for s in got.of("miller")}
            assert not [text for text in millers if re.search(r"(^| )[^*]", text)]
            missing = [m for m in missing if not any(re.match(m, text) for text in below | millers)]
            if not missing:
                break
        assert not missing
        goes_on(program)


# Deeper than is shown, and never as deep as before.
WINDING = """import sys
sys.setrecursionlimit(100000)
def down(n):
    if n: down(n - 1)
print("up", flush=True)
while True:
    for n in range(3000, 30000, 97): down(n)"""


@pytest.mark.parametrize("options", [[], ["-n"]], ids=" ".join)
def test_how_many_frames_are_left_out_is_said_in_two_digits(tmp_path, options):
    with subprocess.Popen([*NEWEST.argv, "-c", WINDING], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout.readline() == "up\n"
            got, _, _ = record(tmp_path, program.pid, "-r", 50, "-d", 1, *options)
        finally:
            program.kill()
    marks = {name for s in got.samples for name in s.names if name.endswith(" frames)")}
    assert len(marks) > 5
    assert not [m for m in marks if not re.fullmatch(r"\((about )?\d\d?0* frames\)", m)]


@each
def test_a_dump_shows_the_way_through_c(tmp_path, python, library):
    with Program(python, "native.py", library, tmp_path, "ctypes_calls") as program:
        for _ in range(ROUNDS):     # an instant between two calls shows neither
            done = subprocess.run([PYSTROBE, "dump", str(program.pid), "-n", "--json"], stdout=subprocess.PIPE,
                                  check=True, timeout=SECONDS)
            threads = {t["name"]: [("*" if f["native"] else "") + f["function"] for f in reversed(t["frames"])]
                       for t in json.loads(done.stdout)[0]["threads"]}
            text = shown(threads["worker"])
            if re.search(r" work " + SEEN["ctypes_calls"], text):
                break
        assert re.search(r" work " + SEEN["ctypes_calls"], text), text
        goes_on(program)


def test_pystrobe_may_be_killed_while_it_takes_native_stacks(tmp_path, library):
    with Program(NEWEST, "native.py", library, tmp_path) as program:
        for i in range(10):
            p = start_recording(program.pid, "-n", "-r", "max", "-q", "-o", tmp_path / str(i))
            wait_for("the store", (tmp_path / str(i)).exists)
            for _ in range(10 * i):         # some time that nobody chose
                program.count()
            p.kill()
            p.wait()
            goes_on(program)
