"""Forwards of datagrams, with a real name server behind them and sockets that look at who answers."""
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

import peers
import program
from dns_server import TYPE_A, Name, encode_name

WEB = "web.example.test"
PLACE = re.compile(r"forwarding datagrams from (\S+:\d+) to")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this host has no ::1")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is not everywhere")


def udp(host="127.0.0.1", port=0, ns=None, scope=0):
    """A socket for datagrams, bound."""
    sock = peers.new_socket(peers.family_of(host), socket.SOCK_DGRAM, ns=ns)
    sock.bind((host, port, 0, scope) if scope else (host, port))
    return sock


def start(anklet, here, upstream, *args, **more):
    """A program with that forward: the program, and the ports where it listens for datagrams."""
    one = anklet("--forward", f"udp://{here}:0 udp://{upstream}", *args, **more)
    one.wait_log(PLACE.pattern)
    return one, [program.address_of(at)[1] for at in PLACE.findall(one.log)]


def asks(sock, to, name=WEB):
    """Asks a name server there for the name's address: the answer, and who gave it."""
    question = encode_name(name) + struct.pack("!HH", TYPE_A, 1)
    sock.sendto(struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + question, to)
    answer, sender = sock.recvfrom(4096)
    assert answer[:2] == b"\x12\x34" and question in answer
    return socket.inet_ntoa(answer[-4:]), sender[:2]


def exchange(client, server, to, data=b"ping"):
    """There and back: the address that the proxy has for the server."""
    client.sendto(data, to)
    got, proxy = server.recvfrom(65536)
    assert got == data
    server.sendto(data[::-1], proxy)
    assert client.recvfrom(65536) == (data[::-1], to)
    return proxy


# ---- There and back ----

def test_a_name_server_behind_it(anklet, dns):
    dns.zone[WEB] = Name(a=["192.0.2.80"])
    _, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{dns.address[1]}")
    client = udp()
    for _ in range(5):
        assert asks(client, ("127.0.0.1", port)) == ("192.0.2.80", ("127.0.0.1", port))


def test_a_target_by_name(anklet, dns):
    server = udp()
    dns.zone[WEB] = Name(a=["127.0.0.1"])
    _, (port,) = start(anklet, "127.0.0.1", f"{WEB}:{peers.port_of(server)}", *dns.option)
    exchange(udp(), server, ("127.0.0.1", port))


def test_a_name_that_comes_late(anklet, dns):
    """What was sent before the name is known is not lost, and nobody spins meanwhile."""
    server, client = udp(), udp()
    dns.zone[WEB] = Name(a=["127.0.0.1"], delay={"A": 1.0, "AAAA": 1.0})
    one, (port,) = start(anklet, "127.0.0.1", f"{WEB}:{peers.port_of(server)}", *dns.option)
    client.sendto(b"early", ("127.0.0.1", port))
    assert one.cpu_during(0.5) < 0.2
    assert server.recv(100) == b"early"


