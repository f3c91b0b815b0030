"""numpy_values - numpy.TYPE(VALUE) for scalars of numpy; the label is [[address, text]...]."""
import json

import numpy

from freeze import done, here

values = [kind(number) for kind, number in (
    (numpy.int8, -8), (numpy.int16, -1600), (numpy.int32, -2**31), (numpy.int64, 2**62), (numpy.intc, 5),
    (numpy.longlong, -7), (numpy.uint8, 200), (numpy.uint16, 60000), (numpy.uint32, 2**32 - 1), (numpy.uint64, 2**64 - 1),
    (numpy.ulonglong, 9), (numpy.float16, 1.5), (numpy.float32, 0.25), (numpy.float64, -1e300), (numpy.float64, "nan"),
    (numpy.float64, "inf"))] + [numpy.True_, numpy.False_]
here(json.dumps([[id(v), "numpy.%s(%r)" % (type(v).__name__, v.item())] for v in values]))
done()
