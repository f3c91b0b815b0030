"""load.py (echo|http) PORT CLIENTS: CLIENTS threads that each send a request, wait for the
answer, and send the next (a closed loop). Counts and times the answers, as progress.py says.
Run in a process of its own with the harness's Python: nobody profiles it."""
import socket
import sys
import threading

from progress import Progress, clock, ready

REQUEST = {
    "echo": b"what is it doing now?\n",
    "http": b"GET /orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
}
kind, port, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
progress = Progress()
lock = threading.Lock()


def echo():
    """One connection, many lines."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    file = sock.makefile("rb")
    while True:
        yield
        sock.sendall(REQUEST["echo"])
        if not file.readline().endswith(b"?\n".upper()):
            sys.exit("the server answered something else")


def http():
    """A connection for each request, as wsgiref has it."""
    while True:
        yield
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(REQUEST["http"])
            answer = b""
            while True:
                part = sock.recv(65536)
                if not part:
                    break
                answer += part
        if b" 200 " not in answer[:20]:
            sys.exit("the server answered %r" % answer[:60])


def client():
    steps = {"echo": echo, "http": http}[kind]()
    next(steps)
    while True:
        start = clock()
        next(steps)
        took = clock() - start
        with lock:
            progress.add(took)


threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
for thread in threads:
    thread.start()
ready()
threads[0].join()
