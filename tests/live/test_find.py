"""The runtime is found in every interpreter here, in every odd place a person may keep one.

Each case starts a target that says when it is ready, asks build/find from outside, and compares version, flavour and
path with what the target is.
"""
import contextlib
import glob
import os
import re
import shutil
import struct
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/pythons"))
import discover  # noqa: E402

BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
FIND = os.path.join(BUILD, "find")
TORN = os.path.join(BUILD, "find-torn")
PYSTROBE = os.path.join(BUILD, "pystrobe")

ALL = discover.pythons()
RELEASES = discover.one_per_version(("", "t"))
SHARED = [p for p in RELEASES if any("libpython" in f for f in p.files)]

# Lets any process of the same user look (ptrace_scope 1), then waits for the end of its input.
ALLOW = """
try:
    import ctypes
    ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
except Exception:
    pass
"""
WAIT = ALLOW + """
import sys
sys.stdout.write('r'); sys.stdout.flush(); sys.stdin.read()
"""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts, chroot or CAP_SYS_ADMIN")


@pytest.fixture(scope="session", autouse=True)
def find_is_built():
    subprocess.run(["make", "-s", "-C", TOP] + [os.path.relpath(p, TOP) for p in (FIND, TORN, PYSTROBE)], check=True,
                   stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def target(argv, env=None, letter=b"r"):
    """A process that has written its letter; ends when its input does."""
    proc = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=dict(os.environ, **(env or {})))
    try:
        got = proc.stdout.read(1)
        assert got == letter, "%s did not start: %r" % (argv, proc.stderr.read())
        yield proc
    finally:
        proc.stdin.close()
        proc.stdout.close()
        proc.stderr.close()
        proc.wait(60)


def find(pid, source="auto"):
    out = subprocess.run([FIND, str(pid), source], stdout=subprocess.PIPE, timeout=60, check=False).stdout.decode()
    keys = {}
    for line in out.splitlines():
        key, _, value = line.partition(" ")
        if key != "abi":
            keys[key] = value
    return keys


def check(found, python):
    assert "error" not in found, found["error"]
    assert found["version"] == python.release
    assert sorted(found["flavour"]) == sorted(python.flavour)


def child_of(proc):
    """The process that unshare or chroot forked (its only descendant)."""
    path = "/proc/%d/task/%d/children" % (proc.pid, proc.pid)
    with open(path, encoding="ascii") as f:
        children = f.read().split()
    return int(children[-1]) if children else proc.pid


def binary_of(python):
    """The ELF file that argv starts, for interpreters of this file system."""
    out = subprocess.run(python.argv + ["-c", "import sys; sys.stdout.write(sys.executable)"], stdout=subprocess.PIPE,
                         check=True).stdout.decode()
    return os.path.realpath(out)


def home_env(python):
    """What an interpreter that was copied elsewhere needs to find its library."""
    prefix = subprocess.run(python.argv + ["-c", "import sys; sys.stdout.write(sys.prefix)"], stdout=subprocess.PIPE,
                            check=True).stdout.decode()
    return {"PYTHONHOME": prefix}


# ---- every interpreter -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("python", ALL, ids=repr)
def test_every_interpreter_is_found_with_its_version_and_build(python):
    with target(python.argv + ["-c", WAIT]) as proc:
        found = find(proc.pid)
        check(found, python)
        assert found["abi-from"] == ("offsets" if python.version >= (3, 13) else "table")


@pytest.mark.parametrize("version", discover.WANTED)
def test_an_interpreter_of_each_version_is_here(version):
    if version in discover.missing():
        pytest.skip("no Python %s here: make pythons brings Debian's; free-threaded ones go into PYSTROBE_PYTHONS"
                    % version)


# ---- odd files -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("python", [p for p in RELEASES if not p.root], ids=repr)
def test_a_stripped_and_renamed_copy_is_found(python, tmp_path):
    binary = tmp_path / "myapp"
    shutil.copy(binary_of(python), binary)
    env = home_env(python)
    for lib in python.files:
        if "libpython" in lib:
            shutil.copy(lib, tmp_path)
            subprocess.run(["strip", str(tmp_path / os.path.basename(lib))], check=True)
            env["LD_LIBRARY_PATH"] = str(tmp_path)
    subprocess.run(["strip", str(binary)], check=True)
    with target([str(binary), "-c", WAIT], env) as proc:
        check(find(proc.pid), python)


