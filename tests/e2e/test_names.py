"""Names: 4A through a name server of our own, hosts, literals, and addresses that do not answer."""
import socket
import time

import pytest

import peers
import socks4
from dns_server import TYPE_A, DnsServer, Name, encode_name

WEB = "web.example.test"
SILENCE = 6  # seconds, which is less than the 7 after which a name server that says nothing is given up


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this host has no ::1")


@pytest.fixture
def proxy(anklet, dns):
    return anklet(*dns.option, "--log", "debug").address


@pytest.fixture
def server():
    return peers.listener()


@pytest.fixture
def thief():
    """Who listens on the server's port of another address, to which forged answers lead: (the thief, the server)."""
    _, socks = peers.same_port("127.0.0.66", "127.0.0.1")
    for sock in socks:
        sock.listen()
    return socks


def reaches(proxy, server, name, **more):
    """Does a session by that name reach the server? Passes one byte through. The seconds until the grant."""
    start = time.monotonic()
    client = socks4.connect(proxy, peers.port_of(server), name=name, **more)
    took = time.monotonic() - start
    client.sendall(b"?")
    assert peers.read_exactly(peers.accept(server), 1) == b"?"
    return took


# ---- Answers ----

def test_a_name_with_an_ipv4_address(proxy, dns, server):
    dns.zone[WEB] = Name(a=["127.0.0.1"])
    reaches(proxy, server, WEB)
    assert {q.type for q in dns.asked(WEB)} == {"A", "AAAA"}


@pytest.mark.parametrize("name", [WEB + ".", WEB.upper(), "www.example.test"],
                         ids=["trailing dot", "capitals", "alias"])
def test_other_ways_to_write_it(proxy, dns, server, name):
    dns.zone[WEB] = Name(a=["127.0.0.1"])
    dns.zone["www.example.test"] = Name(cname=WEB)
    reaches(proxy, server, name)


@needs_ipv6
def test_a_name_with_an_ipv6_address_only(proxy, dns):
    dns.zone[WEB] = Name(aaaa=["::1"])
    reaches(proxy, peers.listener("::1"), WEB)


def test_no_such_name(proxy, dns):
    begun = time.monotonic()
    assert socks4.refused(proxy, 80, name="none.example.test") == socks4.REJECTED
    assert time.monotonic() - begun < SILENCE
    assert dns.asked("none.example.test")


def test_a_name_without_addresses(proxy, dns):
    dns.zone[WEB] = Name()
    assert socks4.refused(proxy, 80, name=WEB) == socks4.REJECTED


def test_a_name_server_that_fails(proxy, dns):
    dns.zone[WEB] = Name(rcode=2)
    assert socks4.refused(proxy, 80, name=WEB) == socks4.REJECTED


def test_an_alias_without_an_address(proxy, dns):
    dns.zone[WEB] = Name(cname="nowhere.example.test")
    assert socks4.refused(proxy, 80, name=WEB) == socks4.REJECTED


def test_nobody_is_name_server(anklet):
    proxy, begun = anklet("--dns", f"127.0.0.1:{peers.nobody()}").address, time.monotonic()
    assert socks4.refused(proxy, 80, name=WEB) == socks4.REJECTED
    assert time.monotonic() - begun < SILENCE


