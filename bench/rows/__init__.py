"""Every row, in the order of the table."""
from . import cost, threads, overhead, truth, scale  # noqa: F401
