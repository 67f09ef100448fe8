"""Next hops: danted, ssh -D, a second anklet, plain and over TLS, and servers that misbehave."""
import contextlib
import re
import signal
import socket
import struct
import time

import pytest

import daemons
import peers
import program
import socks4
import tls_peers
from certificates import NAME, OTHER_NAME
from dns_server import DnsServer, Name

HIDDEN = "hidden.example.test"  # a name that only the hop knows
THIS_HOST = Name(a=["127.0.0.1"])


@pytest.fixture
def server():
    return peers.echo_server()


@pytest.fixture
def start(anklet, names):
    """start("via ...", ...): a proxy with these routes."""

    def run(*routes, args=()):
        lines = [word for route in routes for word in ("--route", route)]
        return anklet(*lines, "--log", "debug", *names.option, *args)

    return run


@pytest.fixture
def danted(tool, tmp_path):
    """danted: (the daemon, its address)."""
    return daemons.danted(tool("danted"), tmp_path)


def url(scheme, at, **options):
    query = "&".join(f"{key}={value}" for key, value in options.items())
    return f"{scheme}://{at[0]}:{at[1]}" + (f"?{query}" if query else "")


def echoes(sock, data=b"through the hop"):
    sock.sendall(data)
    return peers.read_exactly(sock, len(data)) == data


def bind(proxy, peer="127.0.0.1", **more):
    """A BIND whose peer connects: the client's end and the peer's."""
    client, first = socks4.ask(proxy, 21, peer, cd=socks4.BIND, **more)
    assert first.cd == socks4.GRANTED and first.port != 0, f"{first}"
    caller = peers.dial((first.ip if first.ip != "0.0.0.0" else "127.0.0.1", first.port), peer)
    second = socks4.read_reply(client)
    assert (second.cd, second.ip) == (socks4.GRANTED, peer), f"{second}"
    return client, caller


# ---- Programs of the distribution ----

def test_danted_connect(start, danted, server):
    _, at = danted
    proxy = start(f"via {url('socks4', at)}")
    assert echoes(socks4.connect(proxy.address, server.port, userid=b"me"))
    proxy.wait_log(f"granted.*through 127.0.0.1:{at[1]}")


def test_danted_refuses(start, danted):
    proxy = start(f"via {url('socks4', danted[1])}")
    assert socks4.refused(proxy.address, peers.nobody()) == socks4.REJECTED
    proxy.wait_log("the next hop refused with 91")


def test_danted_bind(start, danted):
    proxy = start(f"via {url('socks4', danted[1])}")
    client, caller = bind(proxy.address)
    client.sendall(b"to the peer")
    assert peers.read_exactly(caller, 11) == b"to the peer"
    caller.sendall(b"from the peer")
    assert peers.read_exactly(client, 13) == b"from the peer"


@pytest.mark.parametrize("scheme, how", [("socks4", ""), ("socks4a", "resolve")])
def test_names_are_looked_up_for_a_hop_without_4a(start, danted, server, names, scheme, how):
    proxy = start(f"via {url(scheme, danted[1])} {how}")
    assert echoes(socks4.connect(proxy.address, server.port, name=NAME))
    assert names.asked(NAME)


def test_ssh_by_address_and_by_name(start, tool, tmp_path, server):
    at = daemons.ssh_dynamic(tool, tmp_path)
    proxy = start(f"via {url('socks4a', at)}")
    assert echoes(socks4.connect(proxy.address, server.port))
    assert echoes(socks4.connect(proxy.address, server.port, name="localhost"))


def test_ssh_has_no_bind(start, tool, tmp_path):
    proxy = start(f"via {url('socks4a', daemons.ssh_dynamic(tool, tmp_path))}")
    assert socks4.refused(proxy.address, 21, cd=socks4.BIND) == socks4.REJECTED


# ---- A second anklet ----

@pytest.fixture
def far(anklet, dns):
    """A second one, whose name server knows HIDDEN."""
    dns.zone[HIDDEN] = THIS_HOST
    return anklet(*dns.option, "--log", "debug")


