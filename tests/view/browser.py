# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chromium without a window, told what to do by the DevTools protocol over a pipe: JSON, each message ended by a zero."""
import base64
import contextlib
import json
import os
import select
import subprocess
import tempfile
import time

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
         "--disable-background-networking", "--remote-debugging-pipe", "about:blank"]
KEYS = {"Tab": 9, "Enter": 13, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


class Browser:
    def __init__(self, to, answers, patience):
        self.to, self.answers, self.patience = to, answers, patience
        self.rest, self.last, self.session, self.complaints = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Accessibility":
            self.call(domain + ".enable")

    def message(self, until):
        while b"\0" not in self.rest:
            if not select.select([self.answers], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            piece = os.read(self.answers, 1 << 20)
            if not piece:
                raise EOFError("Chromium has ended")
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def note(self, event):
        """What a page complains of: exceptions, refused by its policy, not found."""
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(event["params"]["exceptionDetails"])[:300])
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.complaints.append(event["params"]["entry"]["text"])

    def call(self, method, **params):
        self.last += 1
        request = {"id": self.last, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        until = time.monotonic() + self.patience
        while True:
            answer = self.message(until)
            if answer.get("id") == self.last:
                break
            self.note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def value(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait(self, expression):
        """Until it is true; False if it did not become so."""
        until = time.monotonic() + self.patience
        while not self.value(expression):
            if time.monotonic() > until:
                return False
            time.sleep(0.2)
        return True

    def open(self, url):
        self.call("Page.navigate", url=url)
        return self.wait("document.readyState == 'complete' && location.href != 'about:blank'")

    def press(self, key, shift=False):
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in "keyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key],
                      modifiers=8 if shift else 0, **(text if kind == "keyDown" else {}))

    def accessible(self):
        """(role, name, focusable) of all that a screen reader is told of."""
        def of(node, what):
            return str(node.get(what, {}).get("value", ""))

        return [(of(n, "role"), of(n, "name"),
                 any(p["name"] == "focusable" and p["value"].get("value") for p in n.get("properties", [])))
                for n in self.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]

    def picture(self, path, width=1200, height=800, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextlib.contextmanager
def running(patience):
    """A Browser; patience: seconds that an answer may take."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        theirs_in, to = os.pipe()
        answers, theirs_out = os.pipe()
        process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "sh", "chromium", f"--user-data-dir={folder}", *FLAGS],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(to, answers, patience)
        finally:
            os.close(to)  # it ends when nobody can tell it anything
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(answers)
