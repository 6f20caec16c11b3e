# SPDX-License-Identifier: Apache-2.0
"""What a command and all processes below it cost: seconds by the clock, processor time, and resident memory at most."""
import collections
import contextlib
import ctypes
import os
import pathlib
import subprocess
import threading
import time

Cost = collections.namedtuple("Cost", "seconds processor memory processes")
EVERY = 0.05  # seconds between looks
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: a daemon that a program leaves behind stays below us
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def adopt_orphans():
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def processes():
    """pid: (parent, processor seconds, resident bytes) of all that /proc shows."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            found[int(folder.name)] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK, int(fields[21]) * PAGE
    return found


def below(pid):
    """The processes below one."""
    all_of = processes()
    kept, grown = {pid}, True
    while grown:
        added = {child for child, (parent, *_) in all_of.items() if parent in kept} - kept
        kept |= added
        grown = bool(added)
    return {child: all_of[child] for child in kept - {pid} if child in all_of}


class Watch(threading.Thread):
    """Looks at all below this process until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.processor, self.memory, self.most = {}, 0, 0

    def run(self):
        while not self.over.wait(EVERY):
            seen = below(os.getpid())
            self.processor.update({pid: seconds for pid, (_, seconds, _) in seen.items()})
            self.memory = max(self.memory, sum(resident for *_, resident in seen.values()))
            self.most = max(self.most, len(seen))


def wait_for_orphans():
    """Daemons end after their program."""
    for _ in range(600):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        if not below(os.getpid()):
            return
        time.sleep(EVERY)


def run(command, **how):
    """Runs a command to its end, which must be good, and returns its cost. Nothing else of ours may be running."""
    watch = Watch()
    watch.start()
    begun = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)
    seconds = time.monotonic() - begun
    watch.over.set()
    watch.join()
    wait_for_orphans()
    if done.returncode != 0:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-4000:]}")
    return Cost(seconds, sum(watch.processor.values()), watch.memory, watch.most)
