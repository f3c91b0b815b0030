"""What --json prints is what src/cli/json.md says, member for member."""
import json
import re

from conftest import HERE, NEWEST, ROOT, Target

SCHEMAS = {name: json.loads(text) for name, text in re.findall(
    r"```json ([\w-]+)\n(.*?)```", (ROOT / "src" / "cli" / "json.md").read_text(), re.S)}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_a(value, word):
    if word in ("integer", "number"):
        return isinstance(value, int if word == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[word])


def hold(value, schema, where="$"):
    if "is" in schema:
        schema = SCHEMAS[schema["is"]]
    words = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(is_a(value, word) for word in words), f"{where}: {value!r} is not {words}"
    if isinstance(value, dict) and "properties" in schema:
        wanted = set(schema["properties"])
        assert wanted - set(schema.get("optional", [])) <= set(value) <= wanted, \
            f"{where}: {sorted(wanted ^ set(value))} on one side only"
        for key, item in value.items():
            hold(item, schema["properties"][key], f"{where}.{key}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            hold(item, schema["items"], f"{where}[{i}]")


def check(run, name, *words):
    value = json.loads(run(*words)[0])
    assert value
    hold(value, SCHEMAS[name])


def test_ps_and_dump(run, target):
    check(run, "ps", "ps", "--json")
    check(run, "dump", "dump", target.pid, "--json", "--locals", "--source")
    with Target(NEWEST.argv, script=HERE / "tasks.py") as tasks:
        check(run, "dump", "dump", tasks.pid, "--json", "--asyncio")


def test_record(run, target, tmp_path):
    check(run, "record", "record", target.pid, "-d", "1", "--json", "-o", tmp_path / "x")


def test_report_and_diff(run, recording):
    for by in ("thread", "process", "state", "file", "module"):
        check(run, "report", "report", recording, "--json", "--by", by)
    check(run, "diff", "diff", recording, recording, "--json")


def test_store(run, recording):
    check(run, "store-info", "store", "info", recording, "--json")
    check(run, "store-check", "store", "check", recording, "--json")
