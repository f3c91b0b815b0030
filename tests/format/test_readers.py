"""Every export is opened by a program that people use, and its totals are those of the recording.

The answers come from the readers: speedscope's own table, the Firefox Profiler's call tree, pprof's top,
protoc, the picture in Chromium. recording.totals() says what must come out.
"""
import json
import os
import re
import subprocess
import time
import uuid

import pytest
import recording
from recording import HOSTILE

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = {"": 1, "ns": 1, "µs": 1e3, "us": 1e3, "ms": 1e6, "s": 1e9}


def near(found, wanted):
    """Readers print three digits."""
    return abs(found - wanted) <= 0.01 * max(abs(wanted), 1)


def same(found, wanted, what):
    """name -> (self, total) of both, equal as far as the reader prints digits."""
    for name, (own, total) in wanted.items():
        assert name in found, f"{what}: {name} is missing in {sorted(found)}"
        assert near(found[name][0], own) and near(found[name][1], total), \
            f"{what}: {name}: {found[name]}, not {(own, total)}"


def node(script, *args, chromium=None):
    run = subprocess.run(["node", os.path.join(HERE, script), *args], capture_output=True, text=True, timeout=180,
                         env=dict(os.environ, CHROMIUM=chromium or ""), check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


# ---- speedscope -------------------------------------------------------------------------------------------

def amount(cell):
    number, unit = re.match(r"([\d.,]+)(\D*?) ?\(", cell + "(").groups()
    return float(number.replace(",", "")) * UNITS[unit.strip()]


def speedscope(path, readers, chromium, tmp_path):
    saw = node("speedscope.mjs", readers, path, str(tmp_path), chromium=chromium)
    assert not saw["errors"]
    return {row["name"]: (amount(row["self"]), amount(row["total"])) for row in saw["rows"] if "(" in row["total"]}, saw


@pytest.mark.parametrize("name, options, wanted", [
    ("a.speedscope.json", [], {"thread": "MainThread"}),
    ("b.speedscope.json", ["--weight", "samples"], {"thread": "MainThread", "samples_not_time": True}),
    ("c.speedscope.json", ["--thread", "worker"], {"thread": "worker"}),
    ("d.speedscope.json", ["--state", "gil-wait"], {"state": "gil-wait"}),
    ("e.pb.gz", [], {}),
    ("f.cpuprofile", ["--thread", "MainThread"], {"thread": "MainThread"}),
    ("g.trace.json", ["--thread", "worker"], {"thread": "worker"}),
    ("h.folded", ["--weight", "samples"], {"samples_not_time": True}),
])
def test_speedscope_opens_it_with_the_same_totals(name, options, wanted, export, readers, chromium, tmp_path):
    table, _ = speedscope(export(name, *options), readers, chromium, tmp_path)
    found = {key.replace("," if name.endswith("folded") else "\0", ";"): value for key, value in table.items()}
    if name.endswith((".folded", ".trace.json")):  # "name (file:line)", "name {args}"
        found = {}
        for key, value in table.items():
            short = re.sub(r" \(\S*\)$| \{.*\}$", "", key).replace(",", ";")
            found[short] = tuple(a + b for a, b in zip(found.get(short, (0, 0)), value))
    same(found, recording.totals(**wanted), name)


def test_speedscope_shows_one_profile_per_thread_with_the_main_thread_first(export, readers, chromium, tmp_path):
    _, saw = speedscope(export("x.speedscope.json"), readers, chromium, tmp_path)
    assert "MainThread (1/3)" in saw["text"]


def test_speedscope_profiles_share_one_clock_and_agree_with_its_schema(export, readers):
    data = json.load(open(export("x.speedscope.json"), encoding="utf-8"))
    schema = json.load(open(os.path.join(readers, "node_modules/speedscope/dist/release/file-format-schema.json"),
                            encoding="utf-8"))
    assert set(data) <= set(schema["definitions"]["FileFormat.File"]["properties"])
    wanted = schema["definitions"]["FileFormat.SampledProfile"]
    for profile in data["profiles"]:
        assert set(profile) == set(wanted["properties"]) and profile["startValue"] == 0
        assert len(profile["samples"]) == len(profile["weights"])
        assert profile["endValue"] - profile["startValue"] == sum(profile["weights"])


# ---- the Firefox Profiler ---------------------------------------------------------------------------------

class Profiler:
    """The Firefox Profiler's own loader and call trees, by its command line."""

    def __init__(self, readers, home, path):
        self.tool = os.path.join(readers, "node_modules/.bin/profiler-cli")
        self.session = uuid.uuid4().hex[:8]
        self.env = dict(os.environ, HOME=str(home))
        self.call("load", path, check=False)  # on a busy machine it gives up waiting too early
        deadline = time.monotonic() + 60
        while self.call("status", check=False).returncode:
            assert time.monotonic() < deadline, "the profiler's daemon does not answer"

    def call(self, *args, check=True):
        return subprocess.run(["node", self.tool, *args, "--session", self.session], env=self.env, timeout=60,
                              capture_output=True, text=True, check=check)

    def ask(self, *args):
        return json.loads(self.call(*args, "--json").stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["node", self.tool, "stop", self.session], env=self.env, timeout=60, capture_output=True,
                       check=False)

    def threads(self):
        return {t["name"]: t for t in self.ask("thread", "list")["threads"]}

    def totals(self, handle, scale):
        out = {}

        def walk(tree, above):
            name = re.sub(r"^\S+!", "", tree["name"])
            if name not in ("<root>", "(root)"):
                row = out.setdefault(name, [0, 0])
                row[0] += tree["selfSamples"] * scale
                row[1] += 0 if name in above else tree["totalSamples"] * scale
            for child in tree.get("children", []):
                walk(child, above | {name})

        walk(self.ask("thread", "samples-top-down", "--include-idle", "--thread", handle, "--max-lines", "9999")
             ["regularCallTree"], frozenset())
        return out


def test_the_firefox_profiler_opens_gecko_with_the_same_totals_states_and_cpu(export, readers, tmp_path):
    with Profiler(readers, tmp_path, export("x.gecko.json")) as profiler:
        threads = profiler.threads()
        assert sorted(threads) == ["MainThread", "idle", "worker"]
        for name, thread in threads.items():
            same(profiler.totals(thread["threadHandle"], 1e6), recording.totals(thread=name), name)
            cpu = sum(own for own, _ in recording.totals(thread=name, state="cpu").values())
            assert near(thread["cpuMs"] * 1e6, cpu), (name, thread["cpuMs"], cpu)
        markers = {row["markerName"]: row["count"] for row in profiler.ask(
            "thread", "markers", "--thread", threads["MainThread"]["threadHandle"])["byType"]}
        assert markers == {"GIL held": 10, "waiting for the GIL": 10, "on CPU": 10, "garbage collection": 1}
        idle = profiler.call("thread", "markers", "--list", "--thread", threads["idle"]["threadHandle"]).stdout
        assert "epoll_wait" in idle and "blocked" in idle


def test_the_firefox_profiler_counts_samples_when_asked_for_samples(export, readers, tmp_path):
    with Profiler(readers, tmp_path, export("x.gecko.json", "--weight", "samples")) as profiler:
        main = profiler.threads()["MainThread"]
        same(profiler.totals(main["threadHandle"], 1), recording.totals("MainThread", samples_not_time=True), "main")


def test_the_firefox_profiler_opens_cpuprofile_folded_and_trace(export, readers, tmp_path):
    with Profiler(readers, tmp_path, export("x.cpuprofile", "--thread", "MainThread")) as profiler:
        # each tick is a sample, one more closes the last
        same(profiler.totals("t-0", 1), recording.totals("MainThread", samples_not_time=True), "cpuprofile")
    with Profiler(readers, tmp_path, export("x.folded", "--weight", "samples")) as profiler:
        found = profiler.totals("t-0", 1)
        assert near(sum(own for own, _ in found.values()), 600)
    with Profiler(readers, tmp_path, export("x.trace.json")) as profiler:
        assert {"MainThread", "worker", "idle"} <= set(profiler.threads())
        handle = profiler.threads()["worker"]["threadHandle"]
        assert "compress" in profiler.call("thread", "markers", "--thread", handle).stdout


# ---- pprof ------------------------------------------------------------------------------------------------

def pprof_top(tool, path, *options):
    text = subprocess.run([tool, "-top", "-nodecount=1000", "-nodefraction=0", *options, path], check=True, timeout=60,
                          capture_output=True, text=True).stdout
    rows = {}
    for line in text.splitlines():
        m = re.match(r" *([\d.]+)(\w*) +\S+% +\S+% +([\d.]+)(\w*) +\S+%  (.*)$", line)
        if m:
            rows[m[5]] = (float(m[1]) * UNITS[m[2]], float(m[3]) * UNITS[m[4]])
    return rows


@pytest.mark.parametrize("options, index, wanted", [
    ([], "wall", {}),
    ([], "samples", {"samples_not_time": True}),
    (["--state", "cpu"], "cpu", {"state": "cpu"}),
    (["--thread", "worker"], "wall", {"thread": "worker"}),
])
def test_pprof_opens_it_with_the_same_totals(options, index, wanted, export, go_pprof):
    rows = pprof_top(go_pprof, export("x.pb.gz", *options), "-sample_index=" + index, "-unit=" + (
        "ns" if index != "samples" else "count"))
    same(rows, recording.totals(**wanted), index)


def test_pprof_labels_choose_thread_and_state(export, go_pprof):
    path = export("x.pb.gz")
    rows = pprof_top(go_pprof, path, "-tagfocus=thread=MainThread", "-sample_index=samples")
    same(rows, recording.totals("MainThread", samples_not_time=True), "thread")
    rows = pprof_top(go_pprof, path, "-tagfocus=state=gil-wait", "-sample_index=samples")
    same(rows, recording.totals(state="gil-wait", samples_not_time=True), "state")


def test_protoc_decodes_it_and_ids_count_from_one_in_order(export):
    raw = subprocess.run(["gzip", "-dc", export("x.pb.gz")], check=True, capture_output=True).stdout
    proto = os.path.join(HERE, "../../src/format")
    text = subprocess.run(["protoc", "-I" + proto, "--decode=perftools.profiles.Profile", "profile.proto"], input=raw,
                          check=True, capture_output=True, cwd=proto).stdout.decode("utf-8", "replace")
    for table in ("location", "function"):
        ids = [int(n) for n in re.findall(r"^%s \{\n  id: (\d+)" % table, text, re.M)]
        assert ids == list(range(1, len(ids) + 1)) and ids
    assert re.search(r'^string_table: ""$', text, re.M)


# ---- pictures ---------------------------------------------------------------------------------------------

def test_the_svg_is_right_without_a_script_and_searches_zooms_and_resets_with_it(export, readers, chromium):
    saw = node("page.mjs", readers, export("x.svg"), "loads|evil", chromium=chromium)
    assert saw["errors"] == [] and saw["requests"] == []
    wanted = recording.totals()
    everything = sum(own for own, _ in wanted.values())
    assert saw["still"] == saw["all"] == saw["reset"] == 1 + len(wanted)
    assert {"all", "<module>", "Handler.get", "compress", "select", "loads"} <= set(saw["labels"])
    assert all(title.count("\n") >= 2 for title in saw["titles"])
    titles = {title.split("\n")[0].rsplit(" (", 1)[0]: title for title in saw["titles"]}
    for name, (_, total) in wanted.items():
        assert f", {100 * total / everything:.2f} %" in titles[name], titles[name]
    matched = 100 * (wanted["loads"][1] + wanted[HOSTILE][1]) / everything
    assert near(float(saw["matched"]), matched) and saw["status"] == f"matched {matched:.2f} %"
    assert saw["zoomed"] < saw["all"] and float(saw["widest"]) == 1180
    assert saw["matchedAfterReset"] == "" and saw["colours"] == "by-state"
    assert saw["byKeyboard"].split(" (")[0] in wanted


def test_the_html_page_shows_the_data_inside_it_without_a_network(export, readers, chromium):
    saw = node("page.mjs", readers, export("x.html"), "loads", chromium=chromium)
    assert saw["errors"] == [] and saw["requests"] == []
    assert "python3 app.py (pid 4242)" in saw["text"]
    data, wanted = saw["data"], recording.totals()
    names = [data["strings"][data["places"]["name"][place]] for place in data["nodes"]["place"]]
    for name, (_, total) in wanted.items():
        assert data["nodes"]["total_ns"][names.index(name)] == total
    assert saw["searched"] != saw["text"]


# ---- pictures of a difference -----------------------------------------------------------------------------

A = {"main;same": 400, "main;grows": 100, "main;shrinks": 400, "main;gone": 100}
B = {"main;same": 800, "main;grows": 800, "main;shrinks": 200, "main;fresh": 200}
TIPS = {"same": (40, 40, "no more than chance"), "grows": (10, 40, "grew"), "shrinks": (40, 10, "shrank"),
        "gone": (10, 0, "only in A"), "fresh": (0, 10, "only in B"), "main": (100, 100, "no more than chance")}


@pytest.mark.parametrize("ending", ["svg", "html"])
def test_a_difference_is_right_without_a_script_and_searches_zooms_and_resets_with_it(
        ending, pystrobe, readers, chromium, tmp_path):
    for name, counts in (("a", A), ("b", B)):
        (tmp_path / f"{name}.folded").write_text("".join(f"{stack} {n}\n" for stack, n in counts.items()))
    out = str(tmp_path / f"x.{ending}")
    subprocess.run([pystrobe, "diff", *(str(tmp_path / f"{name}.folded") for name in "ab"), "-o", out], check=True,
                   timeout=60, capture_output=True)
    saw = node("page.mjs", readers, out, "grows|gone", chromium=chromium)
    assert saw["errors"] == [] and saw["requests"] == []
    assert saw["still"] == saw["all"] == saw["reset"] == 1 + len(TIPS)
    titles = {title.split("\n")[0]: title for title in saw["titles"]}
    for name, (a, b, verdict) in TIPS.items():
        assert f"A {a:.2f} %, B {b:.2f} %, {b - a:+.2f} points\n{verdict}" in titles[name], titles[name]
    # a box is as wide as the mean of its shares: 25 % and 5 %
    assert near(float(saw["matched"]), 30) and saw["zoomed"] < saw["all"] and float(saw["widest"]) == 1180
    assert saw["matchedAfterReset"] == "" and saw["byKeyboard"].split("\n")[0] in TIPS


# ---- text and back ----------------------------------------------------------------------------------------

def test_json_lines_of_json_lines_are_the_same(export):
    first = export("a.jsonl")
    again = export("b.jsonl", path=first)
    assert open(first, encoding="utf-8").read() == open(again, encoding="utf-8").read()
    stacks = [json.loads(line) for line in open(first, encoding="utf-8") if '"type":"stack"' in line]
    parts = {s["line"]: {key: s[key] for key in ("column", "end_line", "end_column")} for s in stacks if "column" in s}
    assert parts == {recording.STACKS[stack][2]: part for stack, part in recording.PARTS.items()}


@pytest.mark.parametrize("name", ["x.speedscope.json", "x.cpuprofile", "x.pb.gz", "x.folded", "x.jsonl"])
def test_what_we_write_we_read_with_the_same_totals(name, export):
    folded = name == "x.folded"  # has no unit: what is read are samples
    weight = ["--weight", "samples"] if folded else []
    back = export("back.folded", "--style", "module", *weight, path=export(name, "--thread", "MainThread", *weight))
    wanted = {k.replace(";", ","): v for k, v in recording.totals("MainThread", samples_not_time=folded).items()}
    found = {}
    for line in open(back, encoding="utf-8"):
        stack, value = line.rsplit(" ", 1)
        leaf = stack.split(";")[-1]
        own = max((n for n in wanted if leaf.startswith(n)), key=len)
        found[own] = found.get(own, 0) + int(value) * (1 if folded else 1000)
    for own, (value, _) in wanted.items():
        assert near(found.get(own, 0), value), (own, found)


def test_text_names_the_heaviest_functions_and_the_tree(export):
    text = open(export("x.txt"), encoding="utf-8").read()
    assert "6.30 s of thread time in 600 samples" in text
    assert re.search(r"^ 33\.3 %  33\.3 %  compress \(/usr/lib/libz\.so\.1\)$", text, re.M)
    assert re.search(r"^100\.0 %   0\.0 %  <module> \(/srv/app/app\.py:1\)$", text, re.M)
