"""Starts the program, collects what it says, and ends it."""
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATH = os.environ.get("ANKLET", str(ROOT / "build" / "anklet"))
START_LIMIT = 30.0
DRAIN_LIMIT = 30.0
CONFIG = 78  # its exit status for a wrong configuration

LISTENS = re.compile(r"(?<!not )listening on (\S+:\d+)")
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed")


def built_size(name):
    """A size that the program is built with, unless the build was told otherwise."""
    text = (ROOT / "include" / "anklet_config.h").read_text()
    return int(re.search(rf"#define {name} (\d+)", text).group(1))


def run(*args, program=PATH, limit=START_LIMIT, **more):
    """Runs the program to its end: the finished process, with its output as text."""
    return subprocess.run([program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=limit, **more)


def sanitized():
    """Is it built with a sanitizer, which makes ciphers slow?"""
    return b"__asan_init" in pathlib.Path(PATH).read_bytes()


def address_of(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Anklet:
    """
    A running program. With no --listen among args it gets a free port of 127.0.0.1.

    listen=False: it gets none. wrapper: a command that is to run it in its own process. ns: a
    network namespace. stderr: a descriptor for its log, which is then the test's to read, and
    so is the address.
    """

    def __init__(self, *args, program=None, wrapper=(), ns=None, stderr=subprocess.PIPE,
                 listen=True, pass_fds=()):
        if listen and "--listen" not in args and "-c" not in args:
            args = ("--listen", "127.0.0.1:0", *args)
        command = [*wrapper, program or PATH, *args]
        if ns:
            command = ns.command(*command)
        self.lines, self.ended = [], False
        self.changed = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=stderr, pass_fds=pass_fds)
        self.pid = self.process.pid
        if stderr == subprocess.PIPE:
            self.reader = threading.Thread(target=self.collect, daemon=True)
            self.reader.start()
            self.address = self.addresses(1)[0]

    def collect(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.rstrip(b"\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(b"")
            self.changed.notify_all()

    @property
    def log(self):
        return b"\n".join(self.lines).decode("latin-1")

    def wait_log(self, pattern, limit=peers.LIMIT):
        """Waits until the log holds the pattern: the match."""
        end = time.monotonic() + limit
        with self.changed:
            while True:
                match = re.search(pattern, self.log, re.IGNORECASE)
                if match:
                    return match
                left = end - time.monotonic()
                over = self.lines and self.lines[-1] == b""
                assert left > 0 and not over, f"no {pattern!r} in the log:\n{self.log}"
                self.changed.wait(left)

    def addresses(self, count):
        """The first count addresses that the program says it listens on."""
        end = time.monotonic() + START_LIMIT
        with self.changed:
            while True:
                found = [address_of(at) for at in LISTENS.findall(self.log)]
                if len(found) >= count:
                    return found[:count]
                assert self.process.poll() is None, f"ended {self.process.poll()}:\n{self.log}"
                assert time.monotonic() < end, f"does not say where it listens:\n{self.log}"
                self.changed.wait(0.5)

    @property
    def port(self):
        return self.address[1]

    def alive(self):
        return self.process.poll() is None

    def cpu_during(self, seconds):
        """The share of a processor that it uses during so many seconds."""
        before = peers.cpu_seconds(self.pid)
        time.sleep(seconds)
        return (peers.cpu_seconds(self.pid) - before) / seconds

    def descriptors(self):
        return peers.descriptors(self.pid)

    def wait(self, limit=DRAIN_LIMIT):
        """Waits for its end: the exit status."""
        status = self.process.wait(limit)
        self.ended = True
        if self.process.stderr:
            self.reader.join(peers.LIMIT)
        return status

    def signal(self, number):
        self.process.send_signal(number)

    def finish(self):
        """At the end of a test: it must still be alive, drain on TERM, and have said nothing of an error."""
        try:
            if not self.ended:
                assert self.alive(), f"it died: status {self.process.poll()}\n{self.log}"
                self.signal(signal.SIGTERM)
                assert self.wait() == 0, self.log
            assert not SANITIZER.search(self.log), self.log
        finally:
            print(self.log)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(peers.LIMIT)
            if self.process.stderr:
                self.process.stderr.close()
