"""pystrobe as the harness runs it."""
import json
import os
import subprocess

from .folded import read_folded
from .tools import Tool, output


class Pystrobe(Tool):
    name = "pystrobe"
    modes = ("default", "auto", "blocking")
    stops = ("auto", "blocking")
    follows_children = True
    ending = "store"

    def __init__(self, path):
        self.path = path if os.access(path, os.X_OK) else None
        self.version = output([path, "--version"]).split("\n")[0] if self.path else None

    def missing(self):
        return None if self.path else "not built (make)"

    def argv(self, ask, out):
        blocking = {"default": "never", "auto": "auto", "blocking": "always"}[ask.mode]
        argv = [self.path, "record", str(ask.pid), "-o", out, "-d", str(ask.seconds), "-r",
                "max" if ask.hz is None else "%g" % ask.hz, "--blocking", blocking, "--json"]
        if ask.hz and ask.mode != "blocking":   # it reads from the target's core, so it must not be kept from it
            argv = ["taskset", "-c", "0-%d" % (os.cpu_count() - 1)] + argv
        return argv + (["-s"] if ask.children else [])

    def dump(self, pid):
        return [self.path, "dump", str(pid)]

    def read(self, ask, out, result):
        start = result.text.find("{\n")
        said = json.loads(result.text[start:]) if start >= 0 else {}
        # A tick is of all processes at once; with children each of them counts.
        result.samples = (said.get("samples", 0) // ask.threads if ask.children
                          else said.get("ticks", 0))
        result.missed = said.get("missed", 0)
        result.errors = sum(said.get("lost", {}).values())
        result.cut = said.get("cut", 0)
        result.seconds = said.get("seconds", ask.seconds)

    def stacks(self, ask, out):
        folded = out + ".folded"
        subprocess.run([self.path, "export", out, "-o", folded], check=True, timeout=120,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return read_folded(folded)