@needs_ipv6
@pytest.mark.parametrize("here, there", [("::1", "::1"), ("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_each_family_on_either_side(anklet, here, there):
    server, client = udp(there), udp(here)
    bracketed = {"::1": "[::1]", "127.0.0.1": "127.0.0.1"}
    _, (port,) = start(anklet, bracketed[here], f"{bracketed[there]}:{peers.port_of(server)}")
    client.sendto(b"ping", (here, port))
    got, proxy = server.recvfrom(100)
    assert got == b"ping"
    server.sendto(b"pong", proxy)
    got, sender = client.recvfrom(100)
    assert got == b"pong" and sender[:2] == (here, port)


@needs_linux
def test_replies_leave_from_the_address_that_was_asked(anklet):
    server, client = udp(), udp()
    one, ports = start(anklet, "*", f"127.0.0.1:{peers.port_of(server)}")
    first = exchange(client, server, ("127.0.0.1", ports[0]))
    second = exchange(client, server, ("127.0.0.2", ports[0]))
    assert first != second  # two addresses asked are two flows
    assert exchange(client, server, ("127.0.0.1", ports[0])) == first
    one.wait_log("(?s)begun with.*begun with")
    assert len(re.findall("begun with", one.log)) == 2


@needs_ipv6
def test_everywhere_is_one_port_of_both_families(anklet):
    server, client = udp(), udp("::1")
    _, ports = start(anklet, "*", f"127.0.0.1:{peers.port_of(server)}")
    assert len(ports) == 2 and ports[0] == ports[1]
    client.sendto(b"ping", ("::1", ports[1]))
    _, proxy = server.recvfrom(100)
    server.sendto(b"pong", proxy)
    got, sender = client.recvfrom(100)
    assert got == b"pong" and sender[:2] == ("::1", ports[1])


def test_link_local_addresses_on_both_sides(anklet, namespace, tmp_path):
    """Client and upstream are known by an address and an interface; so is what was asked."""
    mine, theirs = namespace(), namespace()
    mine.wire(theirs, ["fe80::1/64"], ["fe80::2/64"])
    conf = tmp_path / "anklet.conf"
    conf.write_text("listen 127.0.0.1:0\nallow to fe80::2\n"
                    "forward udp://*:5353 udp://[fe80::2%eth0]:7000\n")
    one = anklet("-c", str(conf), ns=mine)
    one.wait_log(r"datagrams from \[::\]:5353")
    scope = theirs.index("eth0")
    client, server = udp("fe80::2", ns=theirs, scope=scope), udp("fe80::2", 7000, theirs, scope)
    client.sendto(b"ping", ("fe80::1", 5353, 0, scope))
    got, proxy = server.recvfrom(100)
    assert got == b"ping" and proxy[0].startswith("fe80::1")
    server.sendto(b"pong", proxy)
    got, sender = client.recvfrom(100)
    assert got == b"pong" and sender[0].startswith("fe80::1") and sender[1] == 5353


def test_each_client_has_its_own(anklet):
    server = udp()
    _, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}")
    clients = [udp() for _ in range(10)]
    known = [exchange(c, server, ("127.0.0.1", port), b"%d" % i) for i, c in enumerate(clients)]
    assert len(set(known)) == 10
    for i, proxy in reversed(list(enumerate(known))):
        server.sendto(b"for %d" % i, proxy)
    for i, client in enumerate(clients):
        assert client.recv(100) == b"for %d" % i


def test_lengths(anklet):
    server, client = udp(), udp()
    longest = program.built_size("CONFIG_ANKLET_DATAGRAM")
    one, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}")
    for data in (b"", b"x", os.urandom(longest)):
        exchange(client, server, ("127.0.0.1", port), data)
    for _ in range(3):
        client.sendto(bytes(longest + 1), ("127.0.0.1", port))
    client.sendto(b"after it", ("127.0.0.1", port))
    assert server.recv(65536) == b"after it"
    one.signal(signal.SIGTERM)
    assert one.wait() == 0
    one.wait_log(r"up 4 of \d+ bytes, down 3 of \d+ bytes, dropped 3,")
    assert one.log.count(f"refused, longer than {longest} bytes") == 1


def test_answers_that_are_too_long(anklet):
    """They are dropped, and one line says so."""
    server, client = udp(), udp()
    longest = program.built_size("CONFIG_ANKLET_DATAGRAM")
    one, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}")
    client.sendto(b"question", ("127.0.0.1", port))
    flow = server.recvfrom(100)[1]
    for data in (*[bytes(longest + 1)] * 3, b"answer"):
        server.sendto(data, flow)
    assert client.recv(65536) == b"answer"
    one.signal(signal.SIGTERM)
    assert one.wait() == 0
    one.wait_log(r"up 1 of 8 bytes, down 1 of 6 bytes, dropped 3,")
    assert one.log.count(f"refused, longer than {longest} bytes") == 1


# ---- Who is not heard ----

def test_only_the_target_is_heard(anklet):
    server, client, stranger = udp(), udp(), udp()
    _, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}")
    proxy = exchange(client, server, ("127.0.0.1", port))
    stranger.sendto(b"forged", proxy)
    assert peers.silent_for(client, 0.3)
    assert exchange(client, server, ("127.0.0.1", port)) == proxy


def test_a_closed_target_ends_nothing(anklet):
    server, client = udp(), udp()
    one, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}")
    proxy = exchange(client, server, ("127.0.0.1", port))
    place = server.getsockname()
    server.close()
    for _ in range(5):
        client.sendto(b"nobody hears this", ("127.0.0.1", port))
        time.sleep(0.02)
    server = udp(*place)
    assert exchange(client, server, ("127.0.0.1", port)) == proxy
    one.wait_log("begun with")
    assert len(re.findall("begun with", one.log)) == 1


# ---- Rules ----

