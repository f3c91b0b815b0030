"""Code objects at recycled addresses: no cache may show a dead function."""
import subprocess

import pytest
from conftest import (EACH, PYSTROBE, SECONDS, Program, Recording, each_python, record, samples_in, start_recording,
                      wait_for)

COUNT = 40
EDGE_NS = 2000000       # so close to a generation's ends its neighbour may be seen


def told_under_other_names(tmp_path, python, script, seconds):
    """The program says when it called which: what was sampled then must bear that name. How
    many are sampled is the machine's doing; how many are told is not. -> what is wrong, how many
    were told, the program's words."""
    store, out = tmp_path / "x", tmp_path / "x.jsonl"
    with Program(python, script, COUNT, seconds) as program:
        p = start_recording(program.pid, "-r", 500, "-q", "-o", store)
        wait_for("samples", lambda: samples_in(store))
        program.say("go")
        words = program.hear().split()
        p.terminate()
        assert p.wait(SECONDS) == 0
    subprocess.run([PYSTROBE, "export", str(store), "-o", str(out)], check=True, stderr=subprocess.DEVNULL)
    got = Recording(out)
    told, wrong = 0, []
    for n in range(COUNT):
        began, ended = (int(float(word) * 1e9) - got.start_ns for word in words[3 * n + 1:3 * n + 3])
        names = {(("",) + s.names)[-1] for s in got.samples if began + EDGE_NS < s.time < ended - EDGE_NS}
        told += "made_%03d" % n in names
        wrong += [(n, name) for name in names if name != "made_%03d" % n]
    return wrong, told, words


@each_python
def test_forty_generations_appear_under_their_own_names(tmp_path, python):
    wrong, told, words = told_under_other_names(tmp_path, python, "generations.py", 0.1)
    assert len(set(words[::3])) < COUNT, "no address was used again: the test tests nothing"
    print(python.name, "generations told", told, "addresses", len(set(words[::3])))
    # its caller, when the processor was taken away between the clock and the call
    assert not [name for _, name in wrong if name != "generation"]
    assert told > COUNT / 4


@pytest.mark.parametrize("python", [p for p in EACH if p.version >= (3, 8)], ids=lambda p: p.name)
def test_what_runs_in_interpreters_that_come_and_go_has_its_own_name(tmp_path, python):
    """Each lies where the last one lay, so do its code objects, and its counts begin anew: but for the name all is the
    same."""
    wrong, told, _ = told_under_other_names(tmp_path, python, "interpreters.py", 0.04)
    assert not [name for _, name in wrong if name.startswith("made_")]
    assert told > COUNT / 4


@each_python
def test_what_lies_behind_a_name_is_not_part_of_it(tmp_path, python):
    """A code object is known by its name, among other things: one whose neighbour in memory changes is the same."""
    with Program(python, "neighbours.py") as program:
        got, _, _ = record(tmp_path, program.pid, "-r", "max", "-d", 2)
    stacks = [s.names for s in got.of("run")]
    assert stacks and not [names for names in stacks if "" in names]
    whole = sum(names[-1].startswith("n") and "run" in names for names in stacks)
    assert whole > len(stacks) * 0.8
