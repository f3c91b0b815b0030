"""alloc.py: objects made, linked in cycles and dropped, so that the collector runs often."""
from progress import Progress, ready


class Node(object):
    def __init__(self, value, other):
        self.value = value
        self.other = other
        self.extra = {"value": value, "list": [value, value]}


def unit():
    last = None
    for i in range(400):
        first = Node(i, last)
        first.other = Node(str(i), first)
        last = first if i % 8 else None


ready()
Progress().run(unit)