@pytest.mark.parametrize("python", SHARED, ids=repr)
def test_a_library_whose_name_and_section_headers_are_gone_is_found(python, tmp_path):
    """A launcher that links a libpython called something else, with e_shoff = 0 (as sstrip leaves it)."""
    lib = next(f for f in python.files if "libpython" in f)
    renamed = tmp_path / os.path.basename(lib)
    shutil.copy(lib, renamed)
    no_sections(renamed)
    with target(python.argv + ["-c", WAIT], {"LD_LIBRARY_PATH": str(tmp_path)}) as proc:
        found = find(proc.pid)
        if found.get("path") != str(renamed):
            pytest.skip("the interpreter has an RPATH that goes before LD_LIBRARY_PATH")
        check(found, python)


@pytest.mark.parametrize("python", SHARED, ids=repr)
def test_an_interpreter_that_was_deleted_is_found(python, tmp_path):
    binary, env = moved(python, tmp_path)
    with target([binary, "-c", WAIT], env) as proc:
        for f in os.listdir(tmp_path):
            os.unlink(tmp_path / f)
        check(find(proc.pid), python)


@pytest.mark.parametrize("python", SHARED, ids=repr)
def test_an_interpreter_that_was_replaced_on_disk_is_found_by_what_runs(python, tmp_path):
    """An upgrade under a running program: the path now holds another file."""
    binary, env = moved(python, tmp_path)
    with target([binary, "-c", WAIT], env) as proc:
        for f in os.listdir(tmp_path):
            os.unlink(tmp_path / f)
            (tmp_path / f).write_bytes(b"\x7fELF but no more")
        check(find(proc.pid), python)


def moved(python, where):
    """A copy of interpreter and library: (binary, env)"""
    binary = where / "interpreter"
    shutil.copy(binary_of(python), binary)
    for lib in python.files:
        if "libpython" in lib:
            shutil.copy(lib, where)
    return str(binary), dict(home_env(python), LD_LIBRARY_PATH=str(where))


def no_sections(path):
    """Takes the section header table out of an ELF file: e_shoff, e_shnum, e_shstrndx = 0."""
    with open(path, "r+b") as f:
        f.seek(0x28)
        f.write(struct.pack("<Q", 0))
        f.seek(0x3c)
        f.write(struct.pack("<HH", 0, 0))


@pytest.mark.parametrize("python", SHARED, ids=repr)
def test_a_second_libpython_that_ctypes_mapped_is_passed_over(python, tmp_path):
    lib = next(f for f in python.files if "libpython" in f)
    second = tmp_path / "a_second_one.so"
    shutil.copy(lib, second)
    code = "import ctypes\nkeep = ctypes.CDLL(%r)\n%s" % (str(second), WAIT)
    with target(python.argv + ["-c", code]) as proc:
        found = find(proc.pid)
        check(found, python)
        assert found["path"] == lib


# ---- embedded --------------------------------------------------------------------------------------------------------

def build_embedder(tmp_path, python):
    if not shutil.which("gcc"):
        pytest.skip("no gcc")
    lib = next(f for f in python.files if "libpython" in f)
    out = tmp_path / "myapp"
    subprocess.run(["gcc", "-o", str(out), os.path.join(TOP, "tests/live/embed.c"), lib,
                    "-Wl,-rpath," + os.path.dirname(lib)], check=True)
    return str(out)


NOT_READY = "7 "


@pytest.mark.parametrize("python", SHARED, ids=repr)
def test_an_embedded_interpreter_is_found_while_it_lives_and_said_not_to_before_and_after(python, tmp_path):
    with target([build_embedder(tmp_path, python)], home_env(python), b"b") as proc:
        assert find(proc.pid)["error"].startswith(NOT_READY)
        proc.stdin.write(b"x")
        proc.stdin.flush()
        assert proc.stdout.read(1) == b"r"
        check(find(proc.pid), python)
        proc.stdin.write(b"x")
        proc.stdin.flush()
        assert proc.stdout.read(1) == b"e"
        assert find(proc.pid)["error"].startswith(NOT_READY)


def static_libraries():
    """-> [(libpython*.a, an interpreter of that build)]"""
    out = []
    for python in ALL:
        if python.root:
            continue
        lib = os.path.join(os.path.dirname(binary_of(python)), "../lib")
        name = "libpython%s%s.a" % (python.minor, python.flavour or "*")
        found = glob.glob("%s/%s" % (lib, name)) + glob.glob("%s/python%s/config*/%s" % (lib, python.minor, name))
        out += [(path, python) for path in found[:1]]
    return out


