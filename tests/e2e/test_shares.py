"""While others do their worst with what all share, a good client with another address is served."""
import errno
import re
import socket
import time

import pytest

import peers
import program
import socks4
import tls_peers
from certificates import NAME

SESSIONS = program.built_size("CONFIG_ANKLET_SESSIONS")
PLACES = program.built_size("CONFIG_ANKLET_TLS_STREAMS")

# Nothing else could make room within a test's time.
FOR_EVER = ("--limit-handshake", "10m", "--limit-establish", "10m")


@pytest.fixture
def server():
    return peers.echo_server()


def silent(address, count, *sources, **more):
    """So many connections from each of these addresses, in turn, which never say a word."""
    return [peers.dial(address, source=source, **more) for _ in range(count) for source in sources]


def reset_ones(connections):
    return sum(peers.is_broken(sock, limit=0) for sock in connections)


def serves(proxy, server, **more):
    client = socks4.connect(proxy, server.port, **more)
    client.sendall(b"good")
    assert peers.read_exactly(client, 4) == b"good"


def test_the_oldest_silent_one_gives_way(anklet, server):
    proxy = anklet(*FOR_EVER)
    connections = silent(proxy.address, SESSIONS // 2, "127.0.0.2", "127.0.0.3")
    proxy.wait_log(f"all {SESSIONS} sessions are taken, {SESSIONS // 2} of them by 127.0.0.")
    serves(proxy.address, server, source="127.0.0.4")
    assert peers.is_broken(connections[0])
    assert reset_ones(connections) == 1
    assert proxy.log.count("sessions are taken") == 1


def test_whoever_has_his_share_is_closed_at_once(anklet, server):
    proxy = anklet(*FOR_EVER)
    silent(proxy.address, SESSIONS // 2, "127.0.0.2")
    assert peers.end_of(peers.dial(proxy.address, source="127.0.0.2")) in ("EOF", "RESET")
    serves(proxy.address, server, source="127.0.0.4")


def test_a_network_of_ipv6_is_one_client(anklet, server, namespace):
    """512 addresses of one /64 beyond a router, and a good client of another one."""
    proxy_host, others = namespace(), namespace()
    proxy_host.wire(others, ["2001:db8:1::1/64"], ["2001:db8:1::2/64", "2001:db8:3::1/64"])
    others.ip("-6", "route", "add", "local", "2001:db8:2::/64", "dev", "lo")
    for net in ("2001:db8:2::/64", "2001:db8:3::/64"):
        proxy_host.ip("-6", "route", "add", net, "via", "2001:db8:1::2")
    echo = peers.echo_server("2001:db8:1::2", ns=others)
    proxy = anklet("--listen", "tcp://[2001:db8:1::1]:0", "--allow", "connect", *FOR_EVER, ns=proxy_host)

    def dial(source):
        for _ in range(100):  # a wire just made may not carry anything yet
            sock = peers.new_socket(socket.AF_INET6, ns=others)
            sock.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
            sock.bind((source, 0))
            try:
                sock.connect(proxy.address[:2])
                return sock
            except OSError as error:
                if error.errno != errno.EHOSTUNREACH:
                    raise
                time.sleep(0.1)
        raise AssertionError("no route to the proxy")

    connections = [dial(f"2001:db8:2::{i:x}") for i in range(1, SESSIONS + 1)]
    proxy.wait_log("limit-client")
    good = dial("2001:db8:3::1")
    good.sendall(socks4.request(echo.port, host="0.0.0.1", name=b"2001:db8:1::2"))
    assert socks4.read_reply(good).cd == socks4.GRANTED
    closed = [sock for sock in connections if not peers.silent_for(sock, 0)]
    assert len(closed) == SESSIONS // 2


def test_the_manual_has_these_sizes():
    """As the program is built when nothing else is said."""
    manual = (program.ROOT / "docs" / "anklet.8").read_text()
    rows = dict(re.findall(r"^\.It ([A-Za-z ]+?) Ta (\d+) Ta ", manual, re.MULTILINE))
    assert {name: int(size) for name, size in rows.items()} == {
        "sessions": SESSIONS,
        "TLS connections": PLACES,
        "second attempts": SESSIONS // 4,
        "lookups": program.built_size("CONFIG_ANKLET_LOOKUPS"),
        "UDP flows": program.built_size("CONFIG_ANKLET_UDP_FLOWS"),
        "balances of rates": program.built_size("CONFIG_ANKLET_RATE_CLIENTS"),
    }


@pytest.mark.usefixtures("with_tls")
class TestEncrypted:
    @pytest.fixture
    def listen(self, anklet, certs):
        def start(*args):
            pair = certs.server
            return anklet("--listen", f"tls://127.0.0.1:0?cert={pair.cert}&key={pair.key}", *FOR_EVER, *args)

        return start

    def serves(self, proxy, certs, server, source):
        tls = tls_peers.Tls(peers.dial(proxy.address, source=source), tls_peers.client_context(certs.ca), name=NAME)
        tls.sendall(socks4.request(server.port))
        assert socks4.read_reply(tls).cd == socks4.GRANTED
        tls.sendall(b"good")
        assert peers.read_exactly(tls, 4) == b"good"

    def test_one_address_has_half_of_the_places(self, listen, certs, server):
        proxy = listen()
        silent(proxy.address, PLACES // 2, "127.0.0.2")
        more = peers.dial(proxy.address, source="127.0.0.2")
        assert peers.end_of(more) in ("EOF", "RESET")
        self.serves(proxy, certs, server, "127.0.0.4")

    def test_the_oldest_silent_one_gives_way(self, listen, certs, server):
        proxy = listen()
        connections = silent(proxy.address, PLACES // 2, "127.0.0.2", "127.0.0.3")
        proxy.wait_log(f"all {PLACES} encrypted connections are taken")
        self.serves(proxy, certs, server, "127.0.0.4")
        assert peers.is_broken(connections[0])
        assert reset_ones(connections) == 1

    def test_limit_client_0_lifts_it(self, listen, certs, server):
        proxy = listen("--limit-client", "0")
        silent(proxy.address, PLACES - 1, "127.0.0.2")
        self.serves(proxy, certs, server, "127.0.0.2")
