"""Reads python-abi/*.def and *.abi: shared by gen and verify.

Versions compare as (major, minor) tuples; a build flavour is a set of the letters t (free-threaded) and d (debug),
as in python3.14td.
"""
import os
import re

KINDS = "ptr i8 u8 u16 i32 u32 i64 u64 f64 struct array mask in size".split()
# Words that must be copied to read one of that kind; struct and array have no width of their own.
WIDTH = {"ptr": 8, "i8": 1, "u8": 1, "u16": 2, "i32": 4, "u32": 4, "i64": 8, "u64": 8, "f64": 8}


def version(text):
    """'3.13' -> (3, 13)"""
    major, minor = text.split(".")
    return int(major), int(minor)


class Span:
    """since and until columns: which versions and builds have the thing"""

    def __init__(self, since, until, builds="any"):
        if since[-1] in "tg":
            builds, since = {"t": "t", "g": "gil"}[since[-1]], since[:-1]
        self.since = version(since)
        self.until = version(until) if until != "-" else (99, 0)
        self.builds = builds

    def holds(self, ver, flavour):
        if self.builds != "any" and (self.builds == "t") != ("t" in flavour):
            return False
        return self.since <= ver <= self.until


def both(a, b):
    """Where both spans hold."""
    out = Span("0.0", "-")
    out.since, out.until = max(a.since, b.since), min(a.until, b.until)
    out.builds = b.builds if a.builds == "any" else a.builds
    return out


class Field:
    def __init__(self, group, name, paths, kind, span, why):
        self.group, self.name, self.paths = group, name, paths
        self.kind, self.optional = kind.rstrip("?"), kind.endswith("?")
        self.span, self.why = span, why
        if self.kind not in KINDS:
            raise ValueError("kind %r of %s.%s" % (kind, group.name, name))


class Group:
    def __init__(self, name, structs, span, why):
        self.name, self.structs, self.span, self.why = name, structs, span, why
        self.fields = [Field(self, "size", [], "size", span, "sizeof")]


def lines(path):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.strip() and not line.startswith("#"):
                yield number, line.rstrip("\n")


def read_fields(path):
    """-> [Group], in file order"""
    groups = []
    for number, line in lines(path):
        try:
            head = re.match(r"\[(\w+)\]\s+(.*?)\s+(\d\.\d+[tg]?)\s+(\d\.\d+|-)(?:\s+(.*))?$", line)
            if head:
                name, structs, since, until, why = head.groups()
                groups.append(Group(name, structs.split(), Span(since, until), why or ""))
            else:
                name, member, kind, since, until, why = (line.split(None, 5) + [""])[:6]
                group = groups[-1]
                group.fields.append(Field(group, name, member.split("|"), kind, Span(since, until), why))
        except (ValueError, IndexError) as e:
            raise SystemExit("%s:%d: %s: %r" % (path, number, e, line))
    return groups


class Value:
    def __init__(self, name, number, span, enumerator):
        self.name, self.number, self.span, self.enumerator = name, number, span, enumerator


def read_values(path):
    """-> [Value]"""
    out = []
    for number, line in lines(path):
        try:
            name, num, since, until, builds, enumerator = line.split("#")[0].split()
            out.append(Value(name, int(num, 0), Span(since, until, builds), enumerator))
        except ValueError as e:
            raise SystemExit("%s:%d: %s: %r" % (path, number, e, line))
    return out


class Calls:
    """A row of calls.def"""

    def __init__(self, since, until, *ranges):
        self.span, self.opcodes = Span(since, until), set()
        for first, _, last in (r.partition("-") for r in ranges):
            self.opcodes |= set(range(int(first), int(last or first) + 1))
        if not self.opcodes or max(self.opcodes) > 255:
            raise ValueError("opcodes")


def read_calls(path):
    """-> [Calls]"""
    out = []
    for number, line in lines(path):
        try:
            out.append(Calls(*line.split("#")[0].split()))
        except (ValueError, TypeError) as e:
            raise SystemExit("%s:%d: %s: %r" % (path, number, e, line))
    return out


def ranges_of(opcodes):
    """{4, 50, 51, 52} -> '4 50-52', as calls.def has it"""
    out = []
    for op in sorted(opcodes):
        if out and out[-1][1] == op - 1:
            out[-1][1] = op
        else:
            out.append([op, op])
    return " ".join("%d-%d" % (a, b) if a != b else "%d" % a for a, b in out)


def read_offsets(path):
    """-> {section: [(word, since, field or None, base or None, sign)]}"""
    sections = {}
    for number, line in lines(path):
        try:
            if line.startswith("["):
                section = sections.setdefault(line[1:line.index("]")], [])
                continue
            word, since, field, *base = line.split()
            sign = {"+": 1, "-": -1}[base[0][0]] if base else 0
            section.append((word, version(since), None if field == "-" else field,
                            base[0][1:] if base else None, sign))
        except (ValueError, KeyError) as e:
            raise SystemExit("%s:%d: %s: %r" % (path, number, e, line))
    return sections


def value_for(values, name, ver, flavour):
    """The number of a value, or None. The last row that holds wins, so that an exception can follow a rule."""
    found = None
    for v in values:
        if v.name == name and v.span.holds(ver, flavour):
            found = v.number
    return found


class Table:
    """One .abi file: cells[(group, name)] = number"""

    def __init__(self, path):
        self.path = path
        self.head, self.cells = {}, {}
        for number, line in lines(path):
            words = line.split()
            if words[0].endswith(":"):
                self.head[words[0][:-1]] = words[1:]
            elif len(words) == 3:
                self.cells[words[0], words[1]] = int(words[2], 0)
            else:
                raise SystemExit("%s:%d: not 'group name number': %r" % (path, number, line))
        major, minor, self.patch = (int(x) for x in self.head["version"][0].split("."))
        self.version = (major, minor)
        # "patches: 0 3": the patch levels that a layout is for, where a minor version has several
        first, last = self.head.get("patches", [self.patch, 255])
        self.patch, self.patch_last = int(first), int(last)
        letters = self.head.get("flavour", ["-"])[0]
        self.partial = "p" in letters
        self.flavour = "".join(c for c in "dt" if c in letters)

    @property
    def name(self):
        return os.path.basename(self.path)[: -len(".abi")]
