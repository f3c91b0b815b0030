# -*- coding: utf-8 -*-
# target.py - a program with one thread for each thing a thread can do; 2.7 to the newest.
# Says "ready" on stdout when every thread is where it should be; ends when stdin does.
import select
import sys
import threading
import time

lock = threading.Lock()
ready = []


def busy(n):
    total = 0
    ready.append("spin")
    while True:
        for i in range(1000):
            total += i * n


def spin():
    busy(3)


def hold():
    with lock:
        ready.append("hold")
        time.sleep(100000)


def want():
    ready.append("want")
    lock.acquire()


def poll():
    p = select.poll()
    ready.append("poll")
    p.poll(100000000)


def main(words=("käse", "brot")):
    for function in (hold, want, poll, spin):
        thread = threading.Thread(target=function, name="the-" + function.__name__)
        thread.daemon = True
        thread.start()
        while function.__name__ not in ready:
            time.sleep(0.001)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


main()
