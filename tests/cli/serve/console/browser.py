# SPDX-License-Identifier: Apache-2.0
"""Drives a headless chromium through the DevTools protocol, which it speaks over a pipe: no port, no package."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless=new", "--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-extensions",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--mute-audio", "--remote-debugging-pipe"]
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
        "ArrowDown": 40, " ": 32}
LIMIT = 60  # seconds after which something that is waited for counts as missing


class Browser:
    """One chromium with a profile of its own; close() ends it and removes the profile."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, self.to = os.pipe()
        self.come, theirs_out = os.pipe()
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        script = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.child = subprocess.Popen(["sh", "-c", script, "sh", PROGRAM, *FLAGS, *sandbox, f"--user-data-dir={self.profile.name}"],
                                      pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.last, self.listeners = b"", 0, []

    def close(self):
        try:
            self.call("Browser.close")
            self.child.wait(10)
        except (OSError, EOFError, TimeoutError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.child.pid, signal.SIGKILL)  # what is left of its own session
        except ProcessLookupError:
            pass
        self.child.wait()
        os.close(self.to)
        os.close(self.come)
        self.profile.cleanup()

    def call(self, method, session=None, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self.to, json.dumps(message).encode() + b"\0")
        mine, end = self.last, time.monotonic() + LIMIT
        while True:
            answer = self.receive(end - time.monotonic())
            if answer is None:
                raise TimeoutError(f"chromium did not answer {method}")
            if answer.get("id") == mine:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self, seconds):
        """The next message, which listeners have heard; None: none came in time."""
        while b"\0" not in self.rest:
            if not select.select([self.come], [], [], max(0, seconds))[0]:
                return None
            some = os.read(self.come, 1 << 20)
            if not some:
                raise EOFError("chromium has ended")
            self.rest += some
        one, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(one)
        for listener in self.listeners if "method" in message else []:
            listener(message)
        return message


class Page:
    """One tab. `problems` are errors that its console has shown, `requests` the addresses that it asked for."""

    def __init__(self, browser, language="en-US", width=1280, height=900, dark=False):
        self.browser, self.problems, self.requests = browser, [], []
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.listeners.append(self.hear)
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)  # whichever tab chromium takes for the front one
        agent = browser.call("Browser.getVersion")["userAgent"]
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def hear(self, message):
        if message.get("sessionId") != self.session:
            return
        name, what = message["method"], message["params"]
        if name == "Runtime.exceptionThrown":
            self.problems.append(what["exceptionDetails"].get("exception", what["exceptionDetails"]))
        elif name == "Runtime.consoleAPICalled" and what["type"] in ("error", "assert", "warning"):
            self.problems.append(what["args"])
        elif name == "Log.entryAdded" and what["entry"]["level"] == "error" and what["entry"]["source"] != "network":
            self.problems.append(what["entry"])  # of the network: a refused call, which the page shows itself
        elif name == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression):
        end = time.monotonic() + LIMIT
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise AssertionError(f"it never came true: {expression}\n{self.evaluate('document.body.innerText')}")
            self.browser.receive(0.05)

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def wait_text(self, selector, text):
        self.wait(f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(text)})")

    def click(self, selector):
        """Clicks where the element is, once it can be clicked."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{found} !== null && !{found}.disabled && {found}.offsetParent !== null")
        x, y = self.evaluate(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
                             f"(({found}.scrollIntoView({{block: 'center'}}), {found}.getBoundingClientRect()))")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name, shift=False):
        code = KEYS[name]
        text = {"Enter": "\r", " ": " "}.get(name)
        common = {"key": name, "code": "Space" if name == " " else name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def tab_to(self, selector):
        """Presses Tab until the element has the focus: it must be reachable by keyboard."""
        seen = []
        while len(seen) < 200:
            if self.evaluate(f"document.activeElement?.matches({json.dumps(selector)})"):
                return
            seen.append(self.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
            self.key("Tab")
        raise AssertionError(f"Tab does not reach {selector}, but {seen}")

    def write(self, text):
        self.call("Input.insertText", text=text)

    def set(self, selector, text):
        """Puts a text in a field in the place of what is there."""
        self.evaluate(f"(f => (f.focus(), f.select?.()))(document.querySelector({json.dumps(selector)}))")
        self.write(text)

    def choose(self, selector, value):
        self.evaluate(f"(f => (f.value = {json.dumps(value)}, f.dispatchEvent(new Event('change'))))"
                      f"(document.querySelector({json.dumps(selector)}))")

    def screenshot(self, path, whole=False):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))
