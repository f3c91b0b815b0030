"""recording - a made-up recording as JSON lines, and what any reader must find in it.

Two seconds, three threads, every tick 10 ms with a little jitter: MainThread computes under the GIL
and now and then waits for it, "worker" runs C code without the GIL, "idle" sleeps in epoll_wait.
Names hold what breaks careless writers.
"""
import json

START_NS = 1795262400000000000
HOSTILE = 'evil </script><b title="x">;\'&]]> \u00fc\u4e2d'
FUNCS = {  # id: name, file, first line, flags
    1: ("<module>", "/srv/app/app.py", 1, []),
    2: ("Handler.get", "/srv/app/views.py", 10, []),
    3: (HOSTILE, "/srv/app/evil.py", 20, []),
    4: ("loads", "/usr/lib/python3.12/json/__init__.py", 299, ["library"]),
    5: ("compress", "/usr/lib/libz.so.1", 0, ["native"]),
    6: ("select", "/usr/lib/python3.12/selectors.py", 435, ["library"]),
}
STACKS = {  # id: parent, func, line
    1: (0, 1, 5), 2: (1, 2, 12), 3: (2, 3, 22), 4: (2, 4, 301), 5: (1, 5, 0), 6: (1, 6, 468),
}
PARTS = {2: {"column": 4, "end_line": 14, "end_column": 9}, 3: {"column": 0, "end_line": 22, "end_column": 17}}
THREADS = {0: (4242, "MainThread"), 1: (4243, "worker"), 2: (4244, "idle")}


def plan(thread, tick):
    """The stack, state and wait of a thread at a tick."""
    if thread == 0:
        if tick % 20 == 19:
            return 2, ["gil-wait"], "futex (GIL)"
        return (3 if tick % 3 else 4), ["cpu", "gil"] + (["gc"] if tick in (50, 51) else []), ""
    if thread == 1:
        return 5, ["cpu", "native"], ""
    return 6, ["idle"], "epoll_wait"


def samples():
    """(thread, time, weight, stack, state, wait) of every sample, in order."""
    now = 0
    for tick in range(200):
        weight = 10_000_000 + (tick * 7919) % 1000 * 1000
        now += weight
        for thread in THREADS:
            yield (thread, now, weight, *plan(thread, tick))


def frames(stack):
    """Functions of a stack, root first."""
    names = []
    while stack:
        parent, func, _ = STACKS[stack]
        names.insert(0, FUNCS[func][0])
        stack = parent
    return names


def write(path):
    def line(**members):
        out.write(json.dumps(members) + "\n")

    with open(path, "w", encoding="utf-8") as out:
        line(type="header", format="pystrobe-jsonl", version=1, start_ns=START_NS)
        line(type="series", series=1, pid=4242, time_ns=0, labels={"command": "python3 app.py", "pid": "4242"})
        for thread, (tid, name) in THREADS.items():
            line(type="thread", series=1, thread=thread, tid=tid, main=thread == 0, name=name)
        for func, (name, file, first, flags) in FUNCS.items():
            line(type="func", func=func, name=name, file=file, first_line=first, flags=flags)
        for stack, (parent, func, at) in STACKS.items():
            line(type="stack", stack=stack, parent=parent, func=func, line=at, **PARTS.get(stack, {}))
        for thread, time, weight, stack, state, wait in samples():
            line(type="run", series=1, thread=thread, stack=stack, state=state, wait=wait, time_ns=[time],
                 weight_ns=[weight])
        for second in range(2):
            line(type="metric", series=1, time_ns=second * 10**9 + 5 * 10**8, rss_bytes=(second + 1) * 2**20,
                 cpu_ns=second, threads=3, voluntary=1, involuntary=2)


def totals(thread=None, state=None, samples_not_time=False):
    """name -> [self, total] in ns or samples, of one thread or of all."""
    out = {}
    for number, _, weight, stack, states, _ in samples():
        if (thread is not None and THREADS[number][1] != thread) or (state and state not in states):
            continue
        names = frames(stack)
        for name in set(names):
            row = out.setdefault(name, [0, 0])
            row[1] += 1 if samples_not_time else weight
        out[names[-1]][0] += 1 if samples_not_time else weight
    return out
