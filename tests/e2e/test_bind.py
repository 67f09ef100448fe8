"""BIND: two replies, the right peer and nobody else."""
import socket
import time

import pytest

import peers
import socks4
from dns_server import Name

PEER, STRANGER = "127.0.0.5", "127.0.0.6"


@pytest.fixture
def program(anklet):
    return anklet("--log", "debug")


@pytest.fixture
def proxy(program):
    return program.address


def bind(proxy, host=PEER, port=21, **more):
    """A BIND whose first reply must grant it: the client's socket, and where the peer is to connect."""
    client, reply = socks4.ask(proxy, port, host, cd=socks4.BIND, **more)
    assert reply.vn == 0 and reply.cd == socks4.GRANTED, f"{reply}"
    assert reply.port != 0
    return client, (reply.ip, reply.port)


def bind_refused(proxy, host=PEER, port=21, **more):
    return socks4.refused(proxy, port, host, cd=socks4.BIND, **more)


def nobody_listens(at, source=PEER):
    """Soon, that is: the reply may be here before the listener is closed."""
    return peers.until(lambda: peers.closed(at, source))


def test_both_replies_and_both_directions(proxy):
    client, at = bind(proxy)
    assert at[0].startswith("127.") and at[1] != proxy[1]
    assert peers.silent_for(client, 0.1), "the second reply came before the peer"
    peer = peers.dial(at, PEER)
    assert socks4.read_reply(client) == (0, socks4.GRANTED, peers.port_of(peer), PEER)
    peer.sendall(b"from the peer")
    assert peers.read_exactly(client, 13) == b"from the peer"
    client.sendall(b"from the client")
    assert peers.read_exactly(peer, 15) == b"from the client"
    peer.shutdown(socket.SHUT_WR)
    assert peers.read_all(client) == b""
    client.sendall(b"half-closed")
    client.close()
    assert peers.read_all(peer) == b"half-closed"


def test_the_port_asked_for_is_a_hint_only(proxy):
    for port in (0, 21, proxy[1]):
        client, at = bind(proxy, port=port)
        peers.dial(at, PEER)
        assert socks4.read_reply(client).cd == socks4.GRANTED


def test_the_wrong_peer(proxy):
    """91, both closed, and not a byte passed on."""
    client, at = bind(proxy)
    stranger = peers.dial(at, STRANGER)
    stranger.sendall(b"let me in")
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert peers.read_all(client) == b""
    assert peers.end_of(stranger) in ("EOF", "RESET")
    assert nobody_listens(at)


def test_only_the_first_connection_counts(proxy):
    client, at = bind(proxy)
    peer = peers.dial(at, PEER)
    assert socks4.read_reply(client).cd == socks4.GRANTED
    assert nobody_listens(at)
    peer.sendall(b"still here")
    assert peers.read_exactly(client, 10) == b"still here"


def test_a_client_that_leaves_ends_the_listener(program):
    for early in (b"", b"early data"):
        idle = program.descriptors()
        client, at = bind(program.address, early=early)
        client.close()
        assert peers.until(lambda: program.descriptors() == idle)
        assert nobody_listens(at)


def test_data_sent_early_reaches_the_peer(proxy):
    client, at = bind(proxy, early=b"with the request, ")
    client.sendall(b"while it waits")
    assert peers.silent_for(client, 0.1)
    peer = peers.dial(at, PEER)
    assert socks4.read_reply(client).cd == socks4.GRANTED
    assert peers.read_exactly(peer, 32) == b"with the request, while it waits"


def test_a_peer_that_sends_at_once(proxy):
    client, at = bind(proxy)
    peer = peers.dial(at, PEER)
    peer.sendall(b"150 Here it comes")
    peer.close()
    assert socks4.read_reply(client).cd == socks4.GRANTED
    assert peers.read_all(client) == b"150 Here it comes"


def test_three_at_once_do_not_mix(proxy):
    waiting = [bind(proxy, f"127.0.0.{i}") + (f"127.0.0.{i}",) for i in (11, 12, 13)]
    assert len({at for _, at, _ in waiting}) == 3
    for client, at, host in reversed(waiting):
        peer = peers.dial(at, host)
        assert socks4.read_reply(client).ip == host
        peer.sendall(host.encode())
        assert peers.read_exactly(client, len(host)) == host.encode()


def test_nobody_comes(anklet):
    proxy, begun = anklet("--limit-establish", "1s").address, time.monotonic()
    client, at = bind(proxy)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert time.monotonic() - begun > 0.99
    assert peers.read_all(client) == b""
    assert nobody_listens(at)


# ---- Names ----

def test_a_name(anklet, dns):
    dns.zone["ftp.example.test"] = Name(a=["127.0.0.4", PEER], aaaa=["::1"])
    proxy = anklet(*dns.option).address
    client, at = bind(proxy, name="ftp.example.test")
    peers.dial(at, PEER)
    assert socks4.read_reply(client).ip == PEER
    client, at = bind(proxy, name="ftp.example.test")
    peers.dial(at, STRANGER)
    assert socks4.read_reply(client).cd == socks4.REJECTED


@pytest.mark.parametrize("name", ["six.example.test", "::1", "[::1]", "none.example.test"])
def test_a_name_without_an_ipv4_address(anklet, dns, name):
    """Replies carry IPv4 only."""
    dns.zone["six.example.test"] = Name(aaaa=["::1"])
    assert bind_refused(anklet(*dns.option).address, name=name) == socks4.REJECTED


# ---- Configuration ----

