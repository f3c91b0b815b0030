"""Of a stack that winds and unwinds all the time nothing is thrown away, and none is shown from its middle on."""
from conftest import Program, each_python, record


@each_python
def test_a_random_tree_of_calls_is_seen_from_its_root(tmp_path, python):
    with Program(python, "churn.py", "stacks") as program:
        got, summary, _ = record(tmp_path, program.pid, "-r", 5000, "-d", 1)
    churn = got.of("churn")
    assert {s.names[0].rpartition(".")[2] for s in churn if s.names} <= {"__bootstrap", "_bootstrap"}
    assert all({"left", "right", "stacks"} & set(s.names) for s in churn if "cut" not in s.state)
    assert sum(summary["lost"].values()) <= summary["samples"] / 1000
