"""The README tells the truth: its version table is that of python-abi/, its commands and options
exist, its links lead somewhere, and no file says where it was written."""
import os
import pathlib
import re
import shlex
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PYSTROBE = os.environ.get("PYSTROBE", str(ROOT / "build" / "pystrobe"))


def test_supported_versions_are_those_with_a_layout():
    rows = re.findall(r"^\| (\d+\.\d+) " + 4 * r"\| (yes|-) " + r"\|$", README, re.M)
    told = {(version, flavour) for version, *cells in rows
            for flavour, cell in zip(("", "d", "t", "dt"), cells) if cell == "yes"}
    have = set()
    for path in (ROOT / "python-abi").glob("cpython-*.abi"):
        m = re.fullmatch(r"cpython-(\d+\.\d+)(?:\.\d+)?(?:-\d+)?-x86_64(?:-(d|t|dt))?", path.stem)
        assert m, f"{path.name}: a name that this test does not know"
        have.add((m[1], m[2] or ""))
    assert told == have


def command_lines():
    for block in re.findall(r"```sh\n(.*?)```", README, re.S):
        for line in block.splitlines():
            if line.startswith("pystrobe "):
                yield line.split("#")[0].strip()


@pytest.mark.parametrize("line", list(command_lines()))
def test_commands_and_options_of_the_readme_exist(line):
    words = shlex.split(line)[1:]
    if "--" in words:
        words = words[:words.index("--")]
    shown = subprocess.run([PYSTROBE, words[0], "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    for option in (word for word in words[1:] if word.startswith("-")):
        assert re.search(rf"(^|[\s,]){re.escape(option)}\b", shown.stdout), f"{words[0]} has no {option}"


def test_links_lead_to_files():
    for path in [ROOT / "README.md", *ROOT.glob("*/README.md")]:
        if path.parts[-2] == "build":
            continue
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_no_tracked_file_is_long_without_a_reason():
    """Over 600 lines a source file gives its reason in the first comment."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if not re.search(r"\.(c|h|py|js|mjs|css|html)$", name):
            continue
        lines = (ROOT / name).read_text(errors="replace").splitlines()
        if len(lines) > 600:
            assert re.search(r"(?i)(one file|long) because|longer than most", "\n".join(lines[:25])), f"{name}: {len(lines)} lines"


def mirrors():
    """Hosts of the package mirrors that this system is configured with, as patterns."""
    hosts = set()
    for path in [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]:
        if path.is_file():
            hosts |= set(re.findall(r"https?://([^/\s]+)", path.read_text(errors="replace")))
    return [re.escape(host) for host in sorted(hosts)]


def test_no_file_names_this_machine_or_a_mirror():
    homes = ["/root" + "/", "/home" + "/[a-z]"]
    listed = subprocess.run(["git", "grep", "-nIE", "|".join(homes + mirrors())], cwd=ROOT, capture_output=True,
                            text=True, check=False)
    assert [line for line in listed.stdout.splitlines() if "/proc/" not in line] == []


def test_the_top_level_holds_what_it_should():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {name.split("/")[0] for name in listed.stdout.splitlines()} == {
        "src", "python-abi", "web", "tests", "bench", "Makefile", "README.md", "COPYING", ".ci", ".gitignore",
        ".clang-format"}
