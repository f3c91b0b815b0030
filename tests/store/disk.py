"""A file system of a few MiB, for filling it up and taking its permissions away."""
import contextlib
import os
import subprocess

import pytest


@contextlib.contextmanager
def small_disk(folder, size):
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mount = os.path.join(folder, "disk")
    os.mkdir(mount)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", mount], text=True,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode:
        pytest.skip("mount is not allowed here: " + done.stderr.strip())
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", mount], check=False)


def fill_up(mount):
    """Writes until there is no room; returns the file to remove for some."""
    ballast = os.path.join(mount, "ballast")
    with open(ballast, "wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(4096))
    return ballast
