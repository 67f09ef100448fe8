"""A bad wire: frames are lost, come twice and in another order, and no byte is."""
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import peers
import socks4
from board import PORT
from conftest import CONFIG, NETWORK
from test_tap import SERVER, listener, shift
from wire import Wire


def test_loss_doubles_and_other_orders(start, network):
    wire = peers.keep_server(Wire(network, lost=2, doubled=3, delayed=3))
    board = start(wire.nic, ns=network, config=CONFIG, network=NETWORK)
    board.ns, board.address = network, ("192.168.77.10", PORT)
    board.wait_log("address 192.168.77.10$")
    server = listener(board)
    up, down = os.urandom(100000), os.urandom(100000)
    pairs = [session(board, server) for _ in range(4)]
    jobs = [(up, client, end) for client, end in pairs[:2]] + [(down, end, client) for client, end in pairs[2:]]
    with ThreadPoolExecutor(len(jobs)) as pool:
        hashes = list(pool.map(lambda job: shift(*job, limit=60), jobs))
    assert hashes == [hashlib.sha256(data).hexdigest() for data, _, _ in jobs]
    assert all(wire.counts.values()), f"the wire was too good: {wire.counts}"
    print(wire.counts)


def session(board, server):
    """As on a good network, but with time to send again what was lost."""
    client = peers.new_socket(peers.socket.AF_INET, ns=board.ns)
    for sock in (client, server):
        sock.settimeout(60)
    client.connect(board.address)
    client.sendall(socks4.request(peers.port_of(server), SERVER))
    end = peers.accept(server)
    assert socks4.read_reply(client).cd == socks4.GRANTED
    return client, end
