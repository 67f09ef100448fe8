"""The cable is pulled and put back, and what it leads to is another network by then."""
import json
import socket

import pytest

import peers
import socks4
from board import PORT
from conftest import built, name_server
from test_tap import session


@pytest.fixture(params=["mps2-an385"])
def name(request):
    """The other board's controller has no PHY under QEMU."""
    return built(request.param)


class Cable:
    """QEMU's end of it, by QMP."""

    def __init__(self, path):
        assert peers.until(path.exists)
        self.sock = peers.keep(socket.socket(socket.AF_UNIX))
        self.sock.settimeout(60)
        self.sock.connect(str(path))
        self.lines = self.sock.makefile()
        assert "QMP" in json.loads(self.lines.readline())
        self.ask("qmp_capabilities")

    def ask(self, what, **words):
        self.sock.sendall(json.dumps({"execute": what, "arguments": words}).encode())
        while True:
            answer = json.loads(self.lines.readline())
            assert "error" not in answer, answer
            if "return" in answer:
                return

    def plug(self, is_in):
        self.ask("set_link", name="net0", up=is_in)


def renumber(network, net):
    network.ip("address", "flush", "dev", network.tap)
    for host in range(1, 5):
        network.ip("address", "add", f"{net}.{host}/24", "dev", network.tap)


def renewed(network, old, net, more):
    """Another server, in another network."""
    old.kill()
    old.wait(60)
    renumber(network, net)
    return name_server(network, net, more)


@pytest.fixture
def by_dhcp(start, network, tmp_path):
    """make(): a board that has its address from the server there, and its .cable."""

    def make():
        board = start(f"tap,id=net0,ifname={network.tap},script=no,downscript=no", ns=network,
                      config="listen 0.0.0.0:1080\n", network="mac 52:54:00:12:34:56\naddress dhcp\n",
                      more=("-qmp", f"unix:{tmp_path}/qmp,server=on,wait=off"))
        board.ns, board.cable = network, Cable(tmp_path / "qmp")
        board.address = (board.wait_log(r"address (192\.168\.77\.5\d)$").group(1), PORT)
        return board

    return make


def fetch(board, net):
    """By a name that only the server there knows so."""
    server = peers.listener(f"{net}.3", ns=board.ns)
    client = socks4.connect(board.address, peers.port_of(server), name="peer3.test", source=f"{net}.2", ns=board.ns)
    end = peers.accept(server)
    end.sendall(b"fetched")
    assert peers.read_exactly(client, 7) == b"fetched"


@pytest.mark.parametrize("more", [(), ("--dhcp-authoritative",)])
def test_a_cable_that_leads_to_another_network(by_dhcp, network, more):
    """Its server says nothing of an address that is not from it; or, where it may, that it is none."""
    server = name_server(network)
    try:
        board = by_dhcp()
        client, _ = session(board)
        board.cable.plug(False)
        board.wait_log("there is no link$")
        server = renewed(network, server, "192.168.78", more)
        board.cable.plug(True)
        board.wait_log("there is a link again$")
        board.address = (board.wait_log(r"address (192\.168\.78\.5\d)$").group(1), PORT)
        assert ("warning: this host has lost its address\n" in board.log) == bool(more)
        board.wait_log(": aborted, this host has lost its address, ")
        fetch(board, "192.168.78")
        client.close()
    finally:
        server.kill()
        server.wait(60)


def test_a_cable_that_was_out_for_a_moment(by_dhcp, dnsmasq):
    """The address is asked for again, and is the same: who was served is served on."""
    board = by_dhcp()
    client, end = session(board)
    assert "link" not in board.log
    board.cable.plug(False)
    board.wait_log("there is no link$")
    client.sendall(b"meanwhile")
    board.cable.plug(True)
    assert peers.read_exactly(end, 9) == b"meanwhile"
    fetch(board, "192.168.77")
    assert "lost its address" not in board.log
