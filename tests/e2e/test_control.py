"""Control: the socket with a path, who may open it and what he may do."""
import os
import pathlib
import pwd
import re
import shutil
import socket
import stat
import subprocess

import pytest

import http_client
import peers
import program
import socks4


@pytest.fixture
def control(anklet, tmp_path):
    """start(*args): the program with a socket of control, whose path is in .path."""

    def start(*args, **more):
        path = str(tmp_path / "control.sock")
        one = anklet("--control", path, *args, **more)
        one.path = path
        one.wait_log(rf"listening on control {re.escape(path)} for commands")
        return one

    return start


def post(path, target):
    answer = http_client.ask(path, target, method="POST")
    return answer.status, answer.body.decode().strip()


def test_all_of_the_status_and_any_host(control):
    proxy = control()
    client = socks4.session(proxy.address, peers.listener(), userid=b"me")
    for target in ("/status", "/metrics", "/refusals"):
        assert http_client.ask(proxy.path, target, Host="x.example").status == 200
    (one,) = http_client.get_json(proxy.path, "/sessions")["list"]
    assert one["user"] == "me" and client


def test_one_session_is_ended(control):
    proxy = control()
    (client, end), (other, other_end) = (socks4.session(proxy.address, peers.listener()) for _ in range(2))
    assert post(proxy.path, "/end?session=1") == (200, "1 session ended")
    assert peers.end_of(client) == "RESET" and peers.end_of(end) == "RESET"
    other.sendall(b"x")
    assert peers.read_exactly(other_end, 1) == b"x"
    proxy.wait_log("session 1 .*: aborted, ended by hand")
    proxy.wait_log("control: 1 session ended")
    assert post(proxy.path, "/end?session=1") == (404, "there is no such session")


@pytest.mark.parametrize("query", ["", "?session=x", "?client=x", "?session=1&client=x", "?session=1&client=127.0.0.1"])
def test_nothing_is_ended_by_half_of_what_is_said(control, query):
    proxy = control()
    client, _ = socks4.session(proxy.address, peers.listener())
    assert post(proxy.path, f"/end{query}") == (400, "write session=NUMBER or client=ADDRESS")
    assert peers.silent_for(client, 0)


def test_all_of_an_address_are_ended_whatever_they_are_at(control):
    proxy, server = control(), peers.listener()
    mine = [peers.dial(proxy.address, source="127.0.0.7") for _ in range(2)]
    mine += [socks4.connect(proxy.address, peers.port_of(server), source="127.0.0.7")]
    other = socks4.connect(proxy.address, peers.port_of(server), source="127.0.0.8")
    assert peers.until(lambda: http_client.get_json(proxy.path, "/status")["sessions"]["now"] == 4)
    assert post(proxy.path, "/end?client=127.0.0.7") == (200, "3 sessions ended")
    assert [peers.end_of(one) for one in mine] == ["RESET"] * 3
    assert peers.silent_for(other, 0.1)


@pytest.mark.parametrize("target, status", [
    ("/end", 400), ("/end?session=x", 400), ("/end?client=nobody", 400), ("/end?session=99999999999", 400),
    ("/log", 400), ("/log?level=loud", 400), ("/nothing", 405), ("/status", 405),
])
def test_what_cannot_be_done(control, target, status):
    answer = post(control().path, target)
    assert answer[0] == status and answer[1]


@pytest.mark.parametrize("method, target, allow", [
    ("GET", "/end", "POST"), ("GET", "/log?level=debug", "POST"), ("HEAD", "/reload", "POST"), ("POST", "/metrics", "GET, HEAD"),
])
def test_what_is_asked_for_otherwise(control, method, target, allow):
    answer = http_client.ask(control().path, target, method=method)
    assert (answer.status, answer.head["Allow"]) == (405, allow)


def test_the_level_of_the_log(control):
    proxy = control()
    assert post(proxy.path, "/log?level=error") == (200, "log error")
    assert socks4.serves(proxy.address) and "granted" not in proxy.log
    assert post(proxy.path, "/log?level=debug") == (200, "log debug")
    assert http_client.get_json(proxy.path, "/status")["log"]["level"] == "debug"
    assert socks4.serves(proxy.address)
    proxy.wait_log("state relay")


def test_the_mode_and_the_end_of_the_socket(control):
    proxy = control()
    assert stat.S_IMODE(os.stat(proxy.path).st_mode) == 0o660
    held = socks4.session(proxy.address, peers.listener())
    proxy.signal(15)
    proxy.wait_log("no new clients")
    assert peers.until(lambda: not os.path.exists(proxy.path)) and proxy.alive()
    for end in held:  # the last session, with which the drain ends
        end.close()
    assert proxy.wait() == 0


