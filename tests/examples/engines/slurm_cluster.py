# SPDX-License-Identifier: Apache-2.0
"""A Slurm cluster of one node on loopback, for a test: munged, slurmctld and slurmd of this user, in a folder of their own."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

import engines

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")

CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/socket/munge,cred_expire=5
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=4096
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """The daemons are where only root looks."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    """Started by `with`; `environment` is what Slurm's commands need to find it."""

    def __enter__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.holder.name)
        self.folder.chmod(0o755)  # munged asks that all may reach its socket
        for name, mode in (("key", 0o700), ("socket", 0o755), ("state", 0o700), ("spool", 0o755)):
            (self.folder / name).mkdir(mode=mode)
        config = self.folder / "slurm.conf"
        config.write_text(CONFIG.format(host=socket.gethostname().split(".")[0], user=pwd.getpwuid(os.getuid()).pw_name,
                                        folder=self.folder, ports=free_ports(2), cores=os.cpu_count()))
        self.environment = {"SLURM_CONF": str(config)}
        self.daemons = []
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        key = self.folder / "key" / "key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        beside = {name: self.folder / "key" / name for name in ("pid-file", "log-file", "seed-file")}
        self.daemon("munged", "--foreground", f"--key-file={key}", f"--socket={self.folder}/socket/munge",
                    *[f"--{name}={path}" for name, path in beside.items()])
        engines.wait_for((self.folder / "socket" / "munge").exists, "munged's socket")
        self.daemon("slurmctld", "-D", "-c")
        self.daemon("slurmd", "-D", "-c")
        engines.wait_for(lambda: "State=IDLE" in self.ask("scontrol", "show", "nodes"), "an idle node", every=0.1)

    def daemon(self, program, *arguments):
        path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
        log = open(self.folder / f"{program}.out", "wb")
        self.daemons.append(subprocess.Popen([shutil.which(program, path=path), *arguments], stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log, env=engines.environment(**self.environment)))
        log.close()

    def ask(self, *command):
        return subprocess.run(command, env=engines.environment(**self.environment), capture_output=True, text=True).stdout

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.holder.cleanup()
