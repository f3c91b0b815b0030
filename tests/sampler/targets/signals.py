# signals.py - works, and counts the SIGUSR1 that it gets; says the number on "count".
import signal
import sys
import threading

got = [0]


def on_signal(*_):
    got[0] += 1


def leaf():
    return 1


def work():
    while True:
        leaf()


signal.signal(signal.SIGUSR1, on_signal)
for n in range(2):
    thread = threading.Thread(target=work)
    thread.daemon = True
    thread.start()
sys.stdout.write("ready\n")
sys.stdout.flush()
while sys.stdin.readline():
    sys.stdout.write("%d\n" % got[0])
    sys.stdout.flush()