NO_NAMES = [b"a" * 64 + b".test", b"a..test", b".test", b".", b"..", b"a." * 127 + b"a", b"\xff\xfe.test",
            b"1.2.3", b"256.1.1.1", b"0x7f.1", b"127.1", b"1" * 255, b"[127.0.0.1", b"fe80::1%lo%lo", b"%s%n"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_refused_soon(proxy, dns, name):
    begun = time.monotonic()
    assert socks4.refused(proxy, 80, name=name) == socks4.REJECTED
    assert time.monotonic() - begun < SILENCE


def test_an_answer_is_kept_for_its_time(proxy, dns, server):
    for name, ttl in (("long.example.test", 3600), ("short.example.test", 1)):
        dns.zone[name] = Name(a=["127.0.0.1"], ttl=ttl)
        reaches(proxy, server, name)
    asked = len(dns.asked("long.example.test")), len(dns.asked("short.example.test"))
    time.sleep(1.1)
    for name in ("long.example.test", "short.example.test"):
        reaches(proxy, server, name)
    assert len(dns.asked("long.example.test")) == asked[0]
    assert len(dns.asked("short.example.test")) > asked[1]


def test_a_silent_name_server_ends_at_the_limit(anklet, dns):
    dns.zone[WEB] = Name(silent=True)
    proxy, begun = anklet(*dns.option, "--limit-establish", "1s"), time.monotonic()
    assert socks4.refused(proxy.address, 80, name=WEB) == socks4.REJECTED
    assert 0.99 < time.monotonic() - begun < SILENCE


def test_slow_names_hold_nobody_up(proxy, dns, server):
    """Lookups beside each other: a silent one must not delay the others."""
    dns.zone["slow.example.test"] = Name(silent=True)
    dns.zone[WEB] = Name(a=["127.0.0.1"])
    slow = [socks4.send(proxy, 80, name="slow.example.test") for _ in range(8)]
    reaches(proxy, server, WEB)
    assert all(peers.silent_for(client, 0) for client in slow), "they are still looked up"


def test_a_client_that_leaves_ends_its_look_up(anklet, dns):
    dns.zone[WEB] = Name(silent=True)
    proxy = anklet(*dns.option)
    idle = proxy.descriptors()
    client = socks4.send(proxy.address, 80, name=WEB)
    assert peers.until(lambda: proxy.descriptors() > idle + 1)
    client.close()
    assert peers.until(lambda: proxy.descriptors() == idle, SILENCE)


def test_a_cut_answer_is_asked_for_by_tcp(proxy, dns, server):
    dns.zone[WEB] = Name(a=["127.0.0.1"] + [f"127.0.1.{i}" for i in range(1, 60)], truncate=True)
    reaches(proxy, server, WEB)
    assert "tcp" in {q.transport for q in dns.asked(WEB, "A")}


@pytest.mark.parametrize("wrong", ["id", "question"])
def test_an_answer_to_another_question_is_not_taken(proxy, dns, thief, wrong):
    """The forged answer comes first, and leads to a port where somebody else listens."""
    thief, server = thief
    dns.zone[WEB] = Name(a=["127.0.0.1"], forge=wrong, delay={"A": 0.2})
    reaches(proxy, server, WEB)
    assert peers.silent_for(thief, 0.1)


def test_an_answer_from_elsewhere_is_not_taken(proxy, dns, thief):
    """A stranger who knows even id and port, but does not send from the name server's address."""
    thief, server = thief
    dns.zone[WEB] = Name(a=["127.0.0.1"], delay={"A": 0.5, "AAAA": 0.5})
    client = socks4.send(proxy, peers.port_of(server), name=WEB)
    assert peers.until(lambda: dns.asked(WEB, "A"))
    query = dns.asked(WEB, "A")[0]
    stranger = DnsServer("127.0.0.67")
    stranger.zone[WEB] = Name(a=["127.0.0.66"])
    stranger.answer(question_of(query), "udp", query.port,
                    lambda answer: stranger.udp.sendto(answer, ("127.0.0.1", query.port)))
    stranger.close()
    assert socks4.read_reply(client).cd == socks4.GRANTED
    peers.accept(server)
    assert peers.silent_for(thief, 0.1)


def question_of(query):
    return query.id.to_bytes(2, "big") + bytes(10) + encode_name(query.name) + bytes([0, TYPE_A, 0, 1])


def test_ids_and_ports_of_queries_are_not_to_be_guessed(proxy, dns):
    for i in range(20):
        socks4.refused(proxy, 80, name=f"n{i}.example.test")
    first = [q for q in dns.queries if q.type == "A"]
    assert len({q.id for q in first}) > 15 and len({q.port for q in first}) > 15
    steps = {b.id - a.id for a, b in zip(first, first[1:])}
    assert len(steps) > 10, "the ids count"


# ---- Several addresses ----

@needs_ipv6
def test_one_family_of_answers_late(proxy, dns, server):
    """50 ms after addresses of one family the other one is waited for no longer."""
    dns.zone[WEB] = Name(a=["127.0.0.1"], aaaa=["::1"], delay={"AAAA": 60})
    assert reaches(proxy, server, WEB) < SILENCE


@needs_ipv6
def test_the_first_address_refuses(proxy, dns):
    port, (dead, live) = peers.same_port("::1", "127.0.0.1")
    live.listen()
    dns.zone[WEB] = Name(a=["127.0.0.1"], aaaa=["::1"])
    assert reaches(proxy, live, WEB) < SILENCE
    dead.close()


@needs_ipv6
def test_the_first_address_does_not_answer(proxy, dns):
    port, (pending, live) = peers.same_port("::1", "127.0.0.1")
    live.listen()
    peers.full_queue(pending)
    dns.zone[WEB] = Name(a=["127.0.0.1"], aaaa=["::1"])
    assert 0.24 < reaches(proxy, live, WEB) < SILENCE


def test_several_dead_addresses_of_one_family(proxy, dns, server):
    dns.zone[WEB] = Name(a=["127.0.0.41", "127.0.0.42", "127.0.0.43", "127.0.0.1"])
    assert reaches(proxy, server, WEB) < SILENCE


def test_all_addresses_refuse(proxy, dns):
    dns.zone[WEB] = Name(a=["127.0.0.41", "127.0.0.42"])
    assert socks4.refused(proxy, peers.nobody(), name=WEB) == socks4.REJECTED


def test_the_race_leaves_nothing_behind(anklet, dns):
    """The attempt that lost is closed in the tick in which the other one won."""
    port, (pending, live) = peers.same_port("127.0.0.41", "127.0.0.1")
    live.listen()
    peers.full_queue(pending)
    dns.zone[WEB] = Name(a=["127.0.0.41", "127.0.0.1"])
    proxy = anklet(*dns.option)
    idle = proxy.descriptors()
    reaches(proxy.address, live, WEB)
    assert peers.until(lambda: proxy.descriptors() == idle + 2, SILENCE)


# ---- Without a name server ----

@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "a.localhost", "localhost."])
def test_literals_and_localhost_need_no_name_server(proxy, dns, server, name):
    reaches(proxy, server, name)
    assert not dns.queries


