# SPDX-License-Identifier: Apache-2.0
"""Two mgeo-serve processes behind a proxy in a temporary folder, with the files of examples/, and how they are switched."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples"
SCRIPT = EXAMPLES / "blue-green" / "blue-green.sh"
PAIRS = EXAMPLES / "data" / "pairs.tsv"
PROGRAMS = {"nginx": "nginx", "nginx-reload": "nginx", "haproxy": "haproxy"}


def is_there(proxy):
    return all(shutil.which(program) for program in (PROGRAMS[proxy], "curl", "flock", "setsid"))


def free_ports(count):
    """Ports that nobody listens at now; the kernel gives none of them away again soon."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Rig:
    """`with Rig(proxy, server) as rig`: the proxy runs, and blue_green() runs the script; all is ended at the end."""

    def __init__(self, proxy, server, options=()):
        self.proxy, self.server, self.options = proxy, server, list(options)
        self.port, self.blue, self.green = free_ports(3)

    def __enter__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.holder.name)
        self.state = self.folder / "state"
        self.state.mkdir()
        self.environment = dict(os.environ, MGEO_NGINX_UPSTREAM=str(self.folder / "upstream.conf"),
                                MGEO_NGINX=" ".join(self.nginx()), MGEO_HAPROXY_SOCKET=str(self.folder / "admin.sock"))
        try:
            self.start_proxy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in ("state/blue.pid", "state/green.pid", "nginx.pid", "haproxy.pid"):
            end(self.folder / name)
        self.holder.cleanup()

    def place(self, source, name):
        """An example's file with this run's ports and folders."""
        text = (EXAMPLES / source).read_text(encoding="utf-8")
        for port, own in ((8001, self.blue), (8002, self.green)):
            text = re.sub(rf":{port}\b", f":{own}", text)
        text = text.replace("listen 8000", f"listen 127.0.0.1:{self.port}")
        text = text.replace("bind :8000", f"bind 127.0.0.1:{self.port}")
        text = text.replace("/var/lib/mgeo-blue-green", str(self.state))
        text = text.replace("/etc/nginx", str(self.folder)).replace("/run/haproxy", str(self.folder))
        (self.folder / name).write_text(text, encoding="utf-8")

    def nginx(self):
        return ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def start_proxy(self):
        if self.proxy == "haproxy":
            self.place("haproxy/haproxy.cfg", "haproxy.cfg")
            (self.state / "haproxy.state").write_text("1\n")
            command = ["haproxy", "-D", "-p", str(self.folder / "haproxy.pid"), "-f", str(self.folder / "haproxy.cfg")]
        else:
            self.place("nginx/nginx.conf", "nginx.conf")
            self.place("nginx/upstream.conf", "upstream.conf")
            self.place("nginx/mgeo.conf" if self.proxy == "nginx" else "nginx/mgeo-reload.conf", "mgeo.conf")
            # A root's workers stay root: the folder is root's alone.
            command = self.nginx() + (["-g", "user root root;"] if os.getuid() == 0 else [])
        with open(self.folder / "proxy.log", "wb") as log:
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=30)

    def command(self, *arguments):
        return [str(SCRIPT), "--proxy", self.proxy, "--url", f"http://127.0.0.1:{self.port}",
                "--blue", f"127.0.0.1:{self.blue}", "--green", f"127.0.0.1:{self.green}", "--state", str(self.state),
                "--server", str(self.server), "--golden", str(PAIRS), "--actor", "a test", *self.options,
                *map(str, arguments)]

    def blue_green(self, *arguments, status=0):
        done = subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)
        if done.returncode != status:
            raise AssertionError(f"blue-green.sh {arguments} ended with {done.returncode}, not {status}:\n"
                                 f"{done.stdout}{done.stderr}{self.logs()}")
        return done

    def logs(self):
        files = [self.folder / "proxy.log", self.state / "blue.log", self.state / "green.log"]
        return "".join(f"---- {file.name}\n{file.read_text(errors='replace')[-2000:]}" for file in files if file.exists())


def end(pid_file):
    """SIGTERM, and SIGKILL to what does not go."""
    try:
        pid = int(pid_file.read_text())
    except (OSError, ValueError):
        return
    for number, patience in ((15, 15), (9, 5)):
        try:
            os.kill(pid, number)
            limit = time.monotonic() + patience
            while time.monotonic() < limit and is_running(pid):
                time.sleep(0.02)
        except ProcessLookupError:
            return


def is_running(pid):
    """A process that ended and that nobody waits for is gone too."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