@pytest.fixture
def own_dns(sockets):
    """Another name server, which knows nothing."""
    server = DnsServer()
    yield server
    server.close()


def test_socks4a_names_are_looked_up_by_the_hop(anklet, far, own_dns, server):
    near = anklet("--route", f"via {url('socks4a', far.address)}", *own_dns.option)
    assert echoes(socks4.connect(near.address, server.port, name=HIDDEN, userid=b"fred"))
    assert not own_dns.queries
    far.wait_log(f'connect {HIDDEN}:{server.port} user "fred"')


def test_resolve_looks_them_up_here(anklet, far, own_dns, server):
    near = anklet("--route", f"via {url('socks4a', far.address)} resolve", *own_dns.option)
    assert socks4.refused(near.address, server.port, name=HIDDEN) == socks4.REJECTED
    assert own_dns.asked(HIDDEN)
    assert "connect" not in far.log


def test_unresolved_is_for_what_is_unknown_here(anklet, far, own_dns, server):
    """What can be looked up goes straight, the rest through the hop."""
    own_dns.zone[NAME] = THIS_HOST
    near = anklet("--route", f"via {url('socks4a', far.address)} unresolved", *own_dns.option)
    assert echoes(socks4.connect(near.address, server.port, name=NAME))
    assert "connect" not in far.log
    assert echoes(socks4.connect(near.address, server.port, name=HIDDEN))
    far.wait_log(f"connect {HIDDEN}")
    assert own_dns.asked(HIDDEN)


def test_the_first_route_that_matches(anklet, far, own_dns, server):
    own_dns.zone[NAME] = THIS_HOST
    near = anklet("--route", f"to {NAME} direct", "--route", f"to *:{server.port} via {url('socks4a', far.address)}",
                  *own_dns.option)
    assert echoes(socks4.connect(near.address, server.port, name=NAME))
    assert "connect" not in far.log
    assert echoes(socks4.connect(near.address, server.port, name=HIDDEN))


def test_bind_through_a_second_one(anklet, far):
    near = anklet("--route", f"via {url('socks4a', far.address)}")
    client, caller = bind(near.address)
    assert client and caller
    caller.sendall(b"bytes!")
    assert peers.read_exactly(client, 6) == b"bytes!"


def test_bind_with_the_wrong_peer(anklet, far):
    near = anklet("--route", f"via {url('socks4a', far.address)}")
    client, first = socks4.ask(near.address, 21, "127.0.0.5", cd=socks4.BIND)
    assert first.cd == socks4.GRANTED
    peers.dial((first.ip, first.port), "127.0.0.6")
    assert socks4.read_reply(client).cd == socks4.REJECTED


def test_early_data_and_half_close(anklet, far):
    near = anklet("--route", f"via {url('socks4a', far.address)}")
    server = peers.listener()
    client = socks4.connect(near.address, peers.port_of(server), early=b"early" * 4000)
    client.shutdown(socket.SHUT_WR)
    end = peers.accept(server)
    assert peers.read_all(end) == b"early" * 4000
    end.sendall(b"answer")
    end.close()
    assert peers.read_all(client) == b"answer"


# ---- Over TLS ----

@pytest.fixture
def far_tls(anklet, certs, dns, with_tls):
    """A second one that listens with TLS, whose name server knows HIDDEN."""
    dns.zone[HIDDEN] = THIS_HOST

    def run(*options, pair=certs.server):
        query = "&".join([f"cert={pair.cert}&key={pair.key}", *options])
        return anklet("--listen", f"tls://127.0.0.1:0?{query}", "--log", "debug", *dns.option)

    return run


@pytest.mark.parametrize("scheme", ["socks4+tls", "socks4a+tls"])
def test_two_over_tls(start, far_tls, certs, server, scheme):
    far = far_tls()
    near = start(f"via {url(scheme, (NAME, far.port), ca=certs.ca)}")
    client = socks4.connect(near.address, server.port, early=b"early")
    assert peers.read_exactly(client, 5) == b"early"
    assert echoes(client)
    near.wait_log(r"granted.*through.*TLSv1\.3")
    if scheme == "socks4a+tls":
        assert echoes(socks4.connect(near.address, server.port, name=HIDDEN))


