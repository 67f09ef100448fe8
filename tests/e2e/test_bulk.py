"""Much data: through, in order, unchanged."""
import hashlib
import os
import subprocess
import threading
import time

import pytest

import peers
import socks4

BLOCK = os.urandom(1 << 20)
MIB = 1 << 20


class Sender(threading.Thread):
    """Sends so many MiB, no two of them the same, then EOF."""

    def __init__(self, sock, mib):
        super().__init__(daemon=True)
        self.sock, self.mib, self.hash = sock, mib, hashlib.sha256()
        self.start()

    def run(self):
        block = bytearray(BLOCK)
        for number in range(self.mib):
            block[:4] = number.to_bytes(4, "big")
            self.hash.update(block)
            self.sock.sendall(block)
        self.sock.shutdown(1)


class Receiver(threading.Thread):
    """Receives up to the EOF."""

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock, self.octets, self.hash, self.failure = sock, 0, hashlib.sha256(), None
        self.start()

    def run(self):
        space = memoryview(bytearray(MIB))
        try:
            while True:
                count = self.sock.recv_into(space)
                if count == 0:
                    return
                self.octets += count
                self.hash.update(space[:count])
        except OSError as failure:
            self.failure = failure


@pytest.fixture
def host(request):
    """A host of its own with reno, where that can be had: bbr paces even loopback. Else this one."""
    if os.geteuid() != 0:
        return None
    ns = request.getfixturevalue("namespace")()
    subprocess.run(ns.command("sysctl", "-qw", "net.ipv4.tcp_congestion_control=reno"), timeout=5)
    return ns


def through(anklet, host, up, down):
    """So many MiB through one session, both ways at the same time."""
    server = peers.listener(ns=host)
    client = socks4.connect(anklet(ns=host).address, peers.port_of(server), ns=host)
    end = peers.accept(server)
    for sock in (client, end):
        sock.settimeout(30)
    ways = [(Sender(client, up), Receiver(end), up), (Sender(end, down), Receiver(client), down)]
    for sender, receiver, mib in ways:
        receiver.join(60)
        assert not receiver.is_alive() and receiver.failure is None, receiver.failure
        sender.join(1)
        assert receiver.octets == mib * MIB
        assert receiver.hash.digest() == sender.hash.digest()


def test_a_gibibyte_down(anklet, host):
    through(anklet, host, 0, 1024)


def test_half_a_gibibyte_each_way_at_once(anklet, host):
    through(anklet, host, 512, 512)


def test_both_ends_slow_in_turns(anklet):
    """A reader that pauses, and tiny reads: no octet is lost or kept back."""
    server = peers.listener()
    client = socks4.connect(anklet().address, peers.port_of(server))
    end = peers.accept(server)
    sender, got, sizes = Sender(client, 16), hashlib.sha256(), [1, 7, 1000, 65536, 3, 300000]
    count, turn = 0, 0
    while True:
        data = end.recv(sizes[turn % len(sizes)])
        if not data:
            break
        count += len(data)
        got.update(data)
        turn += 1
        if turn % 64 == 0:
            time.sleep(0.01)
    sender.join(5)
    assert count == 16 * MIB and got.digest() == sender.hash.digest()


def test_ten_thousand_small_messages(anklet):
    server = peers.echo_server()
    client = socks4.connect(anklet().address, server.port)
    for i in range(10000):
        message = b"%05d" % i
        client.sendall(message)
        assert peers.read_exactly(client, 5) == message
