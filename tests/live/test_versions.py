"""The README's table of constructs by version is what the tests before this one have seen to be right."""
import os
import re

import pytest
from freezer import RAN

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../README.md")
ROWS = {
    "calls, recursion, decorators, lambdas": "plain recurse mutual_a decorators lambdas callbacks",
    "a call or an expression over many lines": "multi_line random_expressions",
    "class bodies, properties, operators": "classes",
    "comprehensions": "comprehensions",
    "generators": "generators",
    "`yield from`, coroutines, async generators": "yield_from coroutines",
    "exceptions in flight, `finally`": "exceptions returning",
    "annotations, f-strings, keyword-only arguments": "annotations",
    "`:=`": "walrus",
    "`match`": "match",
    "`except*`": "groups",
    "type parameters": "generic",
    "template strings": "templates",
    "`exec`, odd file names, lines above 70 000": "code_from_text",
    "names beyond ASCII, surrogates": "names",
    "code objects at addresses used before": "reused_addresses",
    "signal handlers, `__del__`, weakref callbacks": "signals finalizers",
    "`settrace`, `setprofile`": "tracing",
    "`sys.monitoring`": "monitoring",
    "a line table of 1 MiB": "big_table",
    "100 000 frames": "deep",
    "daemon threads, threads that C made, states without a frame": "threads daemon native empty",
    "the child of a fork": "forked",
    "sub-interpreters that share a GIL": "subinterpreters",
    "sub-interpreters with a GIL each": "isolated",
}


def told():
    """The README's table: {row: {version: "+" or "-"}}"""
    with open(README, encoding="utf-8") as f:
        lines = f.read().split("| stands still in |", 1)[1].splitlines()
    versions = re.findall(r"[\d.]+t?", lines[0])
    rows = {}
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.strip("|").split(" |")]
        rows[name] = dict(zip(versions, cells))
    return versions, rows


def test_the_table_of_constructs_is_what_was_seen():
    versions, rows = told()
    here = {version for version, _ in RAN}
    if not {"plain", "big_table", "deep", "forked"} <= {case for _, case in RAN}:
        pytest.skip("only a part of tests/live has run: the table is about all of it")
    seen = {name: {v: "+" if all((v, case) in RAN for case in cases.split()) else "-" for v in versions if v in here}
            for name, cases in ROWS.items()}
    for name, cells in seen.items():
        print("| %s | %s |" % (name, " | ".join(cells.get(v, "?") for v in versions)))
    assert {name: {v: cells[v] for v in seen[name]} for name, cells in rows.items()} == seen
    assert here <= set(versions)