def test_bind_over_tls(start, far_tls, certs):
    near = start(f"via {url('socks4a+tls', (NAME, far_tls().port), ca=certs.ca)}")
    client, caller = bind(near.address)
    caller.sendall(b"x" * 50000)
    assert peers.read_exactly(client, 50000) == b"x" * 50000
    client.sendall(b"y" * 50000)
    assert peers.read_exactly(caller, 50000) == b"y" * 50000


def test_certificates_on_both_sides(start, far_tls, certs, server):
    far = far_tls(f"ca={certs.ca}")
    at = (NAME, far.port)
    own = dict(ca=certs.ca, cert=certs.client.cert, key=certs.client.key)
    assert echoes(socks4.connect(start(f"via {url('socks4a+tls', at, **own)}").address, server.port))
    without = start(f"via {url('socks4a+tls', at, ca=certs.ca)}")
    assert socks4.refused(without.address, server.port) == socks4.REJECTED


@pytest.mark.parametrize("options, good", [({}, True), (dict(name=NAME), True), (dict(name=OTHER_NAME), False)])
def test_a_hop_by_address(start, far_tls, certs, server, options, good):
    near = start(f"via {url('socks4a+tls', far_tls().address, ca=certs.ca, **options)}")
    if good:
        assert echoes(socks4.connect(near.address, server.port))
    else:
        assert socks4.refused(near.address, server.port) == socks4.REJECTED
        near.wait_log("refused with 91.*certificate is not accepted: not for")


@pytest.mark.parametrize("kind", ["names_only", "other_name", "expired", "self_signed", "unknown"])
def test_a_hop_with_a_bad_certificate(start, far_tls, certs, server, kind):
    at = far_tls(pair=getattr(certs, kind)).address if kind == "names_only" else \
        (NAME, far_tls(pair=getattr(certs, kind)).port)
    near = start(f"via {url('socks4a+tls', at, ca=certs.ca)}")
    assert socks4.refused(near.address, server.port) == socks4.REJECTED
    near.wait_log("refused with 91.*certificate is not accepted")
    assert server.accepted == 0


def test_psk_on_both_sides(anklet, certs, server, with_tls):
    far = anklet("--listen", f"tls://127.0.0.1:0?psk={certs.psk}")
    near = anklet("--route", f"via {url('socks4a+tls', far.address, psk=certs.psk)}")
    assert echoes(socks4.connect(near.address, server.port))


def test_tls_towards_a_hop_that_has_none(start, danted, certs, server, with_tls):
    near = start(f"via {url('socks4+tls', danted[1], ca=certs.ca)}")
    assert socks4.refused(near.address, server.port) == socks4.REJECTED
    assert server.accepted == 0


def test_danted_behind_stunnel(start, danted, certs, tool, tmp_path, server, with_tls):
    at = ("127.0.0.1", peers.reserve())
    daemons.stunnel(tool("stunnel4"), tmp_path, at, danted[1], options=[f"cert = {certs.server.both}"])
    near = start(f"via {url('socks4+tls', at, ca=certs.ca)}")
    assert echoes(socks4.connect(near.address, server.port))
    client, caller = bind(near.address)
    caller.sendall(b"bytes!")
    assert peers.read_exactly(client, 6) == b"bytes!"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_session_with_the_hop_is_resumed(start, certs, with_tls, version):
    """As the hop sees it: a hop of ours that speaks SOCKS4A over Python's TLS."""
    hop = TlsHop(tls_peers.server_context(certs.server, version=version))
    near = start(f"via {url('socks4a+tls', (NAME, hop.port), ca=certs.ca)}")
    for _ in range(3):
        client = socks4.connect(near.address, 80, name=HIDDEN)
        assert echoes(client)
        client.close()
    assert peers.until(lambda: len(hop.resumed) == 3)
    assert hop.resumed == [False, True, True]


