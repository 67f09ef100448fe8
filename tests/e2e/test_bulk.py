"""Much data: through, in order, unchanged."""
import hashlib
import time

import bulk
import peers
import socks4


def through(anklet, host, up, down):
    """So many MiB through one session, both ways at the same time."""
    server = peers.listener(ns=host)
    client = socks4.connect(anklet(ns=host).address, peers.port_of(server), ns=host)
    bulk.both_ways(client, peers.accept(server), up, down)


def test_a_gibibyte_down(anklet, host):
    through(anklet, host, 0, 1024)


def test_half_a_gibibyte_each_way_at_once(anklet, host):
    through(anklet, host, 512, 512)


def test_both_ends_slow_in_turns(anklet):
    """A reader that pauses, and tiny reads: no byte is lost or kept back."""
    server = peers.listener()
    client = socks4.connect(anklet().address, peers.port_of(server))
    end = peers.accept(server)
    sender, got, sizes = bulk.Sender(client, 16), hashlib.sha256(), [1, 7, 1000, 65536, 3, 300000]
    count, reads = 0, 0
    while True:
        data = end.recv(sizes[reads % len(sizes)])
        if not data:
            break
        count += len(data)
        got.update(data)
        reads += 1
        if reads % 64 == 0:
            time.sleep(0.01)
    sender.join(peers.LIMIT)
    assert count == 16 * bulk.MIB and got.digest() == sender.hash.digest()


def test_ten_thousand_small_messages(anklet):
    server = peers.echo_server()
    client = socks4.connect(anklet().address, server.port)
    for i in range(10000):
        message = b"%05d" % i
        client.sendall(message)
        assert peers.read_exactly(client, 5) == message
