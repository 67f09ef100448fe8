"""Names through the distribution's dnsmasq and unbound: our own script might agree with us too well."""
import collections
import re
import socket

import pytest

import daemons
import peers
import socks4

CHAIN = 9   # aliases one after the other
MANY = 300  # addresses of one name: 4.8 KB, which UDP has no room for
ZONE = [
    ("web.example.test", "A", "127.0.0.1"),
    ("six.example.test", "AAAA", "::1"),
    ("both.example.test", "A", "127.0.0.1"),
    ("both.example.test", "AAAA", "::1"),
    ("www.example.test", "CNAME", "web.example.test"),
    ("c0.example.test", "CNAME", "web.example.test"),
    *[(f"c{i}.example.test", "CNAME", f"c{i - 1}.example.test") for i in range(1, CHAIN)],
    ("lost.example.test", "CNAME", "nowhere.example.test"),
    ("x" * 60 + "." + "y" * 60 + ".example.test", "A", "127.0.0.1"),
    *[("many.example.test", "A", f"127.0.{i // 250 + 1}.{i % 250 + 1}") for i in range(MANY)],
]

SERVERS = {"dnsmasq": daemons.dnsmasq, "unbound": daemons.unbound}
ASKED = {"dnsmasq": r"query\[(\w+)\] (\S+) from", "unbound": r"info: \S+ (\S+)\. (\w+) IN"}


class Host:
    """A host whose resolv.conf names what start() starts, and where everybody listens on every address."""

    def __init__(self, kind, tool, tmp_path, ns):
        self.kind, self.ns, self.directory = kind, ns, tmp_path
        self.make, self.program = SERVERS[kind], tool(kind)
        self.server, self.last = None, 0

    def start(self, host="127.0.0.1", zone=tuple(ZONE), **more):
        self.server = self.make(self.program, self.directory, zone, host, self.ns, **more)
        return self.server

    def stop(self):
        self.server.close()

    def resolv_conf(self, text):
        self.ns.file("resolv.conf", text)

    def asked(self, name, proxy):
        """How often each type was asked for: by the server's log, up to one more question, for it comes late."""
        self.last += 1
        assert refused(proxy, f"last{self.last}.example.test", self.ns)
        self.server.wait_text(rf"last{self.last}\.example\.test")
        found = re.findall(ASKED[self.kind], self.server.text)
        pairs = found if self.kind == "dnsmasq" else [(kind, asked) for asked, kind in found]
        return collections.Counter(kind for kind, asked in pairs if asked == name and kind in ("A", "AAAA"))


@pytest.fixture(params=sorted(SERVERS))
def host(request, tool, tmp_path, namespace):
    one = Host(request.param, tool, tmp_path, namespace())
    one.resolv_conf("nameserver 127.0.0.1\n")
    one.ns.file("hosts", "127.0.0.1 localhost\n")
    return one


@pytest.fixture
def proxy(anklet, host):
    host.start()
    return anklet("--log", "debug", ns=host.ns)


def reaches(proxy, server, name, ns):
    client = socks4.connect(proxy.address, peers.port_of(server), name=name, ns=ns)
    client.sendall(b"?")
    assert peers.read_exactly(peers.accept(server), 1) == b"?"


def granted(proxy, server, name, ns):
    return socks4.ask(proxy.address, peers.port_of(server), name=name, ns=ns)[1].cd == socks4.GRANTED


def refused(proxy, name, ns):
    return socks4.refused(proxy.address, 80, name=name, ns=ns) == socks4.REJECTED


@pytest.mark.parametrize("name", ["web.example.test", "WEB.example.TEST.", "www.example.test",
                                  f"c{CHAIN - 1}.example.test", "x" * 60 + "." + "y" * 60 + ".example.test"],
                         ids=["A", "capitals", "alias", "chain of aliases", "long labels"])
def test_an_ipv4_address(host, proxy, name):
    reaches(proxy, peers.listener(ns=host.ns), name, host.ns)


def test_an_ipv6_address(host, proxy):
    reaches(proxy, peers.listener("::1", ns=host.ns), "six.example.test", host.ns)


def test_both_families(host, proxy):
    """IPv6 first; it refuses, and IPv4 is tried."""
    reaches(proxy, peers.listener("::1", ns=host.ns), "both.example.test", host.ns)
    reaches(proxy, peers.listener(ns=host.ns), "both.example.test", host.ns)
    assert host.asked("both.example.test", proxy) == {"A": 1, "AAAA": 1}