class TlsHop(tls_peers.EchoServer):
    """Grants everything, and is the destination itself."""

    def serve(self, tls):
        head = peers.read_exactly(tls, 8)
        assert head[0] == 4
        for _ in range(2 if head[4:7] == b"\0\0\0" else 1):
            while peers.read_exactly(tls, 1) != b"\0":
                pass
        tls.sendall(b"\0" + bytes([socks4.GRANTED]) + bytes(6))
        super().serve(tls)


@pytest.mark.parametrize("scheme", ["socks4", "socks4a"])
def test_a_hop_that_refuses_one_address_is_asked_for_the_next(start, anklet, names, server, scheme):
    """As it is for a name that the hop looks up itself."""
    names.zone["two.example.test"] = Name(a=["127.0.0.41", "127.0.0.1"])
    far = anklet()
    near = start(f"via {url(scheme, far.address)} resolve")
    assert echoes(socks4.connect(near.address, server.port, name="two.example.test"))
    near.wait_log(r"127\.0\.0\.41 failed, the next hop refused with 91")


def test_a_hop_that_refuses_all_addresses(start, anklet, names):
    names.zone["two.example.test"] = Name(a=["127.0.0.41", "127.0.0.42"])
    far = anklet()
    near = start(f"via {url('socks4a', far.address)} resolve")
    assert socks4.refused(near.address, peers.nobody(), name="two.example.test") == socks4.REJECTED
    near.wait_log("refused with 91, the next hop refused with 91")
    far.wait_log(r"127\.0\.0\.42:\d+: refused with 91")


# ---- Hops that misbehave ----

class Hop(peers.Worker):
    """Reads a request without its names, and answers bytes, in pieces; None: never."""

    def __init__(self, answer, then="hold", piece=0):
        super().__init__()
        self.answer, self.then, self.piece, self.requests = answer, then, piece, []
        self.listener = peers.listener()
        self.address = self.listener.getsockname()
        self.start()

    def run(self):
        with contextlib.suppress(OSError, EOFError):
            while True:
                self.serve(peers.accept(self.listener))

    def serve(self, sock):
        if self.then == "deaf":
            return
        request = peers.read_exactly(sock, 9)
        while request[-1]:
            request += peers.read_exactly(sock, 1)
        self.requests.append(request)
        step = self.piece or len(self.answer) or 1
        for at in range(0, len(self.answer), step):
            sock.sendall(self.answer[at:at + step])
            time.sleep(0.002 if self.piece else 0)
        if self.then == "eof":
            sock.close()
        elif self.then == "reset":
            peers.reset(sock)


GRANT = struct.pack("!BBH4s", 0, 90, 0, bytes(4))


