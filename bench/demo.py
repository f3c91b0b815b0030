"""demo.py - a lively program to look at: threads, an asyncio server, a worker process, CPU
work, sleeping, lock contention, and a cache that grows and shrinks.

Runs until SIGINT or SIGTERM (or for the seconds given), then ends all it started.
"""
import asyncio
import multiprocessing
import os
import random
import signal
import socket
import sys
import threading
import time
import zlib

stop = threading.Event()


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def count_primes(limit):
    found = 0
    for candidate in range(2, limit):
        if all(candidate % divisor for divisor in range(2, int(candidate ** 0.5) + 1)):
            found += 1
    return found


def compute_loop():
    """CPU work in two shapes, one after the other."""
    while not stop.is_set():
        fibonacci(18)
        count_primes(3000)
        stop.wait(0.02)


def compress_loop():
    """C code that lets the GIL go."""
    data = os.urandom(64 * 1024) * 8
    while not stop.is_set():
        zlib.compress(data, 6)
        stop.wait(0.05)


class Account:
    def __init__(self):
        self.lock = threading.Lock()
        self.balance = 0

    def deposit(self, amount):
        with self.lock:
            self.balance += amount
            audit(self.balance)


def audit(balance):
    """Long enough under the lock for others to queue up."""
    time.sleep(0.003)
    return str(balance)[::-1]


def contend_loop(account):
    while not stop.is_set():
        account.deposit(random.randrange(100))


class GrowingCache:
    """Fills to its limit and is emptied: a saw tooth in the memory view."""

    def __init__(self, limit):
        self.entries = {}
        self.limit = limit

    def fill(self):
        key = len(self.entries)
        self.entries[key] = bytes(256 * 1024)
        if len(self.entries) >= self.limit:
            self.evict_all()

    def evict_all(self):
        self.entries.clear()


def cache_loop():
    cache = GrowingCache(limit=200)
    while not stop.is_set():
        cache.fill()
        stop.wait(0.02)


def sleep_loop():
    while not stop.is_set():
        wait_for_nothing()


def wait_for_nothing():
    stop.wait(0.5)


def render_page(path):
    rows = [f"<li>{i}: {fibonacci(i % 12)}</li>" for i in range(40)]
    return f"<h1>{path}</h1><ul>{''.join(rows)}</ul>".encode()


async def handle_request(reader, writer):
    line = await reader.readline()
    await query_database()
    writer.write(render_page(line.decode(errors="replace").strip()))
    await writer.drain()
    writer.close()


async def query_database():
    await asyncio.sleep(0.01)


async def client(port):
    while not stop.is_set():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"/orders\n")
        await reader.read()
        writer.close()
        await asyncio.sleep(0.005)


async def serve():
    server = await asyncio.start_server(handle_request, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    clients = [client(port) for _ in range(4)]
    await asyncio.gather(*clients)      # each ends with the answer it waits for
    server.close()


def run_server():
    asyncio.run(serve())


def worker_process(pipe, other_end):
    """A child that works on what it is sent; ends when the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    other_end.close()
    try:
        while True:
            pipe.send(transform_batch(pipe.recv()))
    except (EOFError, OSError):
        pass


def transform_batch(batch):
    return sorted(zlib.crc32(str(x).encode()) for x in batch)


def feed_worker(pipe):
    while not stop.is_set():
        pipe.send(list(range(20000)))
        pipe.recv()
        stop.wait(0.05)
    pipe.close()


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else None
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(
        target=worker_process, args=(theirs, ours), daemon=True)
    child.start()
    theirs.close()
    account = Account()
    jobs = {"compute": compute_loop, "compress": compress_loop, "cache": cache_loop,
            "sleeper": sleep_loop, "server": run_server}
    threads = [threading.Thread(target=fn, name=name) for name, fn in jobs.items()]
    threads += [threading.Thread(target=contend_loop, args=(account,), name=f"teller-{i}")
                for i in range(3)]
    threads.append(threading.Thread(target=feed_worker, args=(ours,), name="feeder"))
    for thread in threads:
        thread.start()
    print("ready", os.getpid(), flush=True)
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    child.join(2)


if __name__ == "__main__":
    main()
