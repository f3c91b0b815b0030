"""Every row. A run goes through them in this order, so that what its time does not allow is
what matters least."""
from harness.bench import ROWS

from . import cost, overhead, scale, soak, threads, truth  # noqa: F401

FIRST = ("rate-1x20", "rate-8x40", "cpu", "truth", "calls", "threads-300", "overhead-rates",
         "discarded", "attach", "depth", "written", "store", "overhead-switched",
         "overhead", "overhead-3.15",
         "truth-known", "truth-phase", "rate-era", "rate-shape", "threads-100hz",
         "processes", "memory")

for name in FIRST + tuple(name for name in ROWS if name not in FIRST):
    ROWS[name] = ROWS.pop(name)