@pytest.mark.parametrize("name", ["none.example.test", "lost.example.test"], ids=["NXDOMAIN", "alias to nowhere"])
def test_no_such_name_is_said_and_kept(host, proxy, name):
    """With the SOA in its authority section; kept for as long as the next requests of a page take."""
    for _ in range(3):
        assert refused(proxy, name, host.ns)
    proxy.wait_log(f"{name}.*the name has no address")
    assert host.asked(name, proxy) == {"A": 1, "AAAA": 1}


def test_one_family_alone_is_kept_as_well(host, proxy):
    """No address of the other family: NOERROR with a SOA, or without."""
    server = peers.listener(ns=host.ns)
    for _ in range(3):
        reaches(proxy, server, "web.example.test", host.ns)
    assert host.asked("web.example.test", proxy) == {"A": 1, "AAAA": 1}


def test_an_answer_that_udp_has_no_room_for(host, proxy):
    """The first that fit the table are tried, all of which refuse but one: which they are the server chooses."""
    sock = peers.listener("0.0.0.0", ns=host.ns)
    reaches(proxy, sock, "many.example.test", host.ns)
    assert host.asked("many.example.test", proxy)["A"] == 2, "over UDP, then over TCP"


def test_a_server_that_comes_and_goes(anklet, host):
    """While it is away names fail, and nothing else; when it is back nobody has to be told."""
    host.resolv_conf("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    host.start()
    proxy, server = anklet("--log", "debug", ns=host.ns), peers.listener(ns=host.ns)
    for _ in range(2):
        reaches(proxy, server, "web.example.test", host.ns)
        host.stop()
        assert refused(proxy, "both.example.test", host.ns)
        proxy.wait_log("both.example.test.*could not be looked up")
        reaches(proxy, server, "web.example.test", host.ns)
        reaches(proxy, server, "127.0.0.1", host.ns)
        host.start(zone=[*ZONE, ("late.example.test", "A", "127.0.0.1")])
        reaches(proxy, server, "late.example.test", host.ns)
        host.resolv_conf("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n# and nothing is kept\n")


@pytest.mark.parametrize("dead", ["refuses", "is silent"])
@pytest.mark.parametrize("order", ["127.0.0.1 127.0.0.9", "127.0.0.9 127.0.0.1"], ids=["second", "first"])
def test_two_servers_of_which_one_is_dead(anklet, host, dead, order):
    """Nobody listens there, or somebody who never answers."""
    first, second = order.split()
    host.resolv_conf(f"nameserver {first}\nnameserver {second}\noptions timeout:1\n")
    host.start("127.0.0.1")
    if dead == "is silent":
        peers.new_socket(socket.AF_INET, socket.SOCK_DGRAM, host.ns).bind(("127.0.0.9", 53))
    proxy = anklet("--log", "debug", ns=host.ns)
    reaches(proxy, peers.listener(ns=host.ns), "web.example.test", host.ns)
    assert refused(proxy, "none.example.test", host.ns)


def test_a_search_list(anklet, host):
    host.resolv_conf("search one.example.test example.test\nnameserver 127.0.0.1\n")
    host.start()
    proxy = anklet(ns=host.ns)
    reaches(proxy, peers.listener(ns=host.ns), "web", host.ns)
    assert host.asked("web.one.example.test", proxy) and host.asked("web.example.test", proxy)


def test_a_new_name_is_found_soon(anklet, host):
    """Its absence was kept, but not for the minute that unbound's SOA allows."""
    host.start()
    proxy, server = anklet(ns=host.ns), peers.listener(ns=host.ns)
    assert refused(proxy, "late.example.test", host.ns)
    host.stop()
    host.start(zone=[*ZONE, ("late.example.test", "A", "127.0.0.1")])
    assert peers.until(lambda: granted(proxy, server, "late.example.test", host.ns), step=0.5)


@pytest.mark.parametrize("host", ["unbound"], indirect=True)
def test_tcp_alone(anklet, host):
    """resolv.conf's use-vc: this server does not speak UDP at all."""
    host.resolv_conf("nameserver 127.0.0.1\noptions use-vc\n")
    host.start(options="do-udp: no")
    proxy = anklet(ns=host.ns)
    for name in ("web.example.test", f"c{CHAIN - 1}.example.test", "many.example.test"):
        reaches(proxy, peers.listener("0.0.0.0", ns=host.ns), name, host.ns)
    assert refused(proxy, "none.example.test", host.ns)
