"""
Limited rates on real sockets: what a client gets in some seconds, and that nothing is cut or altered by it.

Tests here look at the clock, which others may not, for a rate is nothing else. That nobody is faster than permitted is
sure on any machine: time is taken from before the first connection until bytes have arrived. That nobody is slower by
more than ten per cent needs a machine that has something left for 400 kB/s, which takes no hundredth of one; whoever is
disturbed all the same, in the three seconds of a measurement, measures again.
"""
import socket
import struct
import threading
import time

import bulk
import peers
import socks4
import tls_peers

RATE = 400000
BURST = RATE // 4
SLICE = RATE // 40
SECONDS = 3
TRIES = 5


class Reader(peers.Worker):
    """Reads for some seconds from the first byte on."""

    def __init__(self, sock):
        super().__init__()
        self.sock, self.bytes, self.first, self.last = sock, 0, None, None
        self.start()

    def run(self):
        while self.first is None or self.last - self.first < SECONDS:
            self.bytes += len(self.sock.recv(65536))
            self.last = time.monotonic()
            self.first = self.first or self.last


class Measured:
    """What these sockets read together, once they have read for some seconds; then they are closed."""

    def __init__(self, begun, socks):
        readers = [Reader(sock) for sock in socks]
        for reader in readers:
            reader.join(peers.LIMIT)
        self.begun = begun
        self.bytes = sum(reader.bytes for reader in readers)
        self.first = min(reader.first for reader in readers)
        self.last = max(reader.last for reader in readers)
        for sock in socks:
            sock.close()

    def is_fair(self):
        """Never more than it may; and no less, but for ten per cent."""
        assert self.bytes <= BURST + RATE * (self.last - self.begun) + SLICE
        return self.bytes >= 0.9 * RATE * (self.last - self.first)


def keep_sending(sock):
    """Sends for as long as the other one takes it."""

    def run():
        try:
            while True:
                sock.sendall(bulk.BLOCK[:65536])
        except OSError:
            pass

    peers.Worker(run).start()


def sources(proxy, server, count, **more):
    """So many sessions of one client, each with a server that sends without end: the client's ends."""
    clients = []
    for _ in range(count):
        clients.append(socks4.connect(proxy, peers.port_of(server), **more))
        keep_sending(peers.accept(server))
    return clients


