"""Who may reach what: the rules, and what protects those who wrote none."""
from collections import namedtuple

import pytest

import peers
import socks4
from dns_server import DnsServer, Name

# ---- Rules, on loopback ----


@pytest.fixture
def server():
    return peers.listener()


def code(proxy, port, host="127.0.0.1", **more):
    sock, reply = socks4.ask(proxy, port, host, **more)
    sock.close()
    return reply.cd


def test_ports_of_an_allow(anklet, server):
    port, other = peers.port_of(server), peers.port_of(peers.listener())
    for ports in (f"{port}", f"1,{port}", f"{port}-{port}"):
        proxy = anklet("--allow", f"to *:{ports}").address
        assert code(proxy, port) == socks4.GRANTED
        assert code(proxy, other) == socks4.REJECTED


def test_the_first_match_decides(anklet):
    port, (elsewhere, server) = peers.same_port("127.0.0.3", "127.0.0.1")
    for sock in (elsewhere, server):
        sock.listen()
    proxy = anklet("--deny", "to 127.0.0.3", "--allow", "to 127.0.0.0/8", "--deny", "to *").address
    assert code(proxy, port) == socks4.GRANTED
    assert code(proxy, port, "127.0.0.3") == socks4.REJECTED
    assert peers.silent_for(elsewhere, 0.05)


def test_what_no_rule_matches_is_refused(anklet, server):
    proxy = anklet("--deny", "to 192.0.2.0/24").address
    assert code(proxy, peers.port_of(server)) == socks4.REJECTED


def test_rules_from_a_file(anklet, server, tmp_path):
    file = tmp_path / "anklet.conf"
    file.write_text(f"# ours\nlisten tcp://127.0.0.1:0\n\nallow connect from 127.0.0.1 "
                    f"to *:{peers.port_of(server)}   # one port\n")
    proxy = anklet("-c", str(file)).address
    assert code(proxy, peers.port_of(server)) == socks4.GRANTED
    assert code(proxy, peers.nobody()) == socks4.REJECTED


def test_from(anklet, server):
    proxy = anklet("--allow", "from 127.0.0.7").address
    assert code(proxy, peers.port_of(server), source="127.0.0.7") == socks4.GRANTED
    assert code(proxy, peers.port_of(server), source="127.0.0.8") == socks4.REJECTED


def test_user_is_the_whole_userid(anklet, server):
    proxy, port = anklet("--allow", "user fred").address, peers.port_of(server)
    assert code(proxy, port, userid=b"fred") == socks4.GRANTED
    for other in (b"", b"fre", b"freddy", b"FRED", b"fred ", b"fred\xff"):
        assert code(proxy, port, userid=other) == socks4.REJECTED, other


def test_names_in_rules(anklet, dns, server):
    port = peers.port_of(server)
    for name in ("example.test", "www.example.test", "a.b.example.test", "badexample.test"):
        dns.zone[name] = Name(a=["127.0.0.1"])
    proxy = anklet(*dns.option, "--deny", "to www.example.test", "--allow", "to *.example.test").address
    assert code(proxy, port, name="a.b.example.test") == socks4.GRANTED
    for name in ("example.test", "www.example.test", "WWW.example.test.", "badexample.test"):
        assert code(proxy, port, name=name) == socks4.REJECTED, name


def test_each_address_of_a_name_is_judged(anklet, dns):
    port, (forbidden, server) = peers.same_port("127.0.0.3", "127.0.0.1")
    for sock in (forbidden, server):
        sock.listen()
    dns.zone["both.example.test"] = Name(a=["127.0.0.3", "127.0.0.1"])
    dns.zone["bad.example.test"] = Name(a=["127.0.0.3"])
    proxy = anklet(*dns.option, "--deny", "to 127.0.0.3", "--allow", "to *").address
    assert code(proxy, port, name="both.example.test") == socks4.GRANTED
    assert code(proxy, port, name="bad.example.test") == socks4.REJECTED
    assert peers.silent_for(forbidden, 0.05)


# ---- Loops ----

@pytest.mark.parametrize("how", [dict(), dict(name="localhost"), dict(name="::ffff:127.0.0.1")],
                         ids=["address", "name", "mapped"])
