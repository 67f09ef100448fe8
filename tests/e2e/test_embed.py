"""examples/embed: the proxy in somebody else's loop, beside what that program does of its own."""
import os
import re
import select
import shlex
import signal
import subprocess
import time

import pytest

import peers
import program
import socks4
from dns_server import Name

EMBED = os.environ.get("EMBED", str(program.ROOT / "build" / "examples" / "embed"))
SOURCE = program.ROOT / "examples" / "embed" / "embed.c"
NAME = "www.example.test"


class Embed:
    """The running example, at a free port."""

    def __init__(self, *lines):
        self.process = subprocess.Popen([EMBED, "listen 127.0.0.1:0", *lines], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid, self.text = self.process.pid, ""
        self.address = program.address_of(self.wait(r"listening on (\S+)\n")[1])

    def read(self, limit):
        """Reads what it says within that time: False at the end."""
        if not select.select([self.process.stdout], [], [], max(limit, 0))[0]:
            raise TimeoutError(f"it says no more than:\n{self.text}")
        piece = os.read(self.process.stdout.fileno(), 65536)
        self.text += piece.decode()
        return piece != b""

    def wait(self, pattern):
        """Waits until it has said that, after what was waited for before: the match."""
        end = time.monotonic() + peers.LIMIT
        while not (match := re.search(pattern, self.text)):
            assert self.read(end - time.monotonic()), f"no {pattern!r} in:\n{self.text}"
        self.text = self.text[match.end():]
        return match

    def ask(self):
        """Types a line: the figures that it answers with, (sessions, granted)."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return tuple(map(int, self.wait(r"asked: (\d+) sessions, (\d+) granted\n").groups()))

    def wait_figures(self, *figures):
        """Asks until they are these: a client's end is seen a moment after it."""
        end = time.monotonic() + peers.LIMIT
        while self.ask() != figures:
            assert time.monotonic() < end, f"never {figures}"
            time.sleep(0.01)

    def end_input(self):
        self.process.stdin.close()

    def finish(self):
        """Its exit status, when it has ended by itself, with nothing to complain about."""
        end = time.monotonic() + peers.LIMIT
        while self.read(end - time.monotonic()):
            pass
        status = self.process.wait(peers.LIMIT)
        log = self.process.stderr.read().decode("latin-1")
        assert not program.SANITIZER.search(log), log
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(peers.LIMIT)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture
def embed(sockets):
    """start(*lines): see Embed."""
    started = []

    def start(*lines):
        started.append(Embed(*lines))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def test_is_short():
    assert len(SOURCE.read_text().splitlines()) < 100


def test_curl_goes_through(embed, web, dns, tool):
    dns.zone[NAME] = Name(a=["127.0.0.1"])
    one = embed(f"dns {dns.option[1]}")
    done = subprocess.run([tool("curl"), "-sS", "--noproxy", "", "--socks4a", "%s:%d" % one.address,
                           f"http://{NAME}:{web.port}/"], stdout=subprocess.PIPE, timeout=15)
    assert (done.returncode, done.stdout) == (0, web.page)
    one.wait_figures(0, 1)


def test_both_are_served(embed):
    """The program's own descriptor while sessions are open, and the sessions while it is asked."""
    one = embed()
    server = peers.listener()
    assert one.ask() == (0, 0)
    pairs = [socks4.session(one.address, server) for _ in range(3)]
    for client, end in pairs:
        client.sendall(b"there")
        assert one.ask() == (3, 3)
        assert peers.read_exactly(end, 5) == b"there"
        end.sendall(b"back")
        assert peers.read_exactly(client, 4) == b"back"
    pairs[0][0].close()
    pairs[0][1].close()
    one.wait_figures(2, 3)


def test_its_timer_goes_on(embed):
    """With nobody there, and with a session that has nothing to say."""
    one = embed()
    one.wait(r"timer: 0 sessions, 0 granted\n")
    socks4.session(one.address, peers.listener())
    one.wait(r"timer: 1 sessions, 1 granted\n")
    one.wait(r"timer: 1 sessions, 1 granted\n")


def test_sleeps_when_there_is_nothing_to_do(embed):
    """A set with a descriptor too many, or a limit of 0, would make it turn for ever."""
    one = embed()
    socks4.session(one.address, peers.listener())
    before = peers.cpu_seconds(one.pid)
    for _ in range(2):
        one.wait(r"timer: ")
    assert peers.cpu_seconds(one.pid) - before < 0.5


def test_stops_in_order(embed):
    """The listener first; the sessions go on until they are done; then the program ends."""
    one = embed()
    client, end = socks4.session(one.address, peers.listener())
    one.end_input()
    one.wait(r"stopping: 1 sessions, 1 granted\n")
    assert peers.closed(one.address)
    client.sendall(b"still here")
    assert peers.read_exactly(end, 10) == b"still here"
    client.close()
    end.close()
    one.wait(r"stopping: 0 sessions, 1 granted\n")
    assert one.finish() == 0


@pytest.mark.parametrize("lines, complaints", [
    (["listen 127.0.0.1:0", "alow to *"], [r"LINE:1:1: .*alow"]),
    (["limit-idle never", "allow nobody"], [r"limit-idle never", r"allow nobody"]),
])
def test_says_what_is_wrong(lines, complaints):
    done = program.run(*lines, program=EMBED)
    assert done.returncode == 1 and done.stdout == ""
    for complaint in complaints:
        assert re.search(complaint, done.stderr, re.DOTALL), done.stderr


def test_says_why_it_cannot_start():
    taken = peers.listener()
    done = program.run(f"listen 127.0.0.1:{peers.port_of(taken)}", program=EMBED)
    assert done.returncode == 1 and done.stdout == ""
    assert f"127.0.0.1:{peers.port_of(taken)}" in done.stderr


def test_the_line_that_the_readme_shows(embed):
    """With its rules, and a port of our own."""
    text = (SOURCE.parent / "README.md").read_text()
    _, listen, *rules = shlex.split(re.search(r"^build/examples/embed .*$", text, re.MULTILINE).group())
    assert listen == "listen 127.0.0.1:1080" and "deny to 10.0.0.0/8" in rules
    one = embed(*rules)
    socks4.session(one.address, peers.listener())
    assert socks4.refused(one.address, 80, "10.1.2.3") == socks4.REJECTED
