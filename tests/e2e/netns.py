"""Network namespaces of the tests' own: hosts with addresses that are not loopback, joined by a wire."""
import ctypes
import itertools
import os
import pathlib
import shutil
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
numbers = itertools.count(1)


def ip(*args):
    subprocess.run(["ip", *args], check=True, timeout=30)


class Namespace:
    """A host with nothing but loopback. Its name has our process id, so that two runs stay apart."""

    def __init__(self):
        self.name = f"anklet-{os.getpid()}-{next(numbers)}"
        self.etc = pathlib.Path("/etc/netns") / self.name
        self.wires = itertools.count()
        ip("netns", "add", self.name)
        try:
            self.ip("link", "set", "lo", "up")
        except subprocess.SubprocessError:
            self.remove()
            raise

    def ip(self, *args):
        ip("-n", self.name, *args)

    def command(self, *command):
        """The command that runs another one in here; the process keeps its id."""
        return ["ip", "netns", "exec", self.name, *command]

    def file(self, name, text):
        """What /etc/NAME is for the commands in here."""
        self.etc.mkdir(parents=True, exist_ok=True)
        (self.etc / name).write_text(text)

    def wire(self, other, mine, theirs):
        """Joins two hosts; mine and theirs are lists of addresses with prefix lengths."""
        near, far = f"eth{next(self.wires)}", f"eth{next(other.wires)}"
        ip("link", "add", near, "netns", self.name, "type", "veth",
           "peer", "name", far, "netns", other.name)
        for host, link, addresses in ((self, near, mine), (other, far, theirs)):
            for address in addresses:
                host.ip("address", "add", address, "dev", link, *(["nodad"] if ":" in address else []))
            host.ip("link", "set", link, "up")

    def socket(self, family, kind=socket.SOCK_STREAM, protocol=0):
        """A socket of this host. A thread of its own goes in, for a thread can be elsewhere than its process."""
        made = []

        def enter():
            with open(f"/run/netns/{self.name}") as file:
                if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                    made.append(OSError(ctypes.get_errno(), "setns"))
                else:
                    made.append(socket.socket(family, kind, protocol))

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(30)
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def index(self, link):
        """The number of an interface of this host, which is the scope of its link-local addresses."""
        shown = subprocess.run(["ip", "-n", self.name, "-o", "link", "show", link], check=True,
                               timeout=30, stdout=subprocess.PIPE, text=True).stdout
        return int(shown.split(":")[0])

    def remove(self):
        subprocess.run(["ip", "netns", "delete", self.name], timeout=30)
        if self.etc.exists():
            shutil.rmtree(self.etc)
