"""What the programs here share: `--truth` prints what must hold, otherwise main() runs."""
import json
import sys
import time

clock = getattr(time, "perf_counter", time.time)


def start(main, **truth):
    if "--truth" in sys.argv:
        print(json.dumps(truth))
        return
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    main()
