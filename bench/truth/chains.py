"""Chains of 19 empty functions, f0..f18 and then g0..g18, rebuilt every half microsecond.
Every stack is a prefix of one chain."""
from truth import start

DEEP = 19

source = ""
for letter in "fg":
    for n in range(DEEP):
        body = "%s%d()" % (letter, n + 1) if n < DEEP - 1 else "pass"
        source += "def %s%d():\n    %s\n" % (letter, n, body)
exec(compile(source, "<chains>", "exec"))


def prefix(letter, n=0):
    rest = "(;%s)?" % prefix(letter, n + 1) if n < DEEP - 1 else ""
    return "%s%d%s" % (letter, n, rest)


def main():
    f, g = f0, g0          # noqa: F821  (made above)
    while True:
        f()
        g()


start(main, root="main", possible="main(;%s|;%s)?" % (prefix("f"), prefix("g")))