@pytest.mark.parametrize("piece", [0, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("vn", [0, 4])
def test_a_grant_and_what_stands_after_it(start, vn, piece):
    """Bytes after the reply are the destination's, and are not lost."""
    hop = Hop(bytes([vn]) + GRANT[1:] + b"greeting of the server", piece=piece)
    client = socks4.connect(start(f"via {url('socks4', hop.address)}").address, 80, "192.0.2.1", userid=b"fred")
    assert peers.read_exactly(client, 22) == b"greeting of the server"
    assert hop.requests == [b"\x04\x01\x00\x50\xc0\x00\x02\x01fred\0"]


BAD = {
    "91": (b"\0\x5b" + bytes(6), "hold"),
    "92": (b"\0\x5c" + bytes(6), "hold"),
    "93": (b"\0\x5d" + bytes(6), "hold"),
    "code 0": (b"\0\0" + bytes(6), "hold"),
    "VN 5": (b"\x05\xff" + bytes(6), "hold"),
    "VN 1": (b"\x01\x5a" + bytes(6), "hold"),
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "hold"),
    "short, EOF": (GRANT[:5], "eof"),
    "nothing, EOF": (b"", "eof"),
    "short, RST": (GRANT[:7], "reset"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_reply(start, what):
    answer, then = BAD[what]
    proxy = start(f"via {url('socks4', Hop(answer, then).address)}")
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED
    proxy.wait_log("refused with 91")


@pytest.mark.parametrize("answer, then", [(b"", "hold"), (GRANT[:7], "hold"), (b"", "deaf")])
def test_a_silent_hop_ends_at_the_limit(start, answer, then):
    hop = Hop(answer, then)
    proxy, begun = start(f"via {url('socks4', hop.address)}", args=("--limit-establish", "1s")), time.monotonic()
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED
    assert time.monotonic() - begun > 0.99


def test_nobody_is_the_hop(start):
    proxy = start(f"via socks4://127.0.0.1:{peers.nobody()}")
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED


def test_a_name_of_the_proxy_itself(start, names):
    """It must not go round in circles."""
    at = peers.reserve()
    names.zone["itself.example.test"] = THIS_HOST
    proxy = start(f"via socks4a://itself.example.test:{at}", args=("--listen", f"127.0.0.1:{at}"))
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED
    proxy.wait_log("refused with 91, next hop: the proxy itself listens there")
    assert proxy.log.count("refused with 91") == 1


@pytest.mark.parametrize("listen, hop, wrong", [
    (["--listen", "127.0.0.1:{}"], "socks4://127.0.0.1:{}", True), (["--listen", "*:{}"], "socks4a://127.0.0.9:{}", True),
    (["--listen", "*:{}"], "socks4a://[::1]:{}", True), (["--listen", "0.0.0.0:{}"], "socks4://[::ffff:127.0.0.1]:{}", True),
    (["--listen", "127.0.0.1:{}"], "socks4a://localhost:{}", True), (["--listen", "[::1]:{}"], "socks4a://A.LOCALHOST.:{}", True),
    (["--listen", "localhost:{}"], "socks4a://127.0.0.1:{}", True), (["--listen", "*:{}"], "socks4://0.0.0.0:{}", True),
    ([], "socks4://127.0.0.1", True), ([], "socks4a://[::1]:1080", True),
    (["--listen", "127.0.0.1:1081", "--forward", "tcp://127.0.0.1:{} tcp://192.0.2.1:80"], "socks4://127.0.0.1:{}", True),
    (["--listen", "127.0.0.1:{}"], "socks4://127.0.0.2:{}", False), (["--listen", "127.0.0.1:1"], "socks4://127.0.0.1:{}", False),
    (["--listen", "*:{}"], "socks4://192.0.2.1:{}", False), (["--listen", "0.0.0.0:{}"], "socks4://[::1]:{}", False),
    (["--listen", "127.0.0.1:0"], "socks4://127.0.0.1:{}", False)])
def test_a_hop_that_leads_back_is_an_error(listen, hop, wrong):
    """At the start and by -t."""
    at = peers.reserve()
    args = [arg.format(at) for arg in [*listen, "--route", "via " + hop]]
    runs = [program.run(*args, *check) for check in (["-t"], *([[]] if wrong else []))]
    for done in runs:
        assert done.returncode == (program.CONFIG if wrong else 0), done.stderr
        assert ("this program itself" in done.stderr) == wrong


def test_a_client_that_leaves_ends_the_wait_for_the_hop(start):
    proxy = start(f"via {url('socks4', Hop(b'').address)}")
    idle = proxy.descriptors()
    client = socks4.send(proxy.address, 80, "192.0.2.1")
    assert peers.until(lambda: proxy.descriptors() == idle + 2)
    client.close()
    assert peers.until(lambda: proxy.descriptors() == idle)


def test_rules_are_asked_before_the_hop(start, server):
    hop = Hop(GRANT)
    proxy = start(f"via {url('socks4a', hop.address)}", args=("--deny", "to *.forbidden.test", "--allow", "connect"))
    assert socks4.refused(proxy.address, 80, name="www.forbidden.test") == socks4.REJECTED
    assert hop.requests == []


@pytest.mark.parametrize("name", ["10.66051", "167838211", "0xa.1.2.3", "0XA.1.2.3", "012.1.2.3", "127.1", "127.1.",
                                  "::ffff:10.1.2.3%1", "[::ffff:10.1.2.3%lo]", "10.1.2.3%1", "[10.66051]", "10.1.2.3."])
def test_what_may_be_read_as_an_address_is_no_name(start, name):
    """What the hop would make of it no rule has judged."""
    hop = Hop(GRANT)
    proxy = start(f"via {url('socks4a', hop.address)}", args=("--deny", "to 10.0.0.0/8", "--allow", "to *"))
    assert socks4.refused(proxy.address, 80, name=name) == socks4.REJECTED
    proxy.wait_log("refused with 91, the name could be taken for an address")
    assert hop.requests == []


@pytest.mark.parametrize("rules, refused", [
    (["--deny", "to 127.0.0.0/8", "--allow", "to *"], "denied by rule 1"),
    (["--deny", "to ::1", "--allow", "to *"], "denied by rule 1"),
    (["--allow", "to 192.0.2.0/24"], "no allow line matches"),
    (["--allow", "to *"], None), (["--allow", "to localhost"], None), (["--deny", "to 10.0.0.0/8", "--allow", ""], None)])
@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "A.b.LocalHost."])
def test_localhost_is_loopback_to_the_rules(start, rules, refused, name):
    """Wherever it is looked up (RFC 6761)."""
    if rules[1] == "to localhost" and name.lower().rstrip(".") != "localhost":
        return
    hop = Hop(GRANT)
    proxy = start(f"via {url('socks4a', hop.address)}", args=rules)
    if not refused:
        socks4.connect(proxy.address, 80, name=name)
        return
    assert socks4.refused(proxy.address, 80, name=name) == socks4.REJECTED
    proxy.wait_log(refused)
    assert hop.requests == []


# ---- The configuration ----

@pytest.mark.parametrize("words, said", [
    ("via http://127.0.0.1:8080", "socks4a://"), ("via socks6://127.0.0.1", "socks4"),
    ("via socks4://127.0.0.1 unresolved", "cannot be combined with 'socks4://'"),
    ("via socks5://127.0.0.1 unresolved", "cannot be combined with 'socks5://'"), ("resolve", "via"),
    ("via socks4://127.0.0.1?ca=/x", "expected options only where there is TLS")])
def test_wrong_routes(words, said):
    done = program.run("-t", "--route", words)
    assert done.returncode == program.CONFIG and "^" in done.stderr and said in done.stderr, done.stderr


# ---- Round and round ----

def test_two_that_are_each_others_hop(anklet):
    """On one host each round comes from another client that may be anybody's: it is over with a share, and said once."""
    probes = [peers.listener() for _ in range(2)]
    ports = [peers.port_of(probe) for probe in probes]
    for probe in probes:
        probe.close()
    both = [anklet("--listen", f"tcp://127.0.0.1:{ports[i]}", "--allow", "connect",
                   "--route", f"to 203.0.113.0/24 via socks4://127.0.0.1:{ports[1 - i]}") for i in range(2)]
    assert socks4.refused(both[0].address, 80, host="203.0.113.9") == socks4.REJECTED
    for one in both:
        one.signal(signal.SIGTERM)
        assert one.wait() == 0
        assert one.log.count(": refused with 91, ") == 1
        assert re.search(r"127\.0\.0\.1: and 255 more, the same again or beyond limit-log", one.log)
    assert sum(one.log.count("closed at once, this client has all of its") for one in both) == 1


def test_another_request_that_the_hop_refuses_has_a_line_of_its_own(anklet, server):
    far = anklet("--deny", "connect")
    near = anklet("--route", f"via socks4://{far.address[0]}:{far.address[1]}")
    for userid in (b"one", b"two", b"two"):
        assert socks4.refused(near.address, 80, host="203.0.113.9", userid=userid) == socks4.REJECTED
    assert socks4.refused(near.address, 81, host="203.0.113.9", userid=b"two") == socks4.REJECTED
    near.signal(signal.SIGTERM)
    assert near.wait() == 0
    assert re.findall(r"9:(8.) user .(one|two).: refused with 91, the next hop refused", near.log) == [
        ("80", "one"), ("80", "two"), ("81", "two")]
