# vfork.py LIBRARY - on "stand" the only thread cannot be stopped, until the next byte comes; says "on" then.
import ctypes
import os
import sys

stand = ctypes.CDLL(sys.argv[1]).stand
sys.stdout.write("ready\n")
sys.stdout.flush()
while sys.stdin.readline():
    os.waitpid(stand(0), 0)
    sys.stdout.write("on\n")
    sys.stdout.flush()
