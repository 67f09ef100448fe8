"""Limits: of time, of sessions, of descriptors. What is over ends, what waits is served, nothing spins."""
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

import peers
import program
import socks4
from dns_server import Name

SESSIONS = program.built_size("CONFIG_ANKLET_SESSIONS")


@pytest.fixture
def server():
    return peers.listener(backlog=1024)


# ---- Time ----
#
# A limit of one second, where another one, or none, would take longer than a wait here may last.

def ends_after(seconds, begun, sock):
    """Does sock end, and no sooner than so long after begun?"""
    return peers.end_of(sock) in ("EOF", "RESET") and time.monotonic() - begun > seconds - 0.01

@pytest.mark.parametrize("begin", [b"", b"\x04", b"\x04\x01\x00\x50\x7f\x00\x00\x01user"])
def test_handshake(anklet, begin):
    program = anklet("--limit-handshake", "1s")
    begun = time.monotonic()
    client = peers.dial(program.address)
    client.sendall(begin)
    assert ends_after(1, begun, client)
    program.wait_log("handshake")


def test_bytes_do_not_extend_the_handshake(anklet):
    proxy, begun = anklet("--limit-handshake", "1s").address, time.monotonic()
    client = peers.dial(proxy)
    client.sendall(b"\x04\x01\x00\x50\x7f\x00\x00\x01")
    for _ in range(200):  # fewer than a userid may have
        if not peers.silent_for(client, 0.1):
            break
        client.sendall(b"u")
    else:
        raise AssertionError("each byte gives it more time")
    assert ends_after(1, begun, client)


def test_idle(anklet, server):
    """Bytes either way, each in time, keep it for longer than the limit."""
    program = anklet("--limit-idle", "1s")
    for _ in range(20):
        begun, ends = kept_awake(program.address, server, 1)
        if begun:
            break
    assert begun, "this machine is never in time"
    assert ends_after(1, begun, ends[0])
    assert peers.end_of(ends[1]) in ("EOF", "RESET")
    program.wait_log("idle")


def kept_awake(proxy, server, limit):
    """A session with four bytes, 0.4 s apart: when the last one was sent, or None if one was late, and its ends."""
    last = time.monotonic()
    ends = socks4.session(proxy, server)
    for i in range(4):
        begun = time.monotonic()
        try:
            ends[i % 2].sendall(b"x")
            assert peers.read_exactly(ends[1 - i % 2], 1) == b"x"
        except (EOFError, ConnectionError):
            assert time.monotonic() - last >= limit, "it ends in spite of them"
            return None, ends
        last = begun
        time.sleep(0.4)
    return last, ends


@pytest.mark.parametrize("who", ["client", "server"])
def test_half_closed(anklet, server, who):
    program = anklet("--limit-half-closed", "1s", "--limit-idle", "0")

    def half_closed():
        client, end = socks4.session(program.address, server)
        near, far = (client, end) if who == "client" else (end, client)
        near.shutdown(1)
        assert peers.read_all(far) == b""
        time.sleep(0.5)
        begun = time.monotonic()
        far.sendall(b"still there")
        assert peers.read_exactly(near, 11) == b"still there"
        return begun, near

    assert ends_after(1, *peers.in_time(half_closed, 1))


def test_no_idle_limit(anklet, server):
    client = socks4.connect(anklet("--limit-idle", "0").address, peers.port_of(server))
    assert peers.silent_for(client, 1.5)


# ---- Sessions ----

def test_limit_client_closes_at_accept(anklet, server):
    proxy = anklet("--limit-client", "2").address
    first = [socks4.connect(proxy, peers.port_of(server), source="127.0.0.7") for _ in range(2)]
    over = peers.dial(proxy, "127.0.0.7")
    assert peers.end_of(over) in ("EOF", "RESET")
    socks4.connect(proxy, peers.port_of(server), source="127.0.0.8")
    first[0].close()
    peers.accept(server).close()
    assert peers.until(lambda: socks4.serves(proxy, source="127.0.0.7"))


