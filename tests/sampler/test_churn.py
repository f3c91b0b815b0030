"""Of a stack that winds and unwinds all the time nothing is thrown away, and none is shown from its middle on."""
import collections
import re
import subprocess

import discover
import pytest
from conftest import EACH, Program, each_python, record

# one of each version
HAVE_GREENLETS = list({p.minor: p for p in discover.pythons() if not p.flavour and subprocess.call(
    p.argv + ["-c", "import greenlet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0}.values())


@each_python
def test_a_random_tree_of_calls_is_seen_from_its_root(tmp_path, python):
    with Program(python, "churn.py", "stacks") as program:
        got, summary, _ = record(tmp_path, program.pid, "-r", 5000, "-d", 1)
    churn = got.of("churn")
    assert {s.names[0].rpartition(".")[2] for s in churn if s.names} <= {"__bootstrap", "_bootstrap"}
    assert all({"left", "right", "stacks"} & set(s.names) for s in churn if "cut" not in s.state)
    assert all((s.names[-1:] == ("(cut)",)) == ("cut" in s.state) for s in got.samples)
    assert sum(summary["lost"].values()) <= summary["samples"] / 1000


@pytest.mark.parametrize("what, possible", [
    ("deep", "deep(;down){0,200}"),
    ("mutual", "mutual(;even;odd){0,30}(;even)?"),
    ("pipeline", "pipeline(;outer(;middle(;inner)?)?)?"),
])
@each_python
def test_no_call_is_shown_that_the_program_does_not_make(tmp_path, python, what, possible):
    with Program(python, "churn.py", what) as program:
        got, summary, _ = record(tmp_path, program.pid, "-r", 5000, "-d", 1)
    starting = re.compile(r"(_*bootstrap(;_*bootstrap_inner)?(;run)?;)?(%s)" % possible)
    whole = [";".join(name.rpartition(".")[2] for name in s.names)
             for s in got.of("churn") if "cut" not in s.state]
    assert any(what in stack for stack in whole)
    wrong = [stack for stack in whole if what in stack.split(";") and not starting.fullmatch(stack)]
    wrong += [stack for stack in whole if re.search(r"\b(down|even|odd|outer|middle|inner)\b", stack)
              and what not in stack.split(";")]
    assert len(wrong) <= len(whole) / 1000, (len(wrong), len(whole), wrong[0][:200])
    assert sum(summary["lost"].values()) <= summary["samples"] / 100


@pytest.mark.parametrize("blocking", ["never", "auto"])
@each_python
def test_a_recursion_is_shown_as_deep_as_it_is(tmp_path, python, blocking):
    """Read while it moves, and stopped for each sample: 20 levels that come and go, 15 of them there at a time."""
    depth = {}
    with Program(python, "churn.py", "tree", "main") as program:
        for how in ("always", blocking):
            (tmp_path / how).mkdir()
            got, _, _ = record(tmp_path / how, program.pid, "-r", 2000, "-d", 2, "--blocking", how)
            stacks = [s.names for s in got.samples if "tree" in s.names and "cut" not in s.state]
            assert len(stacks) > 300, (how, len(stacks))
            depth[how] = sum(map(len, stacks)) / len(stacks)
    assert abs(depth["always"] - depth[blocking]) <= 0.6, depth


@pytest.mark.parametrize("python", [p for p in EACH if p.version >= (3, 14)], ids=lambda p: p.name)
def test_a_recursion_over_the_end_of_a_chunk_is_met_on_either_side(tmp_path, python):
    """200 levels that come and go take as long each. (Before 3.14 the chunk is mapped each time, which takes longer.)"""
    with Program(python, "churn.py", "deep", "main") as program:
        got, _, _ = record(tmp_path, program.pid, "-r", 2000, "-d", 2)
    levels = [s.names.count("down") for s in got.samples if "deep" in s.names]
    assert len(levels) > 300
    shares = [sum(low < n <= low + 50 for n in levels) / len(levels) for low in (0, 50, 100, 150)]
    assert all(0.17 < share < 0.33 for share in shares), shares


@each_python
def test_a_function_is_seen_whatever_calls_it(tmp_path, python):
    """It works for 100 us, so that hardly a sample meets the call itself."""
    seen = collections.defaultdict(list)
    with Program(python, "ways.py") as program:
        got, _, _ = record(tmp_path, program.pid, "-r", 2000, "-d", 6)
    for s in got.samples:
        names = [name.rpartition(".")[2] for name in s.names]
        seen[next((name for name in names if name.startswith("by_")), "")].append(names)
    ways = program.ready.split()[1:]
    assert len(ways) > 40 and len(seen[""]) < len(got.samples) / 50
    assert {way: len(seen[way]) for way in ways if len(seen[way]) < 20} == {}
    # Where held() is, it is called once, by what CPython's own traceback names.
    unseen = {way: seen[way] for way in ways if sum(names[-1] == "held" for names in seen[way]) < 0.8 * len(seen[way])}
    assert unseen == {}
    assert all(names.count("__init__") == 1 + (way == "by_super") for way in ("by_class", "by_super")
               for names in seen[way] if names[-1] == "held")


@pytest.mark.parametrize("python", HAVE_GREENLETS, ids=repr)
def test_greenlets_show_the_stack_of_each(tmp_path, python):
    with Program(python, "greenlets.py") as program:
        got, summary, _ = record(tmp_path, program.pid, "-r", 5000, "-d", 1)
    samples = [s for s in got.samples if "cut" not in s.state]
    roots = {s.names[0] for s in samples}
    assert roots <= {"task", "<module>"} and "task" in roots, roots
    assert all("work" in s.names or len(s.names) <= 2 for s in samples)
    assert any(s.names[-1] == "work" for s in samples)
    assert len(samples) > 0.95 * len(got.samples)
    assert sum(summary["lost"].values()) <= summary["samples"] / 100
