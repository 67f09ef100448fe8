"""The commands to a running anklet: what they print, and what they end with."""
import json
import os
import pathlib
import socket
import subprocess

import pytest

import peers
import program
import socks4

EXIT_USAGE, NOT_RUNNING = 2, 3


@pytest.fixture
def running(anklet, tmp_path):
    """The program; run(*args) runs a command that asks it."""
    path = str(tmp_path / "control.sock")
    proxy = anklet("--control", path)
    proxy.wait_log("listening on control")
    proxy.run = lambda *args: program.run(*args, "-S", path)
    proxy.path = path
    return proxy


def test_status(running):
    client, end = socks4.session(running.address, peers.listener())
    client.sendall(b"12345")
    peers.read_exactly(end, 5)
    done = running.run("status")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(None, 1) for line in done.stdout.splitlines()]
    assert lines[0] == ["anklet", lines[0][1]] and f"process {running.pid}, up " in lines[0][1]
    assert dict(lines)["sessions"].startswith("1 of ") and ", 1 relayed," in dict(lines)["sessions"]
    assert dict(lines)["bytes"] == "5 up, 0 down"
    assert dict(lines)["requests"] == "1 granted, 0 refused, 0 clients left without one"
    assert dict(lines)["in"].startswith("force    configuration 1 (0 reloads, 0 failed), read ")
    assert dict(lines)["log"] == "0 lines dropped, level info"
    assert json.loads(running.run("status", "--json").stdout)["pid"] == running.pid


def test_status_with_many_listeners(anklet, tmp_path):
    path = str(tmp_path / "control.sock")
    places = [word for _ in range(7) for word in ("--listen", "127.0.0.1:0")]
    places += [word for _ in range(8) for word in ("--forward", "tcp://127.0.0.1:0 tcp://" + "n" * 60 + ".example:1")]
    anklet("--control", path, *places).wait_log("listening on control")
    assert len(program.run("status", "-S", path).stdout.splitlines()) == 9
    assert len(json.loads(program.run("status", "--json", "-S", path).stdout)["listeners"]) == 15


def test_sessions(running):
    server = peers.listener()
    held = [socks4.session(running.address, server, userid=b'a"\xff') for _ in range(120)]
    lines = running.run("sessions").stdout.splitlines()
    assert lines[0].split() == ["NUM", "CLIENT", "COMMAND", "TO", "USER", "STATE", "UP", "DOWN", "AGE"]
    assert [int(line.split()[0]) for line in lines[1:]] == list(range(1, 121))
    words = lines[1].split()
    assert words[1:6] == [f"127.0.0.1:{peers.port_of(held[0][0])}", "connect", f"127.0.0.1:{peers.port_of(server)}",
                          'a\\"\\xff', "relay"]
    listed = json.loads(running.run("sessions", "--json").stdout)
    assert len(listed["list"]) == 120 and not listed["more"]


def test_end_and_log(running):
    client, _ = socks4.session(running.address, peers.listener())
    done = running.run("end", "1")
    assert (done.returncode, done.stdout) == (0, "1 session ended\n")
    assert peers.end_of(client) == "RESET"
    client, _ = socks4.session(running.address, peers.listener())
    assert running.run("end", "127.0.0.1").stdout == "1 session ended\n"
    done = running.run("end", "127.0.0.1")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "anklet: there is no such session\n")
    assert running.run("log", "error").stdout == "log error\n"
    done = running.run("log", "loud")
    assert done.returncode == EXIT_USAGE and done.stderr.startswith("anklet: the level is one of error, ")
    done = running.run("end", "somebody")
    assert (done.returncode, done.stderr) == \
        (EXIT_USAGE, "anklet: somebody: neither the number of a session nor the address of a client\n")


@pytest.mark.parametrize("client", ["::1", "[::1]"])
def test_an_address_of_ipv6_is_ended_as_it_is_listed(anklet, tmp_path, client):
    path = str(tmp_path / "control.sock")
    proxy = anklet("--control", path, "--listen", "tcp://[::1]:0")
    proxy.wait_log("listening on control")
    held, _ = socks4.session(proxy.address, peers.listener())
    done = program.run("end", client, "-S", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 session ended\n", "")
    assert peers.end_of(held) == "RESET"


@pytest.mark.parametrize("what", ["1 HTTP/1.1", "1&client=::1", "99999999999", "", "x\r\n", "[]", "[1]", "[::1"])
def test_what_is_no_session(tmp_path, what):
    done = program.run("end", what, "-S", str(tmp_path / "none"))
    assert done.returncode == EXIT_USAGE and "neither the number of a session nor the address" in done.stderr


@pytest.mark.parametrize("args", [
    ("status", "x"), ("top", "--json"), ("status", "-x"), ("end",), ("log",), ("end", "1", "2"), ("end", "1", "--json"), ("status", "-S"),
    ("log", "x" * 200),
])
def test_wrong_usage(args):
    done = program.run(*args)
    assert done.returncode == EXIT_USAGE and done.stdout == "" and "try 'anklet --help'" in done.stderr


def test_when_nobody_listens(tmp_path):
    path = str(tmp_path / "control.sock")
    for _ in range(2):
        done = program.run("status", f"-S{path}")
        assert done.returncode == NOT_RUNNING
        assert done.stderr == f"anklet: {path}: nobody listens there; is it running, with that after 'control'?\n"
        left = socket.socket(socket.AF_UNIX)
        if not os.path.exists(path):
            left.bind(path)
        left.close()
    assert program.run("status", "-S", "/" + "x" * 120).returncode == 1


def test_when_nobody_answers(tmp_path):
    """As of one that was stopped: those that wait in the backlog are told, and so are those for whom it has no room."""
    path = str(tmp_path / "stopped.sock")
    listening = peers.keep(socket.socket(socket.AF_UNIX))
    listening.bind(path)
    listening.listen(0)
    commands = [subprocess.Popen([program.PATH, "status", "-S", path], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for one in commands:
        try:
            _, said = one.communicate(timeout=peers.LIMIT)
        finally:
            one.kill()
        assert (one.returncode, said) == (1, f"anklet: {path}: the answer ends in its middle, or does not come\n")


def answer(tmp_path, data):
    """Runs 'status' against one that answers so."""
    listening = peers.keep(socket.socket(socket.AF_UNIX))
    path = str(tmp_path / "other.sock")
    listening.bind(path)
    listening.listen()

    def serve():
        sock = peers.accept(listening)
        sock.recv(4096)
        sock.sendall(data)
        sock.close()

    peers.Worker(serve).start()
    return program.run("status", "-S", path)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\n", b'HTTP/1.1 200 OK\r\n\r\n{"version":"1', b"nonsense\n"])
def test_an_answer_that_is_cut(tmp_path, data):
    done = answer(tmp_path, data)
    assert done.returncode == 1 and "the answer ends in its middle, or does not come" in done.stderr


def test_an_answer_of_somebody_else(tmp_path):
    done = answer(tmp_path, b"HTTP/1.1 200 OK\r\n\r\n" + b'"version":' + b"x" * 9000 + b'\n{"version":"\\u0000\\\n')
    assert done.returncode == 0 and "\0" not in done.stdout


def test_in_the_program_for_less_there_are_none():
    less = os.environ.get("ANKLET_LESS", str(program.ROOT / "build" / "less" / "anklet"))
    if not pathlib.Path(less).exists():
        pytest.skip("it is not built")
    done = program.run("status", program=less)
    assert done.returncode == EXIT_USAGE and 'what is "status"?' in done.stderr
