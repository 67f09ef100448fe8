"""SOCKS5: CONNECT, BIND, and what each failure is told as, byte by byte."""
import signal
import socket
import time

import pytest

import peers
import socks4
import socks5
import tls_peers
from dns_server import Name

PEER, STRANGER = "127.0.0.5", "127.0.0.6"
GRANT = b"\5\0\0\1\0\0\0\0\0\0"


@pytest.fixture
def server():
    return peers.listener()


@pytest.fixture
def proxy(anklet, dns):
    """The name server knows web.example.test, and that there is no other."""
    dns.zone["web.example.test"] = Name(a=["127.0.0.1"])
    return anklet(*dns.option).address


def has_ipv6():
    try:
        peers.listener("::1").close()
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="there is no ::1 here")


# ---- CONNECT ----

def test_both_directions_and_half_close(proxy, server):
    client, end = socks5.session(proxy, server)
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    assert peers.read_all(end) == b"question"
    end.sendall(b"answer" * 1000)
    end.close()
    assert peers.read_all(client) == b"answer" * 1000


@needs_ipv6
def test_to_ipv6(proxy):
    client, end = socks5.session(proxy, peers.listener("::1"), host="::1")
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"


@pytest.mark.parametrize("name", ["web.example.test", "web.example.test.", "127.0.0.1"])
def test_by_name(proxy, server, name):
    client, end = socks5.session(proxy, server, name=name)
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"


@needs_ipv6
@pytest.mark.parametrize("name", ["::1", "[::1]"])
def test_a_name_that_is_an_address_of_ipv6(anklet, name):
    """Without a name server: nobody is asked."""
    one = anklet()
    client, _ = socks5.session(one.address, peers.listener("::1"), name=name)
    client.close()
    one.wait_log(r"granted, \[::1\]:\d+ after")


def test_the_grant_is_ten_bytes_without_an_address(proxy, server):
    sock, reply = socks5.ask(proxy, peers.port_of(server))
    assert reply.raw == GRANT
    sock.close()


def conversation(server, early=b"early data"):
    return socks5.greeting(0, 1, 2) + socks5.request(peers.port_of(server), name="127.0.0.1") + early


def test_all_in_one_segment(proxy, server):
    """Each message is answered once, in order, and of the data after them nothing is lost."""
    client = peers.dial(proxy)
    client.sendall(conversation(server))
    end = peers.accept(server)
    assert peers.read_exactly(client, 12) == b"\5\0" + GRANT
    assert peers.read_exactly(end, 10) == b"early data"
    end.sendall(b"answer")
    end.close()
    assert peers.read_all(client) == b"answer"


def test_every_cut(proxy, server):
    whole = conversation(server)
    for cut in range(1, len(whole)):
        client = peers.dial(proxy)
        client.sendall(whole[:cut])
        time.sleep(0.005)
        client.sendall(whole[cut:])
        end = peers.accept(server)
        assert peers.read_exactly(client, 12) == b"\5\0" + GRANT
        assert peers.read_exactly(end, 10) == b"early data"
        client.close()
        end.close()


def test_byte_by_byte(proxy, server):
    client = peers.dial(proxy)
    for byte in conversation(server):
        client.sendall(bytes([byte]))
        time.sleep(0.002)
    assert peers.read_exactly(client, 12) == b"\5\0" + GRANT
    assert peers.read_exactly(peers.accept(server), 10) == b"early data"


def test_beside_socks4(proxy, server):
    one, one_end = socks4.session(proxy, server)
    other, other_end = socks5.session(proxy, server)
    one.sendall(b"4")
    other.sendall(b"5")
    assert peers.read_exactly(one_end, 1) == b"4" and peers.read_exactly(other_end, 1) == b"5"


@pytest.mark.usefixtures("with_tls")
def test_over_tls(anklet, certs, server):
    one = anklet("--listen", f"tls://127.0.0.1:0?cert={certs.server.cert}&key={certs.server.key}")
    client = tls_peers.dial(one.address, tls_peers.client_context(certs.ca))
    client.sendall(conversation(server))
    end = peers.accept(server)
    assert peers.read_exactly(client, 12) == b"\5\0" + GRANT
    assert peers.read_exactly(end, 10) == b"early data"


# ---- The method ----

@pytest.mark.parametrize("methods", [(0,), (0, 1, 2), (2, 0), (0x80, 0x82, 0), tuple(range(255, 0, -1))[:254] + (0,)])
def test_no_password_is_asked_for(proxy, methods):
    client, method = socks5.open(proxy, *methods)
    assert method == socks5.NONE


@pytest.mark.parametrize("methods", [(), (1,), (2,), (0x80, 0x82), (255,), (9,) * 255],
                         ids=["none", "1", "2", "gost", "255", "255 of them"])
