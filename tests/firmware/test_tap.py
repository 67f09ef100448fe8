"""Boards on a real network: a TAP in a network namespace, with clients and servers on several addresses.

Everything that user networking hides: who connects, RST, and what comes when.
"""
import hashlib
import os
import select
import socket
import struct
import threading
import time

import pytest

import peers
import socks4
from board import LOGS_NO_FIGURES, PORT, sessions

CLIENT, SERVER, STRANGER = "192.168.77.2", "192.168.77.3", "192.168.77.4"


def listener(board, host=SERVER, **more):
    return peers.listener(host, ns=board.ns, **more)


def connect(board, server, **more):
    return socks4.connect(board.address, peers.port_of(server), SERVER, source=CLIENT, ns=board.ns, **more)


def session(board, server=None):
    """A granted session: the client's end and the server's end."""
    server = server or listener(board)
    client = connect(board, server)
    return client, peers.accept(server)


def serves(board):
    client, end = session(board)
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"
    client.close()
    end.close()


def shift(data, client, end, limit=25):
    """Sends data from one socket to another: the hash of what arrives before the end."""
    digest, sent = hashlib.sha256(), 0
    client.setblocking(False)
    over = time.monotonic() + 600
    while time.monotonic() < over:
        wants = [client] if sent < len(data) else []
        readable, writable, _ = select.select([end], wants, [], limit)
        assert readable or writable, f"nothing moves: {sent} of {len(data)} bytes sent"
        if writable:
            sent += client.send(data[sent:sent + 65536])
            if sent == len(data):
                client.shutdown(socket.SHUT_WR)
        if readable:
            piece = end.recv(65536)
            if not piece:
                return digest.hexdigest()
            digest.update(piece)
    raise AssertionError(f"not through in time: {sent} of {len(data)} bytes sent")


# ---- Requests ----

def test_connect_shows_the_board_as_the_client(tap):
    board = tap()
    server = listener(board)
    client = connect(board, server, early=b"early")
    end, (host, _) = server.accept()
    peers.keep(end)
    assert host == board.address[0]
    assert peers.read_exactly(end, 5) == b"early"
    end.sendall(b"late")
    assert peers.read_exactly(client, 4) == b"late"


def test_nobody_listens(tap):
    board = tap()
    assert socks4.refused(board.address, 9, SERVER, source=CLIENT, ns=board.ns) == socks4.REJECTED


def test_names(tap, dnsmasq):
    board = tap()
    server = listener(board)
    client = socks4.connect(board.address, peers.port_of(server), name="peer3.test", source=CLIENT, ns=board.ns)
    end = peers.accept(server)
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"
    refused = socks4.refused(board.address, 80, name="nx.test", source=CLIENT, ns=board.ns)
    assert refused == socks4.REJECTED


def test_an_address_and_a_name_server_by_dhcp(tap, dnsmasq):
    board = tap(settings="mac 52:54:00:12:34:56\naddress dhcp\n")
    board.address = (board.wait_log(r"address (192\.168\.77\.5\d)$").group(1), PORT)
    server = listener(board)
    socks4.connect(board.address, peers.port_of(server), name="peer3.test", source=CLIENT, ns=board.ns)
    peers.accept(server)


# ---- BIND ----

def bind(board, **more):
    client, reply = socks4.ask(board.address, 21, SERVER, cd=socks4.BIND, source=CLIENT, ns=board.ns, **more)
    assert reply.cd == socks4.GRANTED and reply.port != 0
    return client, (board.address[0] if reply.ip == "0.0.0.0" else reply.ip, reply.port)


def test_bind(tap):
    board = tap()
    client, at = bind(board)
    peer = peers.dial(at, SERVER, ns=board.ns)
    assert socks4.read_reply(client) == (0, socks4.GRANTED, peers.port_of(peer), SERVER)
    peer.sendall(b"from the peer")
    assert peers.read_exactly(client, 13) == b"from the peer"
    client.sendall(b"from the client")
    assert peers.read_exactly(peer, 15) == b"from the client"
    with pytest.raises(ConnectionRefusedError):
        peers.dial(at, SERVER, ns=board.ns)


def test_bind_with_a_stranger(tap):
    board = tap()
    client, at = bind(board)
    stranger = peers.dial(at, STRANGER, ns=board.ns)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert peers.read_all(client) == b""
    assert peers.end_of(stranger) in ("EOF", "RESET")


def test_the_limit_on_establishing(tap):
    board, begun = tap("limit-establish 2s\n"), time.monotonic()
    client, at = bind(board)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert time.monotonic() - begun > 1.9  # by this clock: the board's is another
    assert peers.read_all(client) == b""
    with pytest.raises(ConnectionRefusedError):
        peers.dial(at, SERVER, ns=board.ns)


# ---- Ends ----

def test_half_close_both_ways(tap):
    board = tap()
    for swapped in (False, True):
        first, second = session(board)[::-1 if swapped else 1]
        first.sendall(b"question")
        first.shutdown(socket.SHUT_WR)
        assert peers.read_all(second) == b"question"
        second.sendall(b"answer" * 1000)
        second.shutdown(socket.SHUT_WR)
        assert peers.read_all(first) == b"answer" * 1000


