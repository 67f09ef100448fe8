"""The programs that are measured. Another proxy is one line of TABLE, or of the command line: --proxy."""
import collections
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import daemons
import host
from load import Broken

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
START_LIMIT = 60

HAPROXY = """
global
  maxconn {most}
  nbthread 1
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen bench
  bind 127.0.0.1:{port}
  server target 127.0.0.1:{target}
"""
STUNNEL = """
foreground = yes
pid =
syslog = no
debug = crit
[bench]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{target}
cert = {certificate}
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
"""
SSHD = daemons.SSHD.replace("{port}", "{inner}")
SSH = ("ssh -F none -N -D 127.0.0.1:{port} -i {dir}/user -o BatchMode=yes -o StrictHostKeyChecking=no "
       "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ExitOnForwardFailure=yes -p {inner} 127.0.0.1")
KEY = "ssh-keygen -q -t ed25519 -N '' -f {dir}/"

# protocol: direct, socks4, socks5, forward (to {target}), or tls (the same, and TLS from the client).
# commands: separated by '&&' where one needs that another listens, at {inner}; {dir} is a directory of its own.
# files: written there. before: run there. root: takes root. valgrind: it gets through that.
# named: it has to do everything; of others that is not expected.
Subject = collections.namedtuple("Subject", "name protocol commands files before root valgrind named",
                                 defaults=("", {}, (), False, True, False))

QUIET = "{anklet} --limit-client 0 --log warning "
TABLE = [
    Subject("anklet", "socks4", QUIET + "--listen tcp://127.0.0.1:{port}", named=True),
    Subject("direct", "direct", named=True),
    Subject("microsocks", "socks5", "microsocks -i 127.0.0.1 -p {port}"),
    Subject("danted", "socks4", "danted -N 1 -f {dir}/conf -p {dir}/pid", {"conf": daemons.DANTED}, root=True,
            valgrind=False),
    Subject("ssh -D", "socks4", "sshd -D -e -f {dir}/conf && " + SSH, {"conf": SSHD}, (KEY + "host", KEY + "user"),
            root=True, valgrind=False),
    Subject("haproxy", "forward", "haproxy -db -f {dir}/conf", {"conf": HAPROXY}),
    Subject("anklet", "tls", QUIET + "--forward 'tls://127.0.0.1:{port}?cert={certificate} tcp://127.0.0.1:{target}'",
            named=True),
    Subject("stunnel4", "tls", "stunnel4 {dir}/conf", {"conf": STUNNEL}),
]


def table(version):
    """The table, with anklet spoken to in that version of SOCKS."""
    return [one._replace(protocol=f"socks{version}") if one.name == "anklet" and one.protocol == "socks4" else one
            for one in TABLE]


def by_command_line(text):
    """NAME [PROTOCOL]: COMMAND, as --proxy has it."""
    match = re.fullmatch(r"\s*(.+?)(?:\s+(socks4|socks5|forward|tls))?\s*:\s+(.+)", text)
    if not match or "{port}" not in match[3]:
        raise SystemExit("bench: --proxy 'NAME [socks4|socks5|forward|tls]: COMMAND with {port}'")
    return Subject(match[1], match[2] or "socks5", match[3], named=True)


def missing(subject, anklet):
    """Why it cannot be started here, or ""."""
    if subject.protocol == "tls" and "{anklet}" in subject.commands and not has_tls(anklet):
        return "it is built without TLS"
    for command in filter(None, subject.commands.split("&&")):
        program = shlex.split(command)[0]
        if "{" not in program and not shutil.which(program, path=PATH):
            return f"{program} is not installed"
    return "it needs root" if subject.root and os.geteuid() != 0 else ""


def has_tls(anklet):
    return bool(said(anklet, "-t", "--route", "to * tls verify=none"))


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except OSError:
        return False


class Running:
    """One that runs. values: what stands in braces in the table, beside
    port, inner, dir, and the most sessions that the limit on descriptors lets a program hold."""

    def __init__(self, subject, values, wrapper=()):
        self.subject, self.processes = subject, []
        self.name, self.protocol = subject.name, subject.protocol
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="anklet-bench-"))
        self.values = {**values, "host": "127.0.0.1", "dir": self.dir, "port": free_port(), "inner": free_port(),
                       "most": (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2}
        self.port = self.values["port"] if subject.commands else values["target"]
        try:
            self.start(wrapper)
        except BaseException as failure:
            self.close()
            if isinstance(failure, (OSError, subprocess.SubprocessError)):
                raise Broken(f"it does not start: {failure}") from failure
            raise

    def words(self, command):
        """Split before the values are put in, which may have blanks in them."""
        return [word.format(**self.values) for word in shlex.split(command)]

    def start(self, wrapper):
        for name, text in self.subject.files.items():
            (self.dir / name).write_text(text.format(**self.values))
        for command in self.subject.before:
            subprocess.run(self.words(command), check=True, timeout=30, stdin=subprocess.DEVNULL)
        commands = [command for command in self.subject.commands.split("&&") if command]
        if "sshd" in self.subject.commands:
            pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # it insists on that
        for number, command in enumerate(commands):
            words = self.words(command)
            words[0] = shutil.which(words[0], path=PATH) or words[0]
            with open(self.dir / "log", "ab") as log:
                self.processes.append(subprocess.Popen([*wrapper, *words], stdin=subprocess.DEVNULL, stdout=log,
                                                       stderr=log, start_new_session=True))
            self.wait_for(self.port if number == len(commands) - 1 else self.values["inner"])

    def wait_for(self, port):
        end = time.monotonic() + START_LIMIT
        while not listens(port):
            self.check()
            if time.monotonic() > end:
                raise Broken(f"it does not listen: {self.log()}")
            time.sleep(0.05)

    def log(self):
        """The last that it said."""
        lines = (self.dir / "log").read_text("utf-8", "replace").strip().split("\n")
        return lines[-1][-200:] or "it said nothing"

    def check(self):
        """It must still run."""
        for process in self.processes:
            if process.poll() is not None:
                raise Broken(f"it ended with status {process.returncode}: {self.log()}")

    @property
    def roots(self):
        return [process.pid for process in self.processes]

    def cpu(self):
        return host.cpu(*self.roots)

    def pss(self):
        return host.pss(*self.roots)

    def settle(self, limit=20):
        """Waits until it has no more to do: what has ended is closed."""
        end, before = time.monotonic() + limit, -1.0
        while self.processes and time.monotonic() < end:
            used = self.cpu()
            if used - before < 0.001:
                return
            before = used
            time.sleep(0.1)

    def close(self):
        """Ends it and all that it started, each by its number."""
        everybody = host.tree(*self.roots)
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        for pid in everybody:
            if pid not in self.roots and host.stat(pid):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)


def versions(programs, anklet):
    """What was measured: {name: version}, as the program or Debian's package of it says."""
    found = {}
    for one in programs:
        if not one.commands:
            continue
        program = shlex.split(one.commands)[0]
        if program == "{anklet}":
            found[one.name] = said(anklet, "-V").split(" ")[-1]
        else:
            package = said("dpkg-query", "-S", os.path.realpath(shutil.which(program, path=PATH) or "")).split(":")[0]
            found[one.name] = package and said("dpkg-query", "-W", "-f", "${Version}", package)
    return found


def said(*command):
    """The first line that a command says, or ""."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, timeout=30)
    except OSError:
        return ""
    return done.stdout.strip().split("\n")[0] if done.returncode == 0 else ""
