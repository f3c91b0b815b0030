"""The tables of README.md are true: every format has its row, every cell a test, every file its samples."""
import inspect
import json
import os
import re
import subprocess

import pytest
import test_readers

HERE = os.path.dirname(os.path.abspath(__file__))
# column -> what a test does that asks this reader
READERS = {
    "speedscope 1.25": r"speedscope\(export",
    "Firefox Profiler (profiler-cli 0.10)": r"Profiler\(readers",
    "pprof (Go)": r"pprof_top\(",
    "Chromium": r'"page\.mjs"',
    "read back by us": r"path=",
}


def table(first):
    """The rows below the heading that begins so, as dicts."""
    lines = open(os.path.join(HERE, "README.md"), encoding="utf-8").read().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(first))

    def cells(line):
        return [cell.strip() for cell in line.strip("|").split("|")]

    rows = []
    for line in lines[start + 2:]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(cells(lines[start]), cells(line))))
    return rows


OUT, IN = table("| out |"), table("| in |")


@pytest.fixture(scope="module")
def formats(pystrobe):
    """name -> (directions, endings), as pystrobe names them"""
    text = subprocess.run([pystrobe, "export", "--list"], check=True, capture_output=True, text=True, timeout=60).stdout
    rows = re.findall(r"^(\w+) +((?:in|out)(?: out)?) +((?:\.\S+ )*)", text, re.M)
    return {name: (directions.split(), endings.split()) for name, directions, endings in rows}


def test_every_format_has_its_row(formats):
    assert [row["out"] for row in OUT] and {row["out"] for row in OUT} == {n for n, (d, _) in formats.items() if "out" in d}
    assert {row["in"] for row in IN} == {n for n, (d, _) in formats.items() if "in" in d} - {"jsonl"}  # ours alone
    assert set(READERS) == set(OUT[0]) - {"out", "compared besides"}


@pytest.mark.parametrize("row", OUT, ids=lambda row: row["out"])
def test_every_reader_named_is_asked_by_a_test_and_no_other(row, formats):
    tests = [inspect.getsource(f) for name, f in vars(test_readers).items() if name.startswith("test_")]
    for reader, asks in READERS.items():
        asked = [t for t in tests if re.search(asks, t) and re.search(rf'"\w+{re.escape(formats[row["out"]][1][0])}"', t)]
        assert row[reader] in ("same", "part", "-"), row
        assert bool(asked) == (row[reader] != "-"), f"{row['out']} in {reader}: {row[reader]}, {len(asked)} tests"


@pytest.mark.parametrize("row", [dict(row, file=f.strip(), samples=n.strip()) for row in IN for f, n in zip(
    row["file in data/"].split(","), row["samples"].split(","))], ids=lambda row: row["file"])
def test_a_file_of_another_tool_has_the_samples_it_had_there(row, pystrobe):
    done = subprocess.run([pystrobe, "report", os.path.join(HERE, "data", row["file"]), "--json", "--state", "all"],
                          check=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert json.loads(done.stdout)["all"]["samples"] == int(row["samples"])


def test_every_file_is_in_the_table():
    named = {f.strip() for row in IN for f in row["file in data/"].split(",")}
    assert named == {f for f in os.listdir(os.path.join(HERE, "data")) if f != "broken"}