def test_reset_both_ways(tap):
    board = tap()
    for swapped in (False, True):
        first, second = session(board)[::-1 if swapped else 1]
        peers.reset(first)
        assert peers.is_broken(second)


def test_a_reset_while_bytes_wait(tap):
    board = tap()
    for swapped in (False, True):
        first, second = session(board)[::-1 if swapped else 1]
        peers.stuff(first)
        peers.reset(first)
        assert peers.end_of(second) == "RESET"
    serves(board)


# ---- Load ----

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def syn(source, target):
    """A packet that begins a connection, in the name of a host that knows nothing of it."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    tcp = struct.pack("!HHIIBBHHH", source[1], target[1], 1, 0, 5 << 4, 2, 1024, 0, 0)
    proven = checksum(addresses + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp)) + tcp)
    return (struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, socket.IPPROTO_TCP, 0) + addresses + tcp[:16] +
            struct.pack("!H", proven) + tcp[18:])


def forge(board, stop, sent):
    """A SYN every 50 ms, each from somebody else who never answers."""
    with board.ns.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        while not stop.wait(0.05):
            raw.sendto(syn((f"198.51.100.{sent[0] % 250 + 1}", 1024 + sent[0] % 60000), board.address), board.address)
            sent[0] += 1


def test_forged_syns_keep_nobody_out(tap, name):
    board, stop, sent = tap(), threading.Event(), [0]
    server = listener(board)
    flood = threading.Thread(target=forge, args=(board, stop, sent))
    flood.start()
    try:
        assert peers.until(lambda: sent[0] > 20)  # no board has so many places
        for _ in range(sessions(name) // 2):
            client, end = session(board, server)
            client.sendall(b"x")
            assert peers.read_exactly(end, 1) == b"x"
    finally:
        stop.set()
        flood.join(30)



def test_more_clients_than_sessions(tap, name):
    board, count, more = tap(), sessions(name), 2
    server = listener(board)
    held = [session(board, server) for _ in range(count)]
    late = [socks4.send(board.address, peers.port_of(server), SERVER, source=CLIENT, ns=board.ns)
            for _ in range(more)]
    assert all(peers.silent_for(sock, 0.3) for sock in late)
    for sock in late:
        for end in held.pop():
            end.close()
        assert select.select(late, [], [], peers.LIMIT)[0], "a free session, and nobody is served"
        ready = select.select(late, [], [], 0)[0][0]
        assert socks4.read_reply(ready).cd == socks4.GRANTED
        late = [other for other in late if other is not ready] or late
        held.insert(0, (ready, peers.accept(server)))
    for client, end in held:
        client.sendall(b"x")
        assert peers.read_exactly(end, 1) == b"x"


def test_64_mib_with_a_hash(tap):
    board = tap()
    data = os.urandom(1 << 20) * 64
    assert shift(data, *session(board)) == hashlib.sha256(data).hexdigest()
    client, end = session(board)
    assert shift(data[:1 << 22], end, client) == hashlib.sha256(data[:1 << 22]).hexdigest()


def test_single_bytes_at_a_stalled_reader(tap, name):
    """Segments of one byte that nobody takes must not take from others what they receive with."""
    if name in LOGS_NO_FIGURES:
        pytest.skip("it logs no figures")
    board = tap()
    slow = session(board)
    slow[1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    echo = peers.echo_server(SERVER, ns=board.ns)
    slow[0].setblocking(False)
    rounds = 0
    while rounds < 20 or board.log.count("figures:") < 2:
        for _ in range(200):
            try:
                slow[0].send(b"1")
            except BlockingIOError:
                break
        other = socks4.connect(board.address, echo.port, SERVER, source=CLIENT, ns=board.ns)
        other.sendall(b"x" * 3000)
        assert peers.read_exactly(other, 3000) == b"x" * 3000
        other.close()
        rounds += 1
        assert rounds < 2000, "it logs no figures"
    for what in ("pbufs", "heap"):
        _, most, every = board.figures()[what]
        assert 0 < most < every / 2, f"{most} of {every} {what}"


def one_after_the_other(board, server, count):
    for _ in range(count):
        client = socks4.send(board.address, peers.port_of(server), SERVER, source=CLIENT, ns=board.ns)
        end, _ = server.accept()
        assert socks4.read_reply(client).cd == socks4.GRANTED
        client.close()
        assert end.recv(1) == b""
        end.close()
        peers.opened.remove(client)


@pytest.mark.parametrize("name", ["lm3s6965evb"], indirect=True)
def test_10000_connections_in_a_row(tap, name):
    board = tap()
    server = listener(board)
    serves(board)
    one_after_the_other(board, server, 10000)
    held = [session(board, server) for _ in range(sessions(name))]
    for client, end in held:
        client.sendall(b"x")
        assert peers.read_exactly(end, 1) == b"x"
