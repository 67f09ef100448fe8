"""The log: what it says of a session, what it leaves out, and that it holds nobody up."""
import fcntl
import os
import re
import select
import signal
import socket
import time

import pytest

import peers
import socks4
from dns_server import Name


@pytest.fixture
def server():
    return peers.listener()


def test_a_session_ends_with_one_line_of_what_it_was(anklet, server):
    one = anklet()
    client, end = socks4.session(one.address, server, userid=b"fred")
    client.sendall(b"u" * 1234)
    assert len(peers.read_exactly(end, 1234)) == 1234
    end.sendall(b"d" * 54321)
    assert len(peers.read_exactly(client, 54321)) == 54321
    client.close()
    end.close()
    line = one.wait_log(r"[^\n]*\b1234\b[^\n]*").group(0)
    assert "54321" in line


def test_a_refusal_is_logged_with_its_reason(anklet):
    one = anklet()
    port = peers.nobody()
    socks4.refused(one.address, port, userid=b"fred")
    line = one.wait_log(rf"[^\n]*127\.0\.0\.1:{port}[^\n]*").group(0)
    one.wait_log("refused")
    assert "127.0.0.1" in line


NASTY = b'a\r\nb\x1b[31m%s%n%1000000d"\\\x00'[:-1] + bytes(range(0x80, 0x100))


def test_what_clients_send_is_harmless_in_the_log(anklet, dns, server):
    dns.zone["ok.example.test"] = Name(a=["127.0.0.1"])
    one = anklet(*dns.option, "--log", "debug")
    client, end = socks4.session(one.address, server, userid=NASTY)
    socks4.refused(one.address, 80, userid=NASTY, name=b"%s%n\xff\xfe.example.test")
    client.close()
    end.close()
    line = one.wait_log(r"[^\n]*a\\x0d\\x0ab\\x1b\[31m%s%n%1000000d\\\"\\\\[^\n]*").group(0)
    assert "\\xff" in line
    assert not re.search(r"[^\x20-\x7e\n]", one.log)


