# -*- coding: utf-8 -*-
"""names - threads that come, are renamed and go; the label is {ident: name} as threading has it."""
import json
import sys
import threading

from freeze import done, here


def stop():
    here(json.dumps({str(ident): t.name for ident, t in threading._active.items()}))


go = threading.Event()
threads = []


def start(name=None, group=None):
    ready = threading.Event()

    def run():
        ready.set()
        go.wait()
    t = threading.Thread(target=run, name=name)
    t.daemon = True
    t.start()
    ready.wait()
    threads.append(t)
    return t


class Slotted(threading.Thread):
    extra = 1

    def __init__(self):
        threading.Thread.__init__(self)
        for i in range(40):
            setattr(self, "attribute_%d" % i, i)
        self.daemon = True
        self.ready = threading.Event()

    def run(self):
        self.ready.set()
        go.wait()


stop()
start()
start(u"na\xefve \u4e2d\U0001f40d" if sys.version_info > (3,) else "bytes")
if sys.version_info < (3,):
    threads[1]._Thread__name = u"na\xefve \u4e2d\U0001f40d"
stop()
threads[0].name = "renamed"
stop()
threads[0].__dict__["more"] = 1
del threads[1].__dict__["_name" if hasattr(threads[1], "_name") else "_Thread__name"]
threads[1].name = "after del"
stop()
s = Slotted()
s.start()
s.ready.wait()
stop()
for i in range(60):
    start("t%d" % i)
stop()
threading.current_thread().name = "the main one"
stop()
go.set()
for t in threads:
    t.join()
s.join()
stop()
done()
