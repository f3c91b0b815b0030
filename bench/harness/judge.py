"""Is a profile true? Judged against what a truth program says of itself, and against a run
in which the program was stopped for every sample."""
import ast
import itertools
import json
import os
import re
import subprocess

from . import stats

TRUTH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "truth")
CUT = re.compile(r"^[\[<(:].*(cut|truncat|incomplete|INVALID)", re.I)   # a frame that says so


class Truth:
    def __init__(self, python, script, *args):
        self.path = os.path.join(TRUTH, script)
        self.name = script
        said = subprocess.run(python + ["-B", self.path] + [str(a) for a in args] + ["--truth"],
                              capture_output=True, text=True, timeout=30, check=True)
        for key, value in json.loads(said.stdout).items():
            setattr(self, key, value)
        self.possible = re.compile(self.possible)
        self.lines = definitions(self.path)

    def below_root(self, stack):
        """The stack as functions from the root on; None where the root is not in it."""
        names = [frame[0] for frame in stack]
        return names[names.index(self.root):] if self.root in names else None


def definitions(path):
    """{function: (first line, last line)} of a source file."""
    with open(path) as file:
        tree = ast.parse(file.read())
    return {node.name: (node.lineno, node.end_lineno) for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def is_cut(stack):
    return any(CUT.match(frame[0]) or CUT.match(frame[1]) for frame in stack)


def folded(truth, stacks):
    """{"main;hot_a": weight}, and what of the weight is impossible, cut, has no root, or
    shows a line outside its function."""
    shares, bad = {}, {"impossible": 0, "cut": 0, "rootless": 0, "wrong line": 0}
    examples = {}
    for stack, weight in stacks.items():
        if is_cut(stack):
            bad["cut"] += weight
            stack = tuple(f for f in stack if not (CUT.match(f[0]) or CUT.match(f[1])))
        names = truth.below_root(stack)
        if names is None:
            bad["rootless"] += weight
            names = ["(no root)"]
        else:
            if not truth.possible.fullmatch(";".join(names)):
                bad["impossible"] += weight
                examples[";".join(names)] = examples.get(";".join(names), 0) + weight
            bad["wrong line"] += weight * any(wrong_line(truth, f) for f in stack)
        key = ";".join(names)
        shares[key] = shares.get(key, 0) + weight
    return shares, bad, examples


def wrong_line(truth, frame):
    function, file, line = frame
    span = truth.lines.get(function)
    return bool(span and file == truth.name and line and not span[0] <= line <= span[1])


def leaves(shares):
    found = {}
    for key, weight in shares.items():
        name = key.rsplit(";", 1)[-1]
        found[name] = found.get(name, 0) + weight
    return found


def self_error(truth, shares):
    """Points between the shares of leaf functions and those known by construction; what is
    no such function (the loop around them) is left out."""
    found = {k: v for k, v in leaves(shares).items() if k in truth.self}
    return stats.distance(found, truth.self)


def depth_error(truth, shares):
    """The largest difference, in points, between the share of the time in which the stack is at most so many
    frames deep, and what the program's own clock says of it; give or take a frame, for what it stands on."""
    known = list(itertools.accumulate(100 * share / sum(truth.depths) for share in truth.depths))
    found = [0.0] * len(known)
    for key, weight in shares.items():
        found[min(key.count(";"), len(known) - 1)] += 100 * weight / sum(shares.values())
    return max(min(abs(below - k) for k in known[max(0, i - 1):i + 2])
               for i, below in enumerate(itertools.accumulate(found)))


def symmetry_error(truth, shares):
    """The largest difference, in points, within a pair that must be equal."""
    total = sum(shares.values())
    seen = {name: sum(w for key, w in shares.items() if name in key.split(";"))
            for pair in truth.equal for name in pair}
    return max(100 * abs(seen[a] - seen[b]) / total for a, b in truth.equal)


def duty_error(truth, stacks):
    """The largest error, in points, of a thread's share of time in work()."""
    worst = None
    for thread, share in truth.threads.items():
        at_work = total = 0
        for stack, weight in stacks.items():
            names = [frame[0] for frame in stack]
            if thread in names:
                total += weight
                at_work += weight * ("work" in names)
        if total:
            worst = max(worst or 0, 100 * abs(at_work / total - share))
    return worst
