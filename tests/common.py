"""What the tests of several folders share: waiting with a deadline, reading a terminal to its end."""
import os
import select
import time


def wait_for(what, condition, seconds=120):
    """Until the condition gives something true, which is returned. Late is a failure, with `what` in it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        select.select([], [], [], 0.01)
    raise AssertionError(f"{what}: not within {seconds} s")


def read_to_end(fd):
    """Of a pseudo-terminal, whose end is an error once the last program has closed it."""
    text = b""
    try:
        while True:
            part = os.read(fd, 65536)
            if not part:
                break
            text += part
    except OSError:
        pass
    return text