@pytest.mark.parametrize("rules, why", [
    ("deny to 127.0.0.1\nallow\n", "denied by rule 1"),
    ("allow to 192.0.2.1\n", "no allow line matches"),
    ("allow ident\n", "identd"),
], ids=["deny", "none", "ident"])
def test_rules_decide(anklet, tmp_path, rules, why):
    server, client = udp(), udp()
    conf = tmp_path / "anklet.conf"
    conf.write_text(rules + "listen 127.0.0.1:0\n"
                    f"forward udp://127.0.0.1:0 udp://127.0.0.1:{peers.port_of(server)}\n")
    one = anklet("-c", str(conf))
    port = program.address_of(one.wait_log(PLACE.pattern).group(1))[1]
    for _ in range(20):
        client.sendto(b"let me in", ("127.0.0.1", port))
    one.wait_log("refused, .*" + why)
    assert peers.silent_for(server, 0.3)
    assert one.log.count("refused, ") == 1  # a flood of datagrams is no flood of lines


def test_it_does_not_turn_in_a_circle(anklet):
    probe, client = udp(), udp()
    port = peers.port_of(probe)
    probe.close()
    one = anklet("--forward", f"udp://127.0.0.1:{port} udp://127.0.0.1:{port}")
    client.sendto(b"round", ("127.0.0.1", port))
    one.wait_log("the proxy itself listens there")
    assert one.cpu_during(0.5) < 0.2


def test_two_that_are_each_others_upstream(anklet):
    """A datagram goes round until the flows that it begins are one client's share; then it is over."""
    probes = [udp(), udp()]
    ports = [peers.port_of(probe) for probe in probes]
    for probe in probes:
        probe.close()
    both = [anklet("--forward", f"udp://127.0.0.1:{ports[i]} udp://127.0.0.1:{ports[1 - i]}") for i in range(2)]
    for _ in range(3):
        udp().sendto(b"round", ("127.0.0.1", ports[0]))
    assert peers.until(lambda: any("all of it waits for an answer" in one.log for one in both))
    assert all(one.cpu_during(0.5) < 0.2 for one in both)
    # Not one line a round: those of flows that began, and one that says why there are no more.
    assert sum(one.log.count("refused") for one in both) <= 2
    assert all(one.log.count("begun with") <= 100 for one in both)


def test_the_upstreams_own_address_begins_no_flow(anklet):
    server = udp()
    one, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}")
    server.sendto(b"from where it would go", ("127.0.0.1", port))
    one.wait_log("refused, it comes from where it would go")
    assert peers.silent_for(server, 0.3)
    exchange(udp(), server, ("127.0.0.1", port))


# ---- A flood ----

ECHO = """
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 7000))
print("ready", flush=True)
while True:
    data, peer = sock.recvfrom(100)
    sock.sendto(data, peer)
"""

# Sends from addresses of 198.18.0.0/15, all of which are this host's, as fast as told, for as long as told.
FLOOD = """
import random, socket, struct, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
rate, port, sent, begun = int(sys.argv[1]), int(sys.argv[2]), 0, time.monotonic()
while True:
    due = (time.monotonic() - begun) * rate
    sent = max(sent, int(due) - 100)  # whoever was kept from running does not make up for all of it at once
    while sent < due:
        source = bytes((198, 18 + random.getrandbits(1), random.getrandbits(8), random.getrandbits(8)))
        info = struct.pack("@I4s4s", 0, source, bytes(4))
        sock.sendmsg([b"forged %d" % sent], [(socket.IPPROTO_IP, 8, info)], 0, ("10.1.0.1", port))
        sent += 1
    time.sleep(0.001)
"""


# Answers everybody after 20 ms; says of each datagram of a good client when it was asked, and whether it was in time.
SLOW_ECHO = """
import collections, select, socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 7000))
print("ready", flush=True)
waiting = collections.deque()
while True:
    left = [max(0, waiting[0][0] - time.monotonic())] if waiting else []
    if select.select([sock], [], [], *left)[0]:
        data, peer = sock.recvfrom(100)
        waiting.append((time.monotonic() + 0.02, data, peer))
    while waiting and waiting[0][0] <= time.monotonic():
        due, data, peer = waiting.popleft()
        sock.sendto(data, peer)
        if data.startswith(b"good"):
            print(data.decode(), "late" if time.monotonic() - due > 0.005 else "answered", flush=True)
"""