def test_400_sessions_at_once(anklet):
    """The soft limit of descriptors is less than that takes: the program raises it."""
    wrapper = ["sh", "-c", 'ulimit -S -n 256; exec "$@"', "sh"]
    program, server = anklet("--limit-client", "0", wrapper=wrapper), peers.echo_server()
    program.signal(signal.SIGSTOP)  # so that all of them wait: a backlog too small connects fewer
    try:
        clients = [socks4.send(program.address, server.port) for _ in range(400)]
    finally:
        program.signal(signal.SIGCONT)
    for client in clients:
        assert socks4.read_reply(client).cd == socks4.GRANTED
    assert peers.until(lambda: server.accepted == 400)
    for i, client in enumerate(clients):
        client.sendall(b"session %03d" % i * 50)
    for i, client in enumerate(clients):
        assert peers.read_exactly(client, 550) == b"session %03d" % i * 50


def test_a_full_table_makes_the_rest_wait(anklet, server):
    more = 20
    program = anklet("--limit-client", "0", "--limit-handshake", "60s")
    proxy = program.address
    idle = program.descriptors()
    holding = [peers.dial(proxy) for _ in range(SESSIONS)]
    assert peers.until(lambda: program.descriptors() == idle + SESSIONS)
    waiting = [socks4.send(proxy, peers.port_of(server)) for _ in range(more)]
    assert program.cpu_during(0.5) < 0.1
    assert all(peers.silent_for(client, 0) for client in waiting)
    freed = time.monotonic()
    for client in holding[:more]:
        client.close()
    for client in waiting:
        assert socks4.read_reply(client).cd == socks4.GRANTED
    assert time.monotonic() - freed < more / 2, "each waits for the next look at the listener"
    ends = [peers.accept(server) for _ in range(more)]
    for i, client in enumerate(waiting):
        client.sendall(b"%02d" % i)
    assert {peers.read_exactly(end, 2) for end in ends} == {b"%02d" % i for i in range(more)}


def test_waiting_costs_nothing(anklet, dns, server):
    """A session in every state that waits, data unread and unsent included: the program sleeps."""
    dns.zone["slow.example.test"] = Name(silent=True)
    program = anklet(*dns.option)
    proxy = program.address
    peers.dial(proxy).sendall(b"\x04\x01")
    socks4.send(proxy, peers.full_queue(), early=b"early" * 1000)
    socks4.ask(proxy, 21, "127.0.0.5", cd=socks4.BIND, early=b"early" * 1000)
    socks4.send(proxy, 80, name="slow.example.test", early=b"early" * 1000)
    for full in ((), (0,), (1,), (0, 1)):
        ends = socks4.session(proxy, server)
        for which in full:
            peers.stuff(ends[which])
    for which in (0, 1):
        ends = socks4.session(proxy, server)
        ends[which].shutdown(1)
        peers.stuff(ends[1 - which])
    refused, _ = socks4.ask(proxy, 80, cd=9)
    assert program.cpu_during(1) < 0.1


# ---- Descriptors ----

def few_descriptors(count):
    return ["sh", "-c", f'ulimit -n {count}; exec "$@"', "sh"]


def sessions_at_once(program):
    return int(program.wait_log(r"up to (\d+) sessions at once").group(1))


@pytest.mark.parametrize("limit", [20, 40, 300])
def test_as_many_sessions_as_fit_the_descriptors(anklet, limit):
    """The start says so, and what would be needed for more; who comes then waits, and nobody is refused."""
    program, server = anklet("--limit-client", "0", wrapper=few_descriptors(limit)), peers.echo_server()
    fit = sessions_at_once(program)
    assert limit // 5 < fit < limit // 2
    program.wait_log(rf"warning: there are too few descriptors for more than {fit} sessions: "
                     rf"for all {SESSIONS} raise the hard limit on open files \(ulimit -Hn\) to \d+")
    clients = [socks4.send(program.address, server.port) for _ in range(2 * fit)]
    for client in clients[:fit]:
        assert socks4.read_reply(client).cd == socks4.GRANTED
    assert program.cpu_during(0.5) < 0.1
    assert all(peers.silent_for(client, 0) for client in clients[fit:])
    for client in clients[:fit]:
        client.close()
    for client in clients[fit:]:
        assert socks4.read_reply(client).cd == socks4.GRANTED
    assert "refused" not in program.log