@needs_ipv6
@pytest.mark.parametrize("name", ["::1", "[::1]", "0:0:0:0:0:0:0:1", "localhost"])
def test_ipv6_literals(proxy, dns, name):
    reaches(proxy, peers.listener("::1"), name)
    assert not dns.queries


@pytest.mark.parametrize("name", ["0.0.0.0", "240.0.0.1", "::", "[::]", "::ffff:0.0.0.0", "[::1", "[]"])
def test_literals_that_nobody_reaches(proxy, server, name):
    assert socks4.refused(proxy, peers.port_of(server), name=name) == socks4.REJECTED


def test_an_ipv4_mapped_literal_is_the_ipv4_address(proxy, server):
    reaches(proxy, server, "::ffff:127.0.0.1")


# ---- What the system says: hosts and resolv.conf, in a host of our own ----

@pytest.fixture
def host(namespace):
    """A host whose name server is ours, on port 53 of its loopback."""
    ns = namespace()
    ns.file("resolv.conf", "# ours\nsearch one.test example.test\nnameserver 127.0.0.1\n")
    ns.file("hosts", "127.0.0.1 localhost\n127.0.0.1 box box.lan # a comment\n::1 six\n")
    server = DnsServer("127.0.0.1", 53, ns)
    server.zone[WEB] = Name(a=["127.0.0.1"])
    yield ns, server
    server.close()


def test_resolv_conf_and_its_search_list(anklet, host):
    ns, dns = host
    proxy, server = anklet(ns=ns).address, peers.listener(ns=ns)
    reaches(proxy, server, "web", ns=ns)
    names = [q.name for q in dns.queries if q.type == "A"]
    assert names.index("web.one.test") < names.index(WEB)
    dns.queries.clear()
    reaches(proxy, server, WEB, ns=ns)
    assert {q.name for q in dns.queries} <= {WEB}, "a name with a dot is asked for as it is first"


def test_what_of_resolv_conf_does_not_fit_is_said(anklet, namespace):
    """Servers that are none, and a search list for which there is no room; what fits is used."""
    ns = namespace()
    domains = [f"a-long-name-of-a-department-number-{i}.of-a-large-company.test" for i in range(30)]
    ns.file("resolv.conf", f"nameserver router.lan\nnameserver 127.0.0.1\nsearch {' '.join(domains)}\n")
    dns = DnsServer("127.0.0.1", 53, ns)
    dns.zone["web." + domains[11]] = Name(a=["127.0.0.1"])
    try:
        proxy = anklet(ns=ns)
        reaches(proxy.address, peers.listener(ns=ns), "web", ns=ns)
        proxy.wait_log(r"resolv.conf: passed over, .*: 1 of its name servers, 1\d of its search domains")
    finally:
        dns.close()


def test_names_from_hosts(anklet, host):
    ns, dns = host
    proxy, server = anklet(ns=ns).address, peers.listener(ns=ns)
    for name in ("box", "BOX.lan", "box"):
        reaches(proxy, server, name, ns=ns)
    reaches(proxy, peers.listener("::1", ns=ns), "six", ns=ns)
    assert not dns.queries


def test_a_changed_resolv_conf_is_read_again(anklet, namespace):
    ns = namespace()
    ns.file("resolv.conf", "nameserver 127.0.0.8\noptions timeout:1 attempts:1\n")
    proxy, server = anklet("--limit-establish", "5s", ns=ns).address, peers.listener(ns=ns)
    assert socks4.refused(proxy, 80, name=WEB, ns=ns) == socks4.REJECTED
    dns = DnsServer("127.0.0.9", 53, ns)
    dns.zone[WEB] = Name(a=["127.0.0.1"])
    ns.file("resolv.conf", "nameserver 127.0.0.9\n")
    try:
        assert peers.until(lambda: answered(proxy, server, ns), 30, 0.5)
    finally:
        dns.close()


def answered(proxy, server, ns):
    _, reply = socks4.ask(proxy, peers.port_of(server), name=WEB, ns=ns)
    return reply.cd == socks4.GRANTED


def test_a_dead_name_server_and_a_live_one(anklet, namespace):
    ns = namespace()
    ns.file("resolv.conf", "nameserver 127.0.0.8\nnameserver 127.0.0.9\noptions timeout:1\n")
    dns = DnsServer("127.0.0.9", 53, ns)
    dns.zone[WEB] = Name(a=["127.0.0.1"])
    try:
        reaches(anklet(ns=ns).address, peers.listener(ns=ns), WEB, ns=ns)
    finally:
        dns.close()