@pytest.fixture
def flooded(anklet, namespace):
    """A program, with that upstream, whose forward 4,000 forged clients a second ask, each of its own address."""
    helpers = []

    def begin(echo):
        here, there = namespace(), namespace()
        here.wire(there, ["10.1.0.1/24"], ["10.1.0.2/24"])
        there.ip("route", "add", "local", "198.18.0.0/15", "dev", "lo")
        here.ip("route", "add", "198.18.0.0/15", "via", "10.1.0.2")
        one = anklet("--allow", "connect", "--forward", "udp://10.1.0.1:5353 udp://10.1.0.2:7000", ns=here)
        one.wait_log(PLACE.pattern)
        for script, args in ((echo, ["10.1.0.2"]), (FLOOD, ["4000", "5353"])):
            helpers.append(subprocess.Popen(there.command(sys.executable, "-c", script, *args),
                                            stdout=subprocess.PIPE, text=True))
        helpers[0].stdout.readline()
        one.wait_log("flows of datagrams are taken")
        return one, there, helpers[0]

    yield begin
    for helper in helpers:
        helper.kill()
        helper.wait()
        helper.stdout.close()


def ask(there, words, times):
    """A new client of that host, which asks so many times: how often it did before it was answered; 0: it was not."""
    client = udp("10.1.0.2", ns=there)
    client.settimeout(0.5)
    for i in range(times):  # what is lost is asked again, as by every client of a protocol over datagrams
        client.sendto(words, ("10.1.0.1", 5353))
        try:
            assert client.recv(100) == words
            return i + 1
        except TimeoutError:
            continue
    return 0


@needs_linux
def test_forged_clients_keep_nobody_out(flooded):
    """Sixty good clients, each new, are all answered."""
    one, there, _ = flooded(ECHO)
    assert all(ask(there, b"good %d" % i, 6) for i in range(60))
    assert one.log.count("begun with") <= 200  # a flood of datagrams is no flood of lines


@needs_linux
def test_a_slow_upstream_is_waited_for_in_a_flood(flooded):
    """
    What the upstream was asked and has answered in time reaches the client. What it was never asked, since the system's
    queue was full, and what was answered late by a machine with other things to do, is nobody's fault.
    """
    _, there, upstream = flooded(SLOW_ECHO)
    asked = [b"good %d" % i for i in range(60)]
    lost = [words.decode() for words in asked if not ask(there, words, 1)]
    upstream.terminate()
    in_time = set(re.findall(r"(good \d+) answered", upstream.stdout.read()))
    assert len(in_time) > 20
    assert len(in_time.intersection(lost)) <= 6  # it takes longer than the 20 ms which are all that a burst leaves


# ---- Limits ----

def test_an_idle_client_is_forgotten(anklet):
    server, client = udp(), udp()
    one, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}",
                         "--limit-datagrams", "1s")
    before = one.descriptors()
    first = peers.in_time(lambda: exchange(client, server, ("127.0.0.1", port)), 1)
    one.wait_log("ended, idle for limit-datagrams, up 1 of 4 bytes, down 1 of 4 bytes, dropped 0")
    assert peers.until(lambda: one.descriptors() == before)
    assert exchange(client, server, ("127.0.0.1", port)) != first


def test_a_full_table(anklet):
    """Half of it is one address's: then its own oldest is evicted, and everybody is served."""
    server = udp()
    size = program.built_size("CONFIG_ANKLET_UDP_FLOWS")
    one, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}")
    before = one.descriptors()
    for _ in range(size):
        exchange(udp(), server, ("127.0.0.1", port))
    one.wait_log("evicted for another of this client's")
    assert one.descriptors() - before == (size + 1) // 2


def test_a_taken_port_is_said_at_the_start():
    taken = udp()
    done = program.run("--forward", f"udp://127.0.0.1:{peers.port_of(taken)} udp://127.0.0.1:9")
    assert done.returncode != 0
    assert f"udp://127.0.0.1:{peers.port_of(taken)}" in done.stderr


def test_nothing_is_allocated(anklet):
    path = os.environ.get("ANKLET_NO_MALLOC")
    if not path:
        pytest.skip("ANKLET_NO_MALLOC is not set")
    server = udp()
    _, (port,) = start(anklet, "127.0.0.1", f"127.0.0.1:{peers.port_of(server)}", program=path)
    for _ in range(3):
        exchange(udp(), server, ("127.0.0.1", port))