def test_no_method_is_acceptable(proxy, methods):
    client = peers.dial(proxy)
    client.sendall(bytes([5, len(methods), *methods]) + b"\5\1\0\1\x7f\0\0\1\0\x09 and more")
    assert peers.read_all(client) == b"\5\xff"


# ---- Refusals ----

def test_nobody_listens_there(proxy):
    assert socks5.refused(proxy, peers.nobody()) == socks5.REFUSED


@pytest.mark.parametrize("cmd", [0, 3, 4, 5, 0xf0, 0xf1, 0xf2, 0xff])
def test_other_commands(proxy, cmd):
    assert socks5.refused(proxy, 80, cmd=cmd) == socks5.NO_COMMAND


@pytest.mark.parametrize("atyp", [0, 2, 5, 8, 255])
def test_other_types_of_address(proxy, atyp):
    client, _ = socks5.open(proxy)
    client.sendall(bytes([5, 1, 0, atyp]) + b"\1\2\3\4\0\x50 and whatever comes then")
    reply = socks5.read_reply(client)
    assert socks5.is_refusal(client, reply) and reply.rep == socks5.NO_ADDRESS_TYPE


@pytest.mark.parametrize("rsv", [1, 0x7f, 255])
def test_the_reserved_byte_is_ignored(proxy, server, rsv):
    socks5.connect(proxy, peers.port_of(server), rsv=rsv)


@pytest.mark.parametrize("name", [b"", b"local host", b"local\0host", b"localhost\n", b"local\x7fhost", b"10.66051",
                                  b"0x7f.1"])
def test_names_that_are_none(proxy, name):
    assert socks5.refused(proxy, 80, name=name) == socks5.FAILED


def test_port_zero(proxy):
    assert socks5.refused(proxy, 0) == socks5.FAILED


@pytest.mark.parametrize("name", ["none.example.test", "n" * 255], ids=["unknown", "too long a label"])
def test_a_name_without_an_address(proxy, name):
    assert socks5.refused(proxy, 80, name=name) == socks5.NO_HOST


def test_a_name_server_that_fails(anklet, dns):
    dns.zone["bad.example.test"] = Name(rcode=2)
    assert socks5.refused(anklet(*dns.option).address, 80, name="bad.example.test") == socks5.FAILED


@pytest.mark.parametrize("host", ["0.0.0.0", "240.0.0.1", "255.255.255.255", "::"])
def test_where_nobody_may_go(proxy, host):
    assert socks5.refused(proxy, 80, host) == socks5.DENIED


def test_by_rule(anklet):
    proxy = anklet("--deny", "to *:9", "--allow", "from 127.0.0.1").address
    assert socks5.refused(proxy, 9) == socks5.DENIED
    assert socks5.refused(proxy, 80, source="127.0.0.2") == socks5.DENIED


def test_back_to_the_proxy_itself(proxy):
    assert socks5.refused(proxy, proxy[1]) == socks5.DENIED


def test_nobody_answers(anklet):
    proxy = anklet("--limit-establish", "1s").address
    assert socks5.refused(proxy, peers.full_queue()) == socks5.TIMEOUT


ROUTES = {
    "10.9.1.0/24": ("unreachable", socks5.NO_HOST),
    "10.9.2.0/24": ("prohibit", socks5.DENIED),
}


def test_no_way_there(anklet, namespace):
    """A host with nothing but loopback and two routes that say no."""
    ns = namespace()
    for net, (kind, _) in ROUTES.items():
        ns.ip("route", "add", kind, net)
    ns.ip("address", "add", "10.9.0.1/32", "dev", "lo")
    proxy = anklet(ns=ns).address
    for net, (_, rep) in ROUTES.items():
        assert socks5.refused(proxy, 80, net.replace("0/24", "1"), ns=ns) == rep
    assert socks5.refused(proxy, 80, "192.0.2.1", ns=ns) == socks5.NO_NETWORK
    assert socks5.refused(proxy, 80, "2001:db8::1", ns=ns) == socks5.NO_NETWORK


def test_identd_does_not_answer_for_it(anklet):
    proxy = anklet("--allow", "ident").address
    assert socks5.refused(proxy, 80, source="127.0.0.9") == socks5.DENIED


@pytest.mark.parametrize("ver", [0, 1, 4, 6, 255])
def test_a_request_of_another_version_gets_nothing(proxy, ver):
    client, _ = socks5.open(proxy)
    client.sendall(socks5.request(80, ver=ver) + b"and more")
    assert peers.read_all(client) == b""


def test_eof_before_the_request_is_whole(proxy, server):
    message = socks5.greeting(0) + socks5.request(peers.port_of(server), name="localhost")
    for cut in range(1, len(message)):
        client = peers.dial(proxy)
        client.sendall(message[:cut])
        client.shutdown(socket.SHUT_WR)
        refusal = b"\5\xff" if cut < 3 else b"\5\0" if cut == 3 else b"\5\0\5\1\0\1\0\0\0\0\0\0"
        assert peers.read_all(client) == refusal
        client.close()


