"""ccalls.py: time spent in C called from Python: compression, hashes, sorting, arrays, and
numpy where it is installed."""
import array
import hashlib
import zlib

from progress import Progress, ready

try:
    import numpy
except ImportError:
    numpy = None

text = b"what was it doing at 14:03, and how does that differ from yesterday? " * 60
numbers = [(i * 7919) % 10007 for i in range(4000)]
matrix = numpy.arange(10000, dtype=float).reshape(100, 100) if numpy else None


def compress():
    zlib.decompress(zlib.compress(text))


def digest():
    hashlib.sha256(text).digest()


def order():
    sorted(numbers)


def pack():
    sum(array.array("l", numbers))


def unit():
    compress()
    digest()
    order()
    pack()
    if numpy:
        matrix.dot(matrix)


ready("numpy" if numpy else "no numpy")
Progress().run(unit)