def test_its_own_listener(anklet, how):
    proxy = anklet("--log", "debug").address
    assert code(proxy, proxy[1], **how) == socks4.REJECTED


def test_its_own_listener_on_every_local_address(anklet):
    """Not even by a rule that names it."""
    proxy = anklet("--listen", "*:0", "--allow", "to 127.0.0.0/8", "--allow", "to *")
    v4 = next(at for at in proxy.addresses(2) if "." in at[0])
    for host in ("127.0.0.1", "127.0.0.9"):
        assert code(("127.0.0.1", v4[1]), v4[1], host) == socks4.REJECTED


def test_a_loop_of_two_proxies_is_bounded(anklet):
    """Each nesting is a session of both; limit-client ends it."""
    one = anklet("--limit-client", "6").address
    two = anklet("--limit-client", "6").address
    client, depth = peers.dial(one), 0
    try:
        while depth < 40:
            client.sendall(socks4.request((two, one)[depth % 2][1]))
            if socks4.read_reply(client).cd != socks4.GRANTED:
                break
            depth += 1
    except (EOFError, ConnectionResetError):
        pass
    assert 2 <= depth <= 12
    client.close()
    for proxy in (one, two):
        assert peers.until(lambda: socks4.serves(proxy))


# ---- Clients that are not on loopback, in hosts of our own ----

Lan = namedtuple("Lan", "proxy_host client_host port")

PUBLIC, PRIVATE, LINK = "203.0.113.2", "192.168.7.2", "169.254.7.2"
SERVER = "198.51.100.9"  # on the client's host, which plays the rest of the world
PROXY_PUBLIC, PROXY_PRIVATE, PROXY_LINK = "203.0.113.1", "192.168.7.1", "169.254.7.1"


@pytest.fixture
def lan(namespace):
    """A proxy's host with a public, a private and a link-local address; clients and a server beside it."""
    mine, theirs = namespace(), namespace()
    mine.wire(theirs, ["203.0.113.1/24", "192.168.7.1/24", "169.254.7.1/16", "2001:db8::1/64"],
              ["203.0.113.2/24", "192.168.7.2/24", "169.254.7.2/16", "2001:db8::2/64", SERVER + "/32"])
    mine.ip("route", "add", SERVER, "via", PUBLIC)
    port = peers.port_of(peers.listener(SERVER, ns=theirs))
    return Lan(mine, theirs, port)


def start(anklet, lan, *args, host=PROXY_PRIVATE):
    """The proxy, on the address of its that its clients are to come to."""
    return anklet("--listen", f"{host}:0", *args, ns=lan.proxy_host).address


def test_without_rules_strangers_are_refused(anklet, lan):
    proxy = start(anklet, lan, host=PROXY_PUBLIC)
    assert code(proxy, lan.port, SERVER, source=PUBLIC, ns=lan.client_host) == socks4.REJECTED
    proxy = start(anklet, lan, "--allow", "from 203.0.113.0/24", host=PROXY_PUBLIC)
    assert code(proxy, lan.port, SERVER, source=PUBLIC, ns=lan.client_host) == socks4.GRANTED


def test_without_rules_strangers_are_refused_over_ipv6(anklet, lan):
    proxy = start(anklet, lan, host="[2001:db8::1]")
    assert code(proxy, lan.port, SERVER, ns=lan.client_host) == socks4.REJECTED


@pytest.mark.parametrize("client, at", [(PRIVATE, PROXY_PRIVATE), (LINK, PROXY_LINK)])
def test_without_rules_neighbours_are_served(anklet, lan, client, at):
    proxy = start(anklet, lan, host=at)
    assert code(proxy, lan.port, SERVER, source=client, ns=lan.client_host) == socks4.GRANTED


def test_a_bind_of_a_stranger_is_refused(anklet, lan):
    proxy = start(anklet, lan, host=PROXY_PUBLIC)
    assert code(proxy, 21, SERVER, cd=socks4.BIND, source=PUBLIC, ns=lan.client_host) == socks4.REJECTED


