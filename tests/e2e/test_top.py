"""'anklet top' on a terminal: what it shows, its keys, and that the terminal is afterwards as it was before."""
import os
import pty
import re
import shlex
import signal
import subprocess
import threading
import time

import pytest

import peers
import program
import socks4


class Terminal:
    """A session of tmux, with a shell in it."""

    def __init__(self, path, directory, width=120, height=20):
        self.command = [path, "-S", str(directory / "tmux.sock"), "-f", "/dev/null"]
        self.run("new-session", "-d", "-x", str(width), "-y", str(height), "env", "PS1=READY ", "ENV=", "sh")
        self.wait("READY")

    def run(self, *args):
        return subprocess.run([*self.command, *args], check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout

    @property
    def screen(self):
        return self.run("capture-pane", "-p")

    def wait(self, pattern):
        found = []

        def shown():
            found[:] = [re.search(pattern, self.screen, re.MULTILINE)]
            return found[0]

        assert peers.until(shown, 60, 0.1), (pattern, self.screen)
        return found[0]

    def type(self, *keys):
        self.run("send-keys", *keys)

    def children(self):
        """The processes that the shell has started, and that have not ended."""
        shell = self.run("display-message", "-p", "#{pane_pid}").strip()
        return [int(pid) for pid in subprocess.run(["ps", "-o", "pid=", "--ppid", shell], stdout=subprocess.PIPE, text=True,
                                                   timeout=60, check=False).stdout.split()]

    def close(self):
        """What runs there ends before its terminal does: a sanitizer that has to write its report to none never would."""
        for pid in self.children():
            os.kill(pid, signal.SIGTERM)
        peers.until(lambda: not self.children(), 60, 0.1)
        subprocess.run([*self.command, "kill-server"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
                       check=False)


@pytest.fixture
def terminal(tool, tmp_path):
    one = Terminal(tool("tmux"), tmp_path)
    yield one
    one.close()


@pytest.fixture
def top(anklet, tmp_path, terminal):
    """The program, and its top started on the terminal."""
    path = str(tmp_path / "c.sock")
    proxy = anklet("--control", path)
    proxy.wait_log("listening on control")
    proxy.path, proxy.terminal = path, terminal
    terminal.type(f"{shlex.quote(program.PATH)} top -S {path}", "Enter")
    terminal.wait("q quit")
    return proxy


def test_who_uses_how_much(top):
    server = peers.listener()
    (client, end), (other, _) = (socks4.session(top.address, server, userid=b"me") for _ in range(2))
    top.terminal.wait(rf"^1 +127.0.0.1:{peers.port_of(client)} +127.0.0.1:{peers.port_of(server)} +relay +0 +0 +0 ")
    moving, stop = None, time.monotonic() + 60
    while time.monotonic() < stop and not moving:
        end.sendall(b"d" * 20000)
        peers.read_exactly(client, 20000)
        moving = re.search(r"^1 .* relay +0 +[1-9][\d.]*[kMG]? +[\d.]+[kMG] ", top.terminal.screen, re.MULTILINE)
    assert moving, top.terminal.screen
    lines = [line.split()[0] for line in top.terminal.screen.splitlines() if "relay" in line]
    assert lines == ["1", "2"] and other


def test_keys(top):
    server = peers.listener()
    (client, _), (other, _) = (socks4.session(top.address, server) for _ in range(2))
    top.terminal.wait("^2 .*relay")
    top.terminal.type("c")
    top.terminal.wait(r"^2 +127\.0\.0\.1 +0 +0 +0 ")
    top.terminal.type("c", "s")
    top.terminal.wait("by total")
    top.terminal.type("/", f":{peers.port_of(other)}x", "BSpace", "Enter")
    top.terminal.wait(f"only :{peers.port_of(other)}$")
    assert peers.until(lambda: not re.search("^1 .*relay", top.terminal.screen, re.MULTILINE))
    top.terminal.type("/", "Enter", "p")
    top.terminal.wait("paused")
    top.terminal.type("k", "x", "Escape", "p", "k", "1", "Enter")
    assert peers.end_of(client) == "RESET"
    assert peers.until(lambda: not re.search("^1 .*relay", top.terminal.screen, re.MULTILINE))
    assert peers.silent_for(other, 0)


def test_a_small_screen_and_a_larger_one(top):
    server = peers.listener()
    held = [socks4.session(top.address, server) for _ in range(12)]
    top.terminal.run("resize-window", "-x", "50", "-y", "9")
    assert held and peers.until(lambda: len([line for line in top.terminal.screen.splitlines() if "127.0.0.1" in line]) == 5)
    assert all(len(line) <= 50 for line in top.terminal.screen.splitlines())
    top.terminal.run("resize-window", "-x", "120", "-y", "30")
    assert peers.until(lambda: len([line for line in top.terminal.screen.splitlines() if "relay" in line]) == 12)


@pytest.mark.parametrize("how", ["q", "C-c", "TERM", "gone"])
def test_the_terminal_is_as_it_was(top, how):
    terminal = top.terminal
    if how in ("q", "C-c"):
        terminal.type(how)
    elif how == "TERM":
        os.kill(terminal.children()[0], signal.SIGTERM)
    else:
        top.signal(signal.SIGTERM)
        top.wait()
        terminal.wait("it does not answer any more")
    terminal.wait("^READY $|^READY$")
    assert "q quit" not in terminal.screen, "the screen of before is back"
    terminal.type("clear; stty -a; echo status $?", "Enter")
    terminal.wait("^status 0")
    assert re.search(r"\bicanon\b", terminal.screen) and not re.search(r"-(icanon|echo)\b", terminal.screen)
    assert terminal.run("display-message", "-p", "#{cursor_flag}").strip() == "1"


def test_without_a_terminal_once(anklet, tmp_path):
    path = str(tmp_path / "c.sock")
    proxy = anklet("--control", path)
    proxy.wait_log("listening on control")
    client, end = socks4.session(proxy.address, peers.listener())
    over = threading.Event()

    def move():
        while not over.is_set():
            end.sendall(b"d" * 1000)
            peers.read_exactly(client, 1000)
            over.wait(0.01)

    moving = threading.Thread(target=move, daemon=True)
    moving.start()
    done = program.run("top", "-S", path)
    over.set()
    moving.join(60)
    assert (done.returncode, done.stderr) == (0, "") and "\033" not in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["anklet", "up", "NUM", "1"]
    assert re.search(r"down +[1-9]", done.stdout) and lines[3][5] != "0", "rates, of two looks"
    assert program.run("top", "-S", path + "x").returncode == 3


def test_on_a_terminal_without_a_program(tmp_path):
    main, end = pty.openpty()
    done = subprocess.run([program.PATH, "top", "-S", str(tmp_path / "none")], stdin=end, stdout=end, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    os.close(end)
    os.close(main)
    assert done.returncode == 3 and b"nobody listens there" in done.stderr
