"""Chromium on the dashboard's pages: dashboard/driver.mjs runs it by the playwright-core that the build of ui/ has installed."""
import json
import pathlib
import shutil
import subprocess
import unittest

from servers import require

_HERE = pathlib.Path(__file__).resolve().parent
_PLAYWRIGHT = _HERE.parents[1] / "ui/node_modules/playwright-core"


class Browser:
    def __init__(self):
        require("chromium", "node")
        if not _PLAYWRIGHT.is_dir():
            raise unittest.SkipTest("ui/node_modules has no playwright-core: npm ci --prefix ui")
        self.complaints = []

    def __enter__(self):
        self._node = subprocess.Popen(["node", _HERE / "dashboard/driver.mjs", shutil.which("chromium")],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        return self

    def begin(self, **options):
        """A new context: playwright's options."""
        self._say({"options": options})

    def run(self, code, **data):
        """Runs JavaScript with `context`, `open(url)`, `live(page)` and `data`; answers what it returns."""
        return self._say({"code": code, "data": data})

    def _say(self, words):
        self._node.stdin.write(json.dumps(words) + "\n")
        self._node.stdin.flush()
        line = self._node.stdout.readline()
        assert line, f"the browser has ended: {self._node.poll()}"
        answer = json.loads(line)
        self.complaints = answer.get("complaints", [])
        assert "error" not in answer, f"{answer['error']}\ncomplaints: {self.complaints}"
        return answer.get("value")

    def __exit__(self, *_):
        self._node.stdin.close()
        try:
            self._node.wait(20)
        except subprocess.TimeoutExpired:
            self._node.kill()
            self._node.wait()
        self._node.stdout.close()