def local_servers(lan):
    """Listeners on one port of all the proxy's own addresses; the port."""
    port = peers.port_of(peers.listener("127.0.0.1", ns=lan.proxy_host))
    for host in (PROXY_PUBLIC, PROXY_PRIVATE, PROXY_LINK, "::1", "2001:db8::1", "127.0.0.53"):
        peers.listener(host, port, ns=lan.proxy_host)
    peers.listener(LINK, port, ns=lan.client_host)
    return port


INSIDE = ["127.0.0.1", "127.0.0.53", PROXY_PUBLIC, PROXY_PRIVATE, PROXY_LINK, LINK, "224.0.0.1", "255.255.255.255",
          "192.168.7.255", "0.0.0.0"]
INSIDE_NAMES = ["localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1", "2001:db8::1", "::ffff:192.168.7.1",
                "rebound.example.test"]


@pytest.mark.parametrize("rules", [(), ("--allow", "from 192.168.7.0/24"), ("--allow", "to *"),
                                   ("--allow", "to 0.0.0.0/0", "--allow", "to ::/0"),
                                   ("--allow", "to rebound.example.test", "--allow", "to localhost")],
                         ids=["no rules", "from", "to *", "to all addresses", "to names"])
def test_the_inside_is_not_reached(anklet, lan, rules):
    port = local_servers(lan)
    dns = DnsServer("127.0.0.1", 53, lan.proxy_host)
    dns.zone["rebound.example.test"] = Name(a=["127.0.0.1", PROXY_PRIVATE], aaaa=["::1"])
    lan.proxy_host.file("resolv.conf", "nameserver 127.0.0.1\n")
    proxy = start(anklet, lan, *rules)
    try:
        got = {host: code(proxy, port, host, ns=lan.client_host) for host in INSIDE}
        got |= {name: code(proxy, port, name=name, ns=lan.client_host) for name in INSIDE_NAMES}
    finally:
        dns.close()
    assert set(got.values()) == {socks4.REJECTED}, got


def test_a_bind_for_a_peer_inside_is_refused(anklet, lan):
    proxy = start(anklet, lan)
    for host in ("127.0.0.1", PROXY_PRIVATE, PROXY_LINK):
        assert code(proxy, 21, host, cd=socks4.BIND, ns=lan.client_host) == socks4.REJECTED


@pytest.mark.parametrize("named, opened, closed", [
    ("127.0.0.1", "127.0.0.1", "127.0.0.53"),
    ("127.0.0.0/8", "127.0.0.53", PROXY_PUBLIC),
    (PROXY_PUBLIC, PROXY_PUBLIC, PROXY_PRIVATE),
    ("169.254.0.0/16", LINK, "127.0.0.1"),
])
def test_an_allow_that_names_an_address_inside_opens_it(anklet, lan, named, opened, closed):
    port = local_servers(lan)
    proxy = start(anklet, lan, "--allow", f"to {named}", "--allow", "to *")
    assert code(proxy, port, opened, ns=lan.client_host) == socks4.GRANTED
    assert code(proxy, port, closed, ns=lan.client_host) == socks4.REJECTED


def test_a_network_does_not_name_an_address_of_our_own_in_it(anklet, lan):
    port = local_servers(lan)
    proxy = start(anklet, lan, "--allow", "to 192.168.7.0/24", "--allow", "to *")
    assert code(proxy, port, PROXY_PRIVATE, ns=lan.client_host) == socks4.REJECTED


def test_a_new_address_of_ours_is_known_soon(anklet, lan):
    """The table of our own addresses is at most 5 seconds old, by the program's clock."""
    proxy = start(anklet, lan)
    server = peers.listener("0.0.0.0", ns=lan.proxy_host)
    assert code(proxy, lan.port, SERVER, ns=lan.client_host) == socks4.GRANTED
    lan.proxy_host.ip("address", "add", "192.0.2.77/32", "dev", "lo")
    assert peers.until(lambda: code(proxy, peers.port_of(server), "192.0.2.77", ns=lan.client_host) ==
                       socks4.REJECTED, step=0.2)


def test_the_source_of_outgoing_connections(anklet, server):
    proxy = anklet("--source", "127.0.0.21").address
    socks4.connect(proxy, peers.port_of(server))
    assert peers.accept(server).getpeername()[0] == "127.0.0.21"
