"""serve and view as a client has them: an address, JSON, a clean end."""
import json
import os
import pathlib
import subprocess
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
PYSTROBE = os.environ.get("PYSTROBE") or str(ROOT / "build" / "pystrobe")
SECONDS = 60  # after which an answer will never come


class Server:
    def __init__(self, *words):
        self.process = subprocess.Popen([PYSTROBE, *[str(w) for w in words], "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("dashboard"), line + self.process.stderr.read()
        self.url = line.split()[1]

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=SECONDS) as answer:
            return answer.read().decode()

    def post(self, path, **body):
        """Body and answer are JSON."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)

    def recorded(self):
        """{pid: what the page lists of it}"""
        return {p["pid"]: p for p in json.loads(self.get("api/v1/processes"))["processes"] if p["recording"]}

    def end(self, status=0):
        self.process.terminate()
        out, err = self.process.stdout.read(), self.process.stderr.read()
        self.process.wait(SECONDS)
        assert self.process.returncode == status, err
        return out, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