def test_bind_ports(anklet):
    ports, held = peers.same_port("127.0.0.1")
    held[0].close()
    low, high = ports, ports + 2
    proxy = anklet("--bind-ports", f"{low}-{high}").address
    got = set()
    while True:
        client, reply = socks4.ask(proxy, 21, PEER, cd=socks4.BIND)
        if reply.cd != socks4.GRANTED:
            break
        got.add(reply.port)
        assert len(got) <= 3
    assert got and all(low <= port <= high for port in got)
    assert reply.cd == socks4.REJECTED, "no port is left"


def test_bind_address_is_shown(anklet):
    proxy = anklet("--bind-address", "198.51.100.7").address
    client, at = bind(proxy)
    assert at[0] == "198.51.100.7"
    peers.dial(("127.0.0.1", at[1]), PEER)
    assert socks4.read_reply(client).cd == socks4.GRANTED


def test_bind_address_0_means_the_proxy_itself(anklet):
    proxy = anklet("--bind-address", "0.0.0.0").address
    client, at = bind(proxy)
    assert at[0] == "0.0.0.0"
    peers.dial((proxy[0], at[1]), PEER)
    assert socks4.read_reply(client).cd == socks4.GRANTED


# ---- Rights ----

def test_any_peer_is_refused(proxy):
    assert bind_refused(proxy, "0.0.0.0") == socks4.REJECTED


def test_any_peer_by_a_rule(anklet):
    proxy = anklet("--allow", "bind any-peer").address
    client, at = bind(proxy, "0.0.0.0")
    peers.dial((proxy[0] if at[0] == "0.0.0.0" else at[0], at[1]), STRANGER)
    assert socks4.read_reply(client).ip == STRANGER


def test_any_peer_is_any_that_the_rules_permit(anklet):
    """Who comes is held against the rules when it comes: a deny before it holds for it too."""
    proxy = anklet("--deny", f"bind to {STRANGER}", "--allow", "bind any-peer").address
    client, at = bind(proxy, "0.0.0.0")
    peers.dial((proxy[0] if at[0] == "0.0.0.0" else at[0], at[1]), STRANGER)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    client, at = bind(proxy, "0.0.0.0")
    peers.dial((proxy[0] if at[0] == "0.0.0.0" else at[0], at[1]), PEER)
    assert socks4.read_reply(client).cd == socks4.GRANTED


def test_a_rule_that_names_everything_is_not_any_peer(anklet):
    assert bind_refused(anklet("--allow", "bind to *").address, "0.0.0.0") == socks4.REJECTED


def test_bind_is_a_right_of_its_own(anklet):
    server = peers.listener()
    port = peers.port_of(server)
    proxy = anklet("--allow", "connect").address
    socks4.connect(proxy, port)
    assert bind_refused(proxy) == socks4.REJECTED
    proxy = anklet("--allow", f"bind to {PEER}").address
    assert socks4.refused(proxy, port) == socks4.REJECTED
    bind(proxy)
    assert bind_refused(proxy, STRANGER) == socks4.REJECTED


def test_needs_connect(anklet):
    """A BIND only beside a live CONNECT of the same client to the same host."""
    server = peers.listener(PEER)
    port = peers.port_of(server)
    proxy = anklet("--allow", "connect", "--allow", "bind needs-connect").address
    assert bind_refused(proxy) == socks4.REJECTED
    primary = socks4.connect(proxy, port, PEER)
    bind(proxy)
    assert bind_refused(proxy, STRANGER) == socks4.REJECTED
    assert bind_refused(proxy, source="127.0.0.7") == socks4.REJECTED
    primary.close()
    peers.accept(server).close()
    assert peers.until(lambda: refuses(proxy))


def refuses(proxy):
    sock, reply = socks4.ask(proxy, 21, PEER, cd=socks4.BIND)
    sock.close()
    return reply.cd == socks4.REJECTED


# ---- As FTP does it ----

class FtpServer(peers.Worker):
    """One control connection: PORT and RETR, with an active data connection from the same address."""

    def __init__(self, content):
        super().__init__()
        self.content, self.listener = content, peers.listener(PEER)

    def run(self):
        control = peers.accept(self.listener)
        control.sendall(b"220 ready\r\n")
        for line in control.makefile("rb"):
            word, _, rest = line.strip().partition(b" ")
            if word == b"PORT":
                n = [int(x) for x in rest.split(b",")]
                where = ".".join(map(str, n[:4])), n[4] * 256 + n[5]
                control.sendall(b"200 noted\r\n")
            elif word == b"RETR":
                control.sendall(b"150 here it comes\r\n")
                data = peers.dial(where, PEER)
                data.sendall(self.content)
                data.close()
                control.sendall(b"226 done\r\n")
            elif word == b"QUIT":
                return control.close()


def test_an_active_ftp_transfer(anklet):
    content = bytes(range(256)) * 4096
    server = FtpServer(content)
    server.start()
    proxy = anklet("--allow", "connect", "--allow", "bind needs-connect").address
    control = socks4.connect(proxy, peers.port_of(server.listener), PEER)
    answers = control.makefile("rb")
    assert answers.readline() == b"220 ready\r\n"
    data, (host, port) = bind(proxy)
    control.sendall(b"PORT %s,%d,%d\r\n" % (host.replace(".", ",").encode(), port // 256, port % 256))
    assert answers.readline() == b"200 noted\r\n"
    control.sendall(b"RETR file\r\n")
    assert answers.readline() == b"150 here it comes\r\n"
    assert socks4.read_reply(data).cd == socks4.GRANTED
    assert peers.read_all(data) == content
    assert answers.readline() == b"226 done\r\n"
    control.sendall(b"QUIT\r\n")
    server.join(peers.LIMIT)