def fill(writer):
    """Fills a pipe. Through a description of its own: O_NONBLOCK must not show in the program's."""
    own = os.open(f"/proc/self/fd/{writer}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(own, b"." * 512 + b"\n")
    except BlockingIOError:
        pass
    finally:
        os.close(own)


def a_session(address, server):
    client, end = socks4.session(address, server)
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"
    client.close()
    end.close()


def read_until(fd, pattern, text=b"", limit=peers.LIMIT):
    """Reads from a pipe until the pattern has come, perhaps in text already: the match, or None in the end."""
    end = time.monotonic() + limit
    while not re.search(pattern, text) and time.monotonic() < end:
        text += read_now(fd, 0.1)
    return re.search(pattern, text)


def read_now(fd, wait=0):
    """What a pipe has."""
    text = b""
    while select.select([fd], [], [], 0 if text else wait)[0]:
        text += os.read(fd, 65536)
    return text


@pytest.fixture
def pipe():
    ends = list(os.pipe())
    yield ends
    for fd in ends:
        if fd is not None:
            os.close(fd)


@pytest.fixture
def piped(anklet, pipe):
    """The program with its log in a pipe of ours."""
    reader, writer = pipe
    one = anklet(stderr=writer)
    one.address = "127.0.0.1", int(read_until(reader, rb"listening on 127\.0\.0\.1:(\d+)").group(1))
    return one


def test_a_log_reader_that_stalls_stops_nobody(piped, server, pipe):
    """Its stderr is a full pipe: it must not wait, nor make the pipe non-blocking for those who share it."""
    reader, writer = pipe
    a_session(piped.address, server)
    fill(writer)
    for _ in range(50):
        a_session(piped.address, server)
    assert not fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK
    text = read_now(reader)
    a_session(piped.address, server)
    assert read_until(reader, rb"[1-9]\d* log lines were dropped", text)


def test_a_log_reader_that_goes_stops_nobody(piped, server, pipe):
    """No SIGPIPE."""
    for fd in pipe:
        os.close(fd)
    pipe[:] = [None, None]
    for _ in range(5):
        a_session(piped.address, server)


def test_a_log_of_every_step(anklet):
    """
    With 'log debug' each state and each address that fails has a line. What comes from SOCKS4 first is its request: that
    is no state of its own.
    """
    proxy = anklet("--log", "debug")
    assert socks4.refused(proxy.address, 9, name="localhost") == socks4.REJECTED
    for step in ("state resolve", "state connect", "127.0.0.1 failed, connection refused", "state drain"):
        assert proxy.wait_log(step), step


def test_one_client_does_not_fill_the_log(anklet, server):
    """By default; the budget of another client is another one, and what was not logged is counted."""
    one = anklet("--deny", "from 127.0.0.1", "--allow", "from 127.0.0.2")
    for number in range(1, 1201):
        assert socks4.refused(one.address, 80, userid=b"\xff" * 255, name=b"\xff" * 250 + b".test") == socks4.REJECTED
        if number % 20 == 0 and number <= 1000:
            one.wait_log(f" session {number} 127")  # a pipe holds some 40 of these lines: beyond them lines are dropped
    client, end = socks4.session(one.address, server, source="127.0.0.2")
    client.close()
    end.close()
    one.wait_log("session 1201 127.0.0.2:.* closed, both sides ended")
    one.signal(signal.SIGTERM)
    assert one.wait() == 0
    assert len(re.findall(r" session \d+ 127\.0\.0\.1:.*refused with 91, denied by rule 1 ", one.log)) == 1000
    one.wait_log(r"warning: 127\.0\.0\.1: and 200 more, the same again or beyond limit-log")
    one.wait_log("session 1201 127.0.0.2:.* granted")
    one.wait_log("stopping: clients 1201, granted 1, refused 1200")


def test_a_budget_of_lines_can_be_lifted(anklet):
    one = anklet("--deny", "", "--limit-log", "0")
    for _ in range(1100):
        socks4.refused(one.address, 80)
    one.wait_log("session 1100 .*refused with 91, denied by rule 1 ")
    assert len(re.findall(" refused with 91, denied by rule 1 ", one.log)) == 1100


def leave(sock, how):
    """As a port scanner, a health check, and a browser that has a connection too many do."""
    if how == "half-closes":
        sock.shutdown(socket.SHUT_WR)
        assert peers.read_all(sock) == b""
    if how == "resets":
        peers.reset(sock)
    sock.close()


@pytest.mark.parametrize("how", ["closes", "half-closes", "resets"])
@pytest.mark.parametrize("secure", [False, True])
def test_who_leaves_before_a_request_is_not_refused(anklet, server, request, how, secure):
    """It is counted, and said with 'log debug' alone."""
    where = "127.0.0.1:0"
    if secure:
        request.getfixturevalue("with_tls")
        pair = request.getfixturevalue("certs").server
        where = f"tls://127.0.0.1:0?cert={pair.cert}&key={pair.key}"
    logs = []
    for level in ("info", "debug"):
        one = anklet("--listen", "127.0.0.1:0", "--listen", where, "--log", level)
        plain, at = one.addresses(2)
        for _ in range(3):
            leave(peers.dial(at), how)
        last = peers.dial(at)  # whose turn comes after theirs
        last.sendall(b"\xff" * 8)
        assert peers.end_of(last) in ("EOF", "RESET")
        socks4.session(plain, server)
        one.signal(signal.SIGINT)
        assert one.wait() == 0
        one.wait_log("stopping: clients 5, granted 1, refused 1, left without a request 3")
        logs.append(one.log)
    assert len(set(re.findall(r" session (\d+) ", logs[0]))) == 2
    assert len(re.findall(r"debug: session \d 127.0.0.1:\d+: the client left before its request after \d+ms", logs[1])) == 3


def test_who_leaves_within_a_request_is_refused(anklet):
    one = anklet()
    client = peers.dial(one.address)
    client.sendall(b"\x04")
    client.shutdown(socket.SHUT_WR)
    assert peers.read_exactly(client, 8)[1] == socks4.REJECTED
    one.wait_log("refused with 91, the client ended before its request was whole")


def test_a_quiet_log(anklet, server, pipe):
    """With 'log warning' sessions are not mentioned, and what goes wrong is."""
    port = peers.reserve()
    quiet = anklet("--listen", f"127.0.0.1:{port}", "--log", "warning", "--limit-client", "2", stderr=pipe[1])
    quiet.address = "127.0.0.1", port
    assert peers.until(lambda: not peers.closed(quiet.address))
    assert peers.until(lambda: socks4.serves(quiet.address))
    clients = [peers.dial(quiet.address) for _ in range(3)]
    assert peers.read_all(clients[2]) == b""
    text = read_until(pipe[0], rb"warning: 127\.0\.0\.1[^\n]*limit-client").string
    assert b"granted" not in text and b"listening" not in text


def test_refusals_by_rule_alone(anklet, server, pipe):
    """With 'log refused' what the rules refuse is logged, and no other session."""
    port = peers.reserve()
    one = anklet("--listen", f"127.0.0.1:{port}", "--log", "refused", "--deny", "to *:9", "--allow", "to *",
                 stderr=pipe[1])
    one.address = "127.0.0.1", port
    assert peers.until(lambda: not peers.closed(one.address))
    client, end = socks4.session(one.address, server)
    client.close()
    end.close()
    socks4.refused(one.address, peers.nobody())
    socks4.refused(one.address, 9, userid=b"fred")
    said = rb'connect 127\.0\.0\.1:9 user "fred": refused with 91, denied by rule 1'
    text = read_until(pipe[0], said).string
    assert not re.search(b"granted|closed, |connection refused|listening on", text), text


def test_the_totals_come_last(anklet, server):
    one = anklet("--limit-log", "1")
    sessions = [socks4.session(one.address, server) for _ in range(3)]
    one.signal(signal.SIGINT)
    assert one.wait() == 0
    assert len(sessions) == 3 and "more, the same again" in one.log
    assert re.search(r"stopping: clients 3, granted 3, refused 0, left without a request 0$", one.log.strip())