def embed_static(tmp_path, archive, extra):
    out = tmp_path / "myapp"
    done = subprocess.run(["gcc", "-o", str(out), os.path.join(TOP, "tests/live/embed.c"), archive, "-lm", "-lz", "-ldl",
                           "-lpthread", "-lexpat", "-lutil"] + extra, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode:
        pytest.skip("%s does not link here: %s" % (archive, done.stdout.decode()[-200:]))
    return out


STATIC = static_libraries()

# how it is linked, how it is stripped, how it is found: before 3.10 and since
KINDS = {
    "exported": (["-rdynamic"], False, False, "dynamic symbol", "dynamic symbol"),
    "unstripped": ([], False, False, "symbol table", "section"),
    "stripped": ([], True, False, "memory search", "section"),
    "no-sections": ([], True, True, "memory search", "memory search"),
    "no-pie": (["-no-pie"], True, False, "memory search", "section"),
}


def test_there_are_static_libraries_to_embed():
    if not STATIC:
        pytest.skip("no libpython*.a here: apt install libpython3-dev")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("archive,python", STATIC, ids=lambda v: "" if isinstance(v, str) else repr(v))
def test_a_static_embedder_is_found_however_it_was_stripped(archive, python, kind, tmp_path):
    link, strip, headless, before, since = KINDS[kind]
    out = embed_static(tmp_path, archive, link)
    if strip:
        subprocess.run(["strip", str(out)], check=True)
    if headless:
        no_sections(out)
    with target([str(out)], home_env(python), b"b") as proc:
        proc.stdin.write(b"x")
        proc.stdin.flush()
        if proc.stdout.read(1) != b"r":
            pytest.skip("its extension modules bring a second libpython: %r" % proc.stderr.read())
        found = find(proc.pid)
        check(found, python)
        if python.version < (3, 7) and kind == "exported":
            before = "symbol table"  # interp_head is a static variable
        assert found["via"] == (since if python.version >= (3, 10) else before)


# ---- other roots and namespaces --------------------------------------------------------------------------------------

@root_only
@pytest.mark.parametrize("python", [p for p in ALL if p.root], ids=repr)
def test_an_interpreter_in_a_chroot_is_found(python):
    inside = next(f for f in python.files if re.search(r"/usr/bin/python", f))[len(python.root):]
    with target(["chroot", python.root, inside, "-c", WAIT]) as proc:
        found = find(proc.pid)
        check(found, python)
        if python.flavour == "" and python.version >= (3, 9):
            assert "error" not in find(proc.pid, "dwarf"), "its debug file lies below the chroot"


@root_only
@pytest.mark.parametrize("python", [p for p in RELEASES if not p.root], ids=repr)
def test_an_interpreter_in_another_mount_namespace_is_found_by_a_path_that_does_not_exist_here(python, tmp_path):
    binary = binary_of(python)
    files = [f for f in python.files if "libpython" in f]
    place = tmp_path / "only-inside"
    place.mkdir()
    copies = "; ".join("cp %s %s/" % (f, place) for f in files)
    script = "mount -t tmpfs none %s; cp %s %s/myapp; %s; LD_LIBRARY_PATH=%s exec %s/myapp -c \"$0\"" % (
        place, binary, place, copies or ":", place, place)
    with target(["unshare", "-m", "sh", "-c", script, WAIT], home_env(python)) as proc:
        assert not (place / "myapp").exists()
        check(find(proc.pid), python)


@root_only
@pytest.mark.parametrize("python", RELEASES, ids=repr)
def test_an_interpreter_in_another_pid_namespace_is_found(python):
    with target(["unshare", "-p", "-f"] + python.argv + ["-c", WAIT]) as proc:
        check(find(child_of(proc)), python)


@pytest.mark.parametrize("python", RELEASES, ids=repr)
def test_an_interpreter_in_a_user_namespace_is_found(python):
    argv = ["unshare", "-U", "-r"]
    if subprocess.run(argv + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("this kernel does not allow user namespaces here")
    with target(argv + python.argv + ["-c", WAIT]) as proc:
        check(find(proc.pid), python)


# ---- what is not there, and what changes -----------------------------------------------------------------------------

def test_a_process_without_python_is_said_to_be_none():
    with target(["sh", "-c", "printf r; read x"]) as proc:
        assert find(proc.pid)["error"].startswith("5 ")


def test_a_process_that_ended_is_gone():
    proc = subprocess.Popen(["true"])
    proc.wait()
    assert find(proc.pid)["error"].startswith("3 ")


def test_a_process_that_execs_another_version_is_found_as_that():
    if len(RELEASES) < 2:
        pytest.skip("needs two interpreters: make pythons")
    first, second = RELEASES[0], RELEASES[-1]
    code = ALLOW + "import os, sys\nsys.stdout.write('r'); sys.stdout.flush(); sys.stdin.readline()\nos.execv(%r, %r)" % (
        second.argv[0], second.argv + ["-c", WAIT])
    with target(first.argv + ["-c", code]) as proc:
        check(find(proc.pid), first)
        proc.stdin.write(b"\n")
        proc.stdin.flush()
        assert proc.stdout.read(1) == b"r"
        check(find(proc.pid), second)


@pytest.mark.parametrize("python", [p for p in ALL if p.version < (3, 13)][:1], ids=repr)
def test_offsets_asked_of_a_version_without_them_are_refused_in_words(python):
    with target(python.argv + ["-c", WAIT]) as proc:
        assert "carries no table of offsets" in find(proc.pid, "offsets")["error"]


def has_dwarf(python):
    """In the file itself; debug files of another root are where only a process inside of it looks."""
    return any(b".debug_info" in subprocess.run(["readelf", "-SW", f], stdout=subprocess.PIPE, check=True).stdout
               for f in python.files if "_asyncio" not in f)


OFFSETS = [p for p in RELEASES if p.version >= (3, 13)]
BREAK_OFFSETS = """
import ctypes
at = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
(ctypes.c_uint64 * 40).from_address(at)[12] = 1 << 40
"""


@pytest.mark.parametrize("python", OFFSETS, ids=repr)
def test_offsets_that_cannot_be_are_named_and_our_table_serves(python):
    with target(python.argv + ["-c", BREAK_OFFSETS + WAIT]) as proc:
        found = find(proc.pid)
        check(found, python)
        assert found["abi-from"] == "table"
        done = subprocess.run([PYSTROBE, "dump", str(proc.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              check=True)
        assert b"<module> (<string>:" in done.stdout
        assert b"process %d: its offset " % proc.pid in done.stderr and b"own table" in done.stderr, done.stderr
        refused = find(proc.pid, "offsets")
        assert "its offset " in refused["error"]


@pytest.mark.parametrize("python", ALL, ids=repr)
def test_dwarf_gives_what_the_table_gives_or_says_that_there_is_none(python):
    with target(python.argv + ["-c", WAIT]) as proc:
        found = find(proc.pid, "dwarf")
        if "error" in found:
            assert "no debug information" in found["error"] and not has_dwarf(python)
        else:
            check(found, python)


@pytest.mark.parametrize("python", RELEASES, ids=repr)
def test_memory_that_lies_ends_in_an_answer_and_not_in_a_crash_or_a_hang(python):
    """Reads that fail, come short or are bent: see tests/fuzz/find_torn.c. Seeds are fixed."""
    with target(python.argv + ["-c", WAIT]) as proc:
        done = subprocess.run([TORN, str(proc.pid), "64"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)
        assert done.returncode == 0, done.stdout.decode()
        assert done.stdout.startswith(b"64 searches: ")


@pytest.mark.parametrize("python", RELEASES, ids=repr)
def test_a_dump_is_the_same_whatever_its_layouts_come_from(python):
    def frames(pid, source):
        done = subprocess.run([PYSTROBE, "dump", str(pid), "--abi", source],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
        return [line for line in done.stdout.decode().splitlines() if line.startswith("    ")], done.stderr.decode()

    code = "def outer():\n    def inner():\n        %s\n    inner()\nouter()" % WAIT.strip().replace("\n", "\n        ")
    with target(python.argv + ["-c", code]) as proc:
        table, error = frames(proc.pid, "table")
        assert any("inner" in line for line in table), error
        assert frames(proc.pid, "auto")[0] == table
        for source, refusal in (("dwarf", "no debug information"), ("offsets", "carries no table of offsets")):
            lines, error = frames(proc.pid, source)
            assert lines == table or refusal in error
