# count.py - threads that call and return all the time, each counting; 2.7 to the newest.
# Says the sum of its counters on "count".
import sys
import threading

counts = [0] * (int(sys.argv[1]) if len(sys.argv) > 1 else 2)


def leaf(i):
    counts[i] += 1


def middle(i):
    leaf(i)


def work(i):
    while True:
        middle(i)


for n in range(len(counts)):
    thread = threading.Thread(target=work, args=(n,), name="count-%d" % n)
    thread.daemon = True
    thread.start()
sys.stdout.write("ready\n")
sys.stdout.flush()
while True:
    line = sys.stdin.readline()
    if not line:
        break
    sys.stdout.write("%d\n" % sum(counts))
    sys.stdout.flush()