def one_and_eight(proxy, server):
    """What a client with one session and one with eight have had at the same time."""
    begun, measured = time.monotonic(), {}
    ends = {1: sources(proxy, server, 1, source="127.0.0.2"), 8: sources(proxy, server, 8, source="127.0.0.3")}

    def measure(count):
        measured[count] = Measured(begun, ends[count])

    threads = [threading.Thread(target=measure, args=(count,)) for count in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(peers.LIMIT)
    return measured[1], measured[8]


def undisturbed(attempt):
    assert any(attempt() for _ in range(TRIES))


def test_down(anklet):
    proxy, server = anklet("--limit-rate", f"down {RATE}B/s").address, peers.listener()
    undisturbed(lambda: Measured(time.monotonic(), sources(proxy, server, 1)).is_fair())


def test_up(anklet):
    proxy, server = anklet("--limit-rate", f"up {RATE}B/s").address, peers.listener()

    def attempt():
        begun = time.monotonic()
        client = socks4.connect(proxy, peers.port_of(server))
        keep_sending(client)
        return Measured(begun, [peers.accept(server)]).is_fair()

    undisturbed(attempt)


def test_one_against_eight(anklet):
    """Whoever has eight sessions is no faster than whoever has one, nor slower."""
    proxy, server = anklet("--limit-rate", f"down {RATE}B/s").address, peers.listener()

    def attempt():
        one, eight = one_and_eight(proxy, server)
        return one.is_fair() and eight.is_fair()

    undisturbed(attempt)


def test_total(anklet):
    """All together; and of that one session has as much as the eight of another client, but for ten per cent."""
    proxy, server = anklet("--limit-rate-total", f"down {RATE}B/s").address, peers.listener()

    def attempt():
        one, eight = one_and_eight(proxy, server)
        both = one.bytes + eight.bytes
        last, first = max(one.last, eight.last), min(one.first, eight.first)
        assert both <= BURST + RATE * (last - one.begun) + SLICE
        return both >= 0.9 * RATE * (last - first) and 0.45 * both <= one.bytes <= 0.55 * both

    undisturbed(attempt)


def test_connecting_anew_wins_nothing(anklet):
    """A burst for each connection would be many times the rate."""
    proxy, server = anklet("--limit-rate", f"down {RATE}B/s").address, peers.listener()
    got, begun = 0, time.monotonic()
    while time.monotonic() - begun < SECONDS:
        [client] = sources(proxy, server, 1)
        for _ in range(4):
            got += len(client.recv(65536))
        client.close()
    assert got <= BURST + RATE * (time.monotonic() - begun) + SLICE


def test_tls(anklet, certs, with_tls):
    proxy = anklet("--listen", f"tls://127.0.0.1:0?cert={certs.server.cert}&key={certs.server.key}",
                   "--limit-rate", f"down {RATE}B/s").address
    server = peers.listener()

    def attempt():
        begun = time.monotonic()
        client = tls_peers.connect(proxy, tls_peers.client_context(certs.ca), peers.port_of(server))
        keep_sending(peers.accept(server))
        return Measured(begun, [client]).is_fair()

    undisturbed(attempt)


def test_what_is_slow_is_whole(anklet):
    """Each byte both ways, though one side has ended long before the other."""
    proxy, server = anklet("--limit-rate", "down 1MB/s up 1MB/s").address, peers.listener()
    client = socks4.connect(proxy, peers.port_of(server))
    bulk.both_ways(client, peers.accept(server), 1, 2)


def test_what_moves_within_the_kernel(anklet):
    """Slices of half a megabyte are bulk, which is not copied: they too are counted, and end where they should."""
    proxy, server = anklet("--limit-rate", "down 20MB/s").address, peers.listener()
    begun = time.monotonic()
    client = socks4.connect(proxy, peers.port_of(server))
    bulk.both_ways(client, peers.accept(server), 0, 60)
    assert 60 * bulk.MIB <= 20e6 * (0.25 + time.monotonic() - begun) + 20e6 / 40


def test_a_reset_comes_through_a_pause(anklet):
    """What lies unread would take a minute."""
    proxy, server = anklet("--limit-rate", "down 1kB/s", "--limit-idle", "0").address, peers.listener()
    client = socks4.connect(proxy, peers.port_of(server))
    end, begun = peers.accept(server), time.monotonic()
    end.sendall(bytes(60000))
    peers.read_exactly(client, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()
    assert peers.end_of(client) == "RESET"
    assert time.monotonic() - begun < 57


def test_a_pause_costs_nothing(anklet):
    """Whoever waits for its rate does not keep the proxy busy, though there is much to be read."""
    one, server = anklet("--limit-rate", "down 1kB/s"), peers.listener()
    clients = sources(one.address, server, 8)
    for client in clients:
        peers.silent_for(client, 0.1)
    before = peers.cpu_seconds(one.pid)
    time.sleep(2)
    assert peers.cpu_seconds(one.pid) - before < 1
    for client in clients:
        client.close()


def test_new_sessions(anklet):
    """So many at once; the next is closed without a word, and another client is served."""
    one, server = anklet("--limit-new", "3/1h"), peers.echo_server()
    for _ in range(3):
        socks4.connect(one.address, server.port)
    assert peers.end_of(peers.dial(one.address)) in ("EOF", "RESET")
    one.wait_log("this client begins more sessions than it may .limit-new.")
    socks4.connect(one.address, server.port, source="127.0.0.2")
