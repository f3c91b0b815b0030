"""The run: what is there, how long it may take, and measuring in turns.

A row is a function with a Row in front of it; it is given the Bench and returns nothing: it
measures through `bench.turns()` and files cells. A Cell is what one tool in one mode showed
in one variant of the row (a Python version, a rate, a program).
"""
import os
import subprocess
import time
from dataclasses import asdict, dataclass, field

from . import machine, stats
from .process import Failed, Program, pin
from .profile import profile
from .tools import Ask

ROWS = {}


@dataclass
class Row:
    name: str
    title: str
    unit: str
    budget: str = ""
    better: str = "lower"       # or "higher", or "" where there is no better
    group: str = "cost"
    cells: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    took_s: float = 0
    load: dict = None

    def __call__(self, function):
        self.function = function
        ROWS[self.name] = self
        return function


@dataclass
class Cell:
    variant: str
    tool: str
    mode: str
    value: float = None
    spread: float = 0
    values: list = field(default_factory=list)
    note: str = ""
    low: float = None           # 95 % interval, where the row computes one
    high: float = None


@dataclass
class Case:
    """Something measured in turns with others: measure() returns a number, or a dict of
    them by variant."""
    variant: str
    tool: str
    mode: str
    measure: object


class Bench:
    def __init__(self, build, tools, pythons, seconds, rounds, limit_s):
        self.build, self.tools = build, tools
        self.seconds, self.rounds = seconds, rounds
        self.deadline = time.monotonic() + limit_s
        self.pythons = pythons
        self.target_core, self.core = machine.cores()

    def versions(self, *wanted):
        """Those of the wanted versions that are installed."""
        return [v for v in wanted if v in self.pythons]

    def program(self, version, script, *args, **kw):
        return Program(self.pythons[version], script, *args, core=self.target_core, **kw)

    def cases(self, row, variant, version, measure, modes=None, tools=None, **ask):
        """A case for every tool and mode that can do it; the others become a note."""
        found = []
        for tool in self.tools:
            if tools and tool.name not in tools:
                continue
            for mode in tool.modes:
                if modes and mode not in modes:
                    continue
                why = tool.cannot(Ask(0, version, 1, mode=mode, **ask))
                if why:
                    row.cells.append(Cell(variant, tool.name, mode, note=why))
                    continue
                found.append(Case(variant, tool.name, mode,
                                  lambda tool=tool, mode=mode: measure(tool, mode)))
        return found

    def turns(self, row, cases, rounds=None):
        """Measures the cases A B C, A B C, ... and files a cell for each."""
        values = {id(case): [] for case in cases}
        notes = {}
        for turn in range(rounds or self.rounds):
            for case in cases:
                if id(case) in notes:
                    continue
                if turn and time.monotonic() > self.deadline:
                    break
                try:
                    values[id(case)].append(case.measure())
                except (Failed, OSError, subprocess.SubprocessError, ValueError) as e:
                    notes[id(case)] = str(e)[:160] or repr(e)
        for case in cases:
            self._file(row, case, values[id(case)], notes.get(id(case), ""))
        return {id(case): values[id(case)] for case in cases}

    def _file(self, row, case, values, note):
        if not values:
            row.cells.append(Cell(case.variant, case.tool, case.mode, note=note))
        elif isinstance(values[0], dict):
            for key in values[0]:
                part = [v[key] for v in values if v.get(key) is not None]
                self._file(row, Case("%s %s" % (case.variant, key), case.tool, case.mode,
                                     None), part, note)
        else:
            row.cells.append(Cell(case.variant, case.tool, case.mode, stats.median(values),
                                  stats.spread(values), values, note))

    def profile(self, tool, mode, program, version, hz, seconds=None, core=None, **kw):
        names = ("children", "threads")
        ask = Ask(program.pid, version, seconds or self.seconds, hz, mode,
                  **{k: kw.pop(k) for k in names if k in kw})
        return profile(tool, ask, self.core if core is None else core, **kw)

    def timer(self, hz, seconds=None):
        """The empty loop at a rate, on the profiler's core: its JSON."""
        import json
        argv = [os.path.join(self.build, "bench", "timer"), str(hz),
                str(seconds or self.seconds)]
        run = subprocess.run(argv, capture_output=True, text=True, timeout=60,
                             preexec_fn=pin({self.core}))
        if run.returncode:
            raise Failed(run.stderr.strip())
        return json.loads(run.stdout)

    def run(self, row):
        start = time.monotonic()
        row.load = {"before": machine.load()}
        if start > self.deadline:
            row.notes.append("not run: the time allowed was over")
        else:
            try:
                row.function(self, row)
            except (Failed, OSError, subprocess.SubprocessError) as e:
                row.notes.append("stopped: %s" % e)
        row.load["after"] = machine.load()
        row.took_s = time.monotonic() - start


def as_json(row):
    return {"name": row.name, "title": row.title, "unit": row.unit, "budget": row.budget,
            "better": row.better, "group": row.group, "notes": row.notes,
            "took_s": round(row.took_s, 1), "load": row.load,
            "cells": [asdict(cell) for cell in row.cells]}