def test_a_leftover_is_replaced(control, tmp_path):
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "control.sock"))
    left.close()
    assert http_client.get_json(control().path, "/status")["v"] == 1


@pytest.mark.parametrize("there, why", [
    ("file", "somebody listens there, or it is not a socket"),
    ("listener", "somebody listens there, or it is not a socket"),
    ("no directory", "there is no such directory"),
    ("long", "the path of a socket has at most 107 bytes"),
])
def test_where_there_can_be_no_socket(tmp_path, there, why):
    path = tmp_path / "control.sock"
    listening = socket.socket(socket.AF_UNIX)
    if there == "file":
        path.write_text("mine")
    elif there == "listener":
        listening.bind(str(path))
        listening.listen()
    elif there == "no directory":
        path = tmp_path / "none" / "control.sock"
    else:
        path = tmp_path / ("x" * 108)
    done = [program.run(*check, "-l", "127.0.0.1:0", "--control", str(path)) for check in ((), ("-t",))]
    listening.close()
    assert done[0].returncode == program.CONFIG
    assert done[0].stderr.strip() == f"anklet: control {path}: {why}"
    if there == "listener":  # which may be the one that is to read the configuration again
        assert done[1].returncode == 0 and done[1].stderr == ""
    else:
        assert (done[1].returncode, done[1].stderr) == (program.CONFIG, done[0].stderr)
    assert there != "file" or path.read_text() == "mine"
    assert there != "listener" or path.exists()


def test_a_directory_that_may_not_be_written_to(tmp_path, as_nobody):
    tmp_path.chmod(0o755)
    done = as_nobody(program.PATH, "-t", "--control", str(tmp_path / "control.sock"))
    assert done.returncode == program.CONFIG and "its directory does not permit it" in done.stderr
    tmp_path.chmod(0o777)
    assert as_nobody(program.PATH, "-t", "--control", str(tmp_path / "control.sock")).returncode == 0
    assert not os.listdir(tmp_path)


@pytest.fixture
def as_nobody(tmp_path):
    """as_nobody(*command): runs it as that user, who gets into the directory of the test."""
    if os.geteuid() != 0:
        pytest.skip("it takes root to become somebody else")
    for at in (tmp_path, *list(tmp_path.parents)[:2]):
        at.chmod(0o755)

    def run(*command):
        return subprocess.run(command, user="nobody", group="nogroup", extra_groups=[], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=peers.LIMIT, check=False)

    return run


@pytest.mark.parametrize("his", [True, False])
def test_the_socket_is_the_users_that_root_becomes(control, tmp_path, as_nobody, his):
    """He can ask there; and where the directory is his, too, the socket is gone at the end."""
    if his:
        shutil.chown(tmp_path, "nobody")
    proxy = control("--user", "nobody")
    status = os.stat(proxy.path)
    assert (status.st_uid, status.st_gid) == (pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    assert stat.S_IMODE(status.st_mode) == 0o660
    done = as_nobody(program.PATH, "log", "debug", "-S", proxy.path)
    assert (done.returncode, done.stdout) == (0, "log debug\n"), done.stderr
    checked = program.run("-t", "--control", proxy.path, "--user", "nobody")
    assert ("warning: user nobody cannot do what a reload or the end needs: control" in checked.stderr) != his
    proxy.signal(15)
    proxy.wait()
    assert os.path.exists(proxy.path) != his
    assert http_client.get_json(control().path, "/status")["v"] == 1, "what was left is no obstacle"


def test_another_user_may_look_at_most(control):
    if os.geteuid() != 0:
        pytest.skip("it takes root to become somebody else")
    proxy = control()
    os.chmod(proxy.path, 0o666)
    for at in list(pathlib.Path(proxy.path).parents)[:3]:
        at.chmod(0o755)
    answer = []

    def other():
        os.setresuid(-1, 65534, -1)
        try:
            answer.append(http_client.ask(proxy.path, "/status").status)
            answer.append(http_client.ask(proxy.path, "/end?session=1", method="POST").status)
        finally:
            os.setresuid(-1, 0, -1)

    other()
    assert answer == [200, 403]


def test_one_place_is_kept_for_control(control):
    proxy = control("--status", "tcp://127.0.0.1:0")
    place = proxy.addresses(2)[1]
    silent = [peers.dial(place) for _ in range(3)]
    for one in silent:
        one.sendall(b"GET")
    assert http_client.get_json(proxy.path, "/status")["v"] == 1
    assert not any(peers.readable(one, 0) for one in silent), "none of them had to be over for that"