def test_a_spare_connection_is_no_news(anklet):
    """A browser's: it is left before or after the greeting."""
    one = anklet("--log", "info")
    for said in (b"", socks5.greeting(0)):
        client = peers.dial(one.address)
        client.sendall(said)
        if said:
            assert socks5.read_method(client) == 0
        client.close()
    assert peers.until(lambda: socks5.refused(one.address, 0) == 1)
    one.signal(signal.SIGTERM)
    assert one.wait() == 0
    assert "left without a request 2" in one.log
    assert one.log.count("session ") == 1


def test_the_limit_on_handshakes_is_one_for_all(anklet):
    proxy = anklet("--limit-handshake", "300ms").address
    for said in (b"\5", b"\5\2\0", socks5.greeting(0), socks5.greeting(0) + b"\5\1\0\3\4"):
        client = peers.dial(proxy)
        client.sendall(said)
        assert peers.read_all(client) == (b"\5\0" if len(said) > 2 and said[1] == 1 else b"")


def test_a_refusal_survives_what_the_client_still_sends(proxy):
    for _ in range(20):
        client = peers.dial(proxy)
        client.sendall(b"\5\1\0\5\3\0" + b"x" * 30000)
        assert peers.read_exactly(client, 12) == b"\5\0\5\7\0\1\0\0\0\0\0\0"
        client.sendall(b"more")
        assert peers.read_all(client) == b""


# ---- BIND ----

def bind(proxy, host, **more):
    client, reply = socks5.ask(proxy, 21, host, cmd=socks5.BIND, **more)
    assert reply.rep == socks5.GRANTED and reply.port != 0, f"{reply}"
    return client, (reply.ip, reply.port)


@pytest.mark.parametrize("host", [PEER, pytest.param("::1", marks=needs_ipv6)])
def test_bind(proxy, host):
    client, at = bind(proxy, host)
    assert at[0] == ("::1" if ":" in host else "127.0.0.1") and at[1] != proxy[1]
    assert peers.silent_for(client, 0.1), "the second reply came before the peer"
    peer = peers.dial(at, host)
    reply = socks5.read_reply(client)
    assert reply[:3] == (socks5.GRANTED, host, peers.port_of(peer))
    assert len(reply.raw) == (22 if ":" in host else 10)
    peer.sendall(b"from the peer")
    assert peers.read_exactly(client, 13) == b"from the peer"
    client.sendall(b"from the client")
    client.close()
    assert peers.read_all(peer) == b"from the client"


def test_bind_and_another_host(proxy):
    client, at = bind(proxy, PEER)
    peers.dial(at, STRANGER)
    reply = socks5.read_reply(client)
    assert socks5.is_refusal(client, reply) and reply.rep == socks5.DENIED


@pytest.mark.parametrize("host", ["0.0.0.0", pytest.param("::", marks=needs_ipv6)])
def test_bind_for_any_peer(anklet, host):
    """The client is told the address at which it has reached us, never 0.0.0.0."""
    own = "::1" if ":" in host else "127.0.0.1"
    one = anklet("--listen", f"[{own}]:0" if ":" in host else f"{own}:0", "--allow", "any-peer", "--allow", f"bind to {own}")
    client, at = bind(one.address, host)
    assert at[0] == own
    peer = peers.dial(at, own)
    assert socks5.read_reply(client)[:3] == (socks5.GRANTED, own, peers.port_of(peer))


def test_bind_address_and_ports(anklet):
    proxy = anklet("--bind-address", "203.0.113.9", "--bind-ports", "40000-65000").address
    client, at = bind(proxy, PEER)
    assert at[0] == "203.0.113.9" and 40000 <= at[1] <= 65000


def test_bind_through_a_hop(anklet):
    hop = anklet()
    proxy = anklet("--route", f"to * via socks4://127.0.0.1:{hop.port}").address
    client, at = bind(proxy, PEER)
    peer = peers.dial(at, PEER)
    assert socks5.read_reply(client)[:3] == (socks5.GRANTED, PEER, peers.port_of(peer))


def test_through_a_hop(anklet, server):
    hop = anklet()
    proxy = anklet("--route", f"to * via socks4a://127.0.0.1:{hop.port}").address
    client, end = socks5.session(proxy, server, name="localhost")
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"
    assert socks5.refused(proxy, peers.nobody()) == socks5.FAILED


def test_log_names_what_was_asked(anklet):
    one = anklet()
    socks5.refused(one.address, peers.nobody())
    one.wait_log(r"connect 127\.0\.0\.1:\d+: refused with 5, connection refused")