def test_shares_fit_the_descriptors(anklet):
    program = anklet("--limit-handshake", "10m", wrapper=few_descriptors(40))
    fit = sessions_at_once(program)
    silent = [peers.dial(program.address, source="127.0.0.2") for _ in range(fit)]
    program.wait_log(rf"this client has all of its {(fit + 1) // 2} sessions")
    assert peers.until(lambda: sum(not peers.silent_for(sock, 0) for sock in silent) == fit // 2)
    assert socks4.serves(program.address, source="127.0.0.3")


def test_enough_descriptors_are_not_spoken_of(anklet):
    program = anklet()
    assert sessions_at_once(program) == SESSIONS
    assert "descriptors" not in program.log


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit() is Linux'")
def test_no_descriptors_left(anklet, server):
    """More clients than descriptors, of which there were more at the start: it does not spin, and goes on afterwards."""
    program = anklet("--limit-client", "0")
    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (40, 40))
    clients = [socks4.send(program.address, peers.port_of(server)) for _ in range(80)]
    assert peers.until(lambda: len(os.listdir(f"/proc/{program.pid}/fd")) >= 38)
    assert program.cpu_during(1) < 0.2
    for client in clients:
        client.close()
    assert peers.until(lambda: socks4.serves(program.address))


def test_descriptors_past_the_size_of_a_set(anklet, server):
    """1200 descriptors are open when it starts, so all of its own lie beyond FD_SETSIZE."""
    launch = ("import fcntl, os, sys\n"
              "null = os.open('/dev/null', os.O_RDONLY)\n"
              "for _ in range(1200): fcntl.fcntl(null, fcntl.F_DUPFD, 3)\n"
              "os.execv(sys.argv[1], sys.argv[1:])\n")
    program = anklet(wrapper=[sys.executable, "-c", launch])
    client, end = socks4.session(program.address, server)
    client.sendall(b"far out")
    assert peers.read_exactly(end, 7) == b"far out"
    end.sendall(b"and back")
    assert peers.read_exactly(client, 8) == b"and back"


def test_sessions_leave_nothing_behind(anklet):
    """A few hundred sessions that end in every way: as many descriptors as before."""
    program, server = anklet("--limit-client", "0"), peers.echo_server()
    proxy, dead, idle = program.address, peers.nobody(), program.descriptors()
    for i in range(60):
        client = socks4.connect(proxy, server.port)
        client.sendall(b"x" * i)
        peers.reset(client) if i % 2 else client.close()
        socks4.refused(proxy, dead)
        socks4.send(proxy, 80, cd=7).close()
        peers.dial(proxy).close()
        socks4.send(proxy, 21, cd=socks4.BIND).close()
    assert peers.until(lambda: program.descriptors() == idle)


@pytest.mark.skipif(sys.platform != "linux", reason="ss is Linux'")
def test_silent_peers_are_probed(anklet, server, tool):
    """With limit-idle 0 nothing else would find out that one is gone. The server's side is told so a little later."""
    def timers():
        shown = subprocess.run([tool("ss"), "-tnopH", "state", "established"], stdout=subprocess.PIPE, timeout=30, text=True)
        own = [line for line in shown.stdout.splitlines() if f"pid={program.process.pid}," in line]
        assert len(own) == 2 and kept
        return ["timer:(keepalive,1min" in line or "timer:(keepalive,2min" in line for line in own]

    program = anklet("--limit-idle", "0")
    kept = socks4.session(program.address, server)
    assert peers.until(lambda: all(timers()))


@pytest.mark.parametrize("rate", [(), ("--limit-rate", "up 1kB/s down 1kB/s")], ids=["moving", "resting"])
@pytest.mark.parametrize("who", ["client", "server"])
def test_a_peer_that_no_longer_answers(anklet, namespace, who, rate):
    """Without a reset, which nobody has sent: the log says who was lost, and the other one is reset."""
    near, far = namespace(), namespace()
    near.wire(far, ["192.0.2.1/24"], ["192.0.2.2/24"])
    subprocess.run(near.command("sh", "-c", "echo 1 >/proc/sys/net/ipv4/tcp_retries2"), check=True, timeout=30)
    there = {who: far}
    at = "192.0.2.2" if who == "server" else "192.0.2.1"
    program = anklet("--listen", "192.0.2.1:0", "--allow", f"to {at}", *rate, ns=near)
    listening = peers.listener(at, ns=there.get("server", near))
    client = socks4.connect(program.address, peers.port_of(listening), at, ns=there.get("client", near))
    kept, lost = (client, peers.accept(listening))[::1 if who == "server" else -1]
    lost.sendall(b"x" * 9000)
    peers.read_exactly(kept, 250)
    far.ip("link", "set", "eth0", "down")
    kept.sendall(b"x" * 9000)
    program.wait_log(f"session 1 .*: aborted, the {who} was lost, up ")
    assert peers.end_of(kept) == "RESET"
