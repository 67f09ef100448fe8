"""CONNECT on the wire: requests in any pieces, replies, refusals, and what the relay keeps."""
import contextlib
import os
import socket
import subprocess
import statistics
import time

import pytest

import peers
import program
import socks4


SLICE = program.built_size("CONFIG_ANKLET_SLICE_BYTES")


@pytest.fixture
def proxy(anklet):
    return anklet("--log", "debug").address


@pytest.fixture
def server():
    return peers.listener()


# ---- Requests ----

def test_the_reply_has_version_0_and_no_address(proxy, server):
    _, reply = socks4.ask(proxy, peers.port_of(server))
    assert reply == (0, socks4.GRANTED, 0, "0.0.0.0")


@pytest.mark.parametrize("name", [None, "127.0.0.1"], ids=["socks4", "socks4a"])
def test_a_request_in_pieces_of_one_byte(proxy, server, name):
    client = peers.dial(proxy)
    for byte in socks4.request(peers.port_of(server), userid=b"slowly", name=name):
        client.sendall(bytes([byte]))
        time.sleep(0.002)
    assert socks4.read_reply(client).cd == socks4.GRANTED


def test_a_client_over_ipv6(anklet, server):
    proxy = anklet("--listen", "[::1]:0").address
    client, end = socks4.session(proxy, server)
    client.sendall(b"over ::1")
    assert peers.read_exactly(end, 8) == b"over ::1"
    waiting, reply = socks4.ask(proxy, 21, "127.0.0.5", cd=socks4.BIND)
    peers.dial((reply.ip, reply.port), "127.0.0.5")
    assert socks4.read_reply(waiting).ip == "127.0.0.5"


def test_short_answers_without_sleeping(anklet, server):
    if "--spin" not in program.run("--help").stdout:
        pytest.skip("built without FAST")
    client, far = socks4.session(anklet("--spin", "1000us").address, server)
    for i in range(200):
        client.sendall(b"%3d" % i)
        assert peers.read_exactly(far, 3) == b"%3d" % i
        far.sendall(b"%4d" % i)
        assert peers.read_exactly(client, 4) == b"%4d" % i


def test_every_cut_of_a_request_in_two(proxy, server):
    message = socks4.request(peers.port_of(server), userid=b"me", name="127.0.0.1") + b"early"
    for cut in range(1, len(message)):
        client = peers.dial(proxy)
        client.sendall(message[:cut])
        time.sleep(0.003)
        client.sendall(message[cut:])
        assert socks4.read_reply(client).cd == socks4.GRANTED
        assert peers.read_exactly(peers.accept(server), 5) == b"early"


def test_data_sent_with_the_request_arrives(proxy, server):
    early = b"GET / HTTP/1.0\r\n\r\n" * 300
    client, end = socks4.session(proxy, server, early=early)
    assert peers.read_exactly(end, len(early)) == early
    client.sendall(b"later")
    assert peers.read_exactly(end, 5) == b"later"


def test_userid_of_255_bytes_of_every_value_is_legal(proxy, server):
    socks4.session(proxy, server, userid=bytes(range(1, 256)))


INVALID = {
    "command 0": dict(cd=0),
    "command 3": dict(cd=3),
    "port 0": dict(port=0),
    "0.0.0.0": dict(host="0.0.0.0"),
    "0.1.2.3": dict(host="0.1.2.3"),
    "240.0.0.1": dict(host="240.0.0.1"),
    "255.255.255.255": dict(host="255.255.255.255"),
    "userid of 256": dict(userid=b"u" * 256),
    "userid of 5000": dict(userid=b"u" * 5000),
    "empty name": dict(name=b""),
    "name of 256": dict(name=b"n" * 256),
    "name of 5000": dict(name=b"n" * 5000),
    "name with a blank": dict(name=b"local host"),
    "name with LF": dict(name=b"localhost\n"),
    "name with DEL": dict(name=b"local\x7fhost"),
}


@pytest.mark.parametrize("what", INVALID)
def test_an_invalid_request_gets_91(proxy, server, what):
    request = dict(port=peers.port_of(server)) | INVALID[what]
    assert socks4.refused(proxy, **request) == socks4.REJECTED
    assert peers.silent_for(server, 0.05)


def test_nobody_listens_there(proxy):
    assert socks4.refused(proxy, peers.nobody()) == socks4.REJECTED


@pytest.mark.parametrize("first, said", [(b"\x16\x03\x01", "this client speaks TLS, and this listener does not"),
                                         (b"\0", "this client does not speak SOCKS: its first byte is 0")])
def test_what_is_no_socks_is_closed_without_a_reply(anklet, first, said):
    one = anklet()
    client = peers.dial(one.address)
    client.sendall(first)
    assert peers.read_all(client) == b""
    one.wait_log(said)


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT a:443 HTTP/1.1\r\n\r\n", b"G"])
def test_a_client_that_speaks_http_is_told(anklet, first):
    one = anklet()
    client = peers.dial(one.address)
    client.sendall(first)
    answer = peers.read_all(client)
    head, body = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 501 ") and b"Connection: close" in head
    assert b"a SOCKS proxy" in body
    one.wait_log("this client speaks HTTP, not SOCKS ")


def test_a_browser_is_told(anklet, tool):
    one = anklet()
    done = subprocess.run([tool("curl"), "-sS", "-i", "--noproxy", "*", f"http://127.0.0.1:{one.port}/"],
                          stdout=subprocess.PIPE, timeout=30)
    assert done.returncode == 0 and done.stdout.startswith(b"HTTP/1.1 501 ") and b"a SOCKS proxy" in done.stdout


def test_eof_before_the_request_is_whole(proxy, server):
    message = socks4.request(peers.port_of(server), userid=b"me", name="localhost")
    for cut in range(1, len(message)):
        client = peers.dial(proxy)
        client.sendall(message[:cut])
        client.shutdown(socket.SHUT_WR)
        assert socks4.read_reply(client).cd == socks4.REJECTED
        assert peers.read_all(client) == b""


@pytest.mark.parametrize("size", [1, 3000, 60000])
def test_a_refusal_survives_what_the_client_still_sends(proxy, size):
    """Closing over unread input would make TCP send RST, and the RST destroy the reply on its way."""

    def refused():
        client = peers.dial(proxy)
        client.sendall(socks4.request(80, cd=9) + os.urandom(size))
        time.sleep(0.01)
        assert socks4.read_reply(client).cd == socks4.REJECTED
        assert peers.read_all(client) == b""
        for _ in range(3):
            client.sendall(b"more")
            time.sleep(0.005)
        assert not peers.is_broken(client, 0)
        client.close()

    for _ in range(20):
        peers.in_time(refused, 2)  # so long it listens to what comes after


# ---- The end of one direction, and of both ----

def test_half_close_by_the_client(proxy, server):
    client, end = socks4.session(proxy, server)
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    assert peers.read_all(end) == b"question"
    time.sleep(0.2)
    end.sendall(b"answer" * 1000)
    end.close()
    assert peers.read_all(client) == b"answer" * 1000


def test_half_close_by_the_server(proxy, server):
    client, end = socks4.session(proxy, server)
    end.sendall(b"greeting")
    end.shutdown(socket.SHUT_WR)
    assert peers.read_all(client) == b"greeting"
    time.sleep(0.2)
    client.sendall(b"the rest" * 1000)
    client.close()
    assert peers.read_all(end) == b"the rest" * 1000


def test_eof_right_after_early_data(proxy, server):
    """After the grant an EOF is only the end of one direction; the data before it counts."""
    client, end = socks4.session(proxy, server)
    client.sendall(b"x" * 100000)
    client.shutdown(socket.SHUT_WR)
    assert peers.read_all(end) == b"x" * 100000
    end.sendall(b"done")
    end.close()
    assert peers.read_all(client) == b"done"


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_reset_is_passed_on(proxy, server, who):
    client, end = socks4.session(proxy, server)
    client.sendall(b"a")
    assert peers.read_exactly(end, 1) == b"a"
    peers.reset(client if who == "client" else end)
    assert peers.end_of(end if who == "client" else client) == "RESET"


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_reset_after_a_half_close_is_passed_on(proxy, server, who):
    """Without a byte from the other side, on which it would be found out anyway."""
    client, end = socks4.session(proxy, server)
    near, far = (client, end) if who == "client" else (end, client)
    near.shutdown(socket.SHUT_WR)
    assert peers.read_all(far) == b""
    assert not peers.is_broken(far, 0.1)
    peers.reset(near)
    assert peers.is_broken(far)


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_reset_by_one_that_never_read(proxy, server, who):
    """The other must learn of it although its data is stuck."""
    client, end = socks4.session(proxy, server)
    near, far = (client, end) if who == "client" else (end, client)
    peers.stuff(far)
    peers.reset(near)
    assert peers.is_broken(far)


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_reset_after_data_that_nobody_reads(proxy, server, who):
    """The one that resets has sent all it could; the other does not read, and must be told nevertheless."""
    client, end = socks4.session(proxy, server)
    near, far = (client, end) if who == "client" else (end, client)
    peers.stuff(near)
    peers.reset(near)
    assert peers.is_broken(far)


@pytest.mark.parametrize("who", ["client", "server"])
def test_an_urgent_byte_travels_in_line(anklet, server, who):
    program = anklet()
    client, end = socks4.session(program.address, server)
    near, far = (client, end) if who == "client" else (end, client)
    near.sendall(b"abc")
    near.send(b"!", socket.MSG_OOB)
    near.sendall(b"def")
    assert peers.read_exactly(far, 7) == b"abc!def"
    near.send(b"?", socket.MSG_OOB)
    assert peers.read_exactly(far, 1) == b"?"
    assert program.cpu_during(0.5) < 0.2
    far.sendall(b"back")
    assert peers.read_exactly(near, 4) == b"back"


def test_an_urgent_byte_amid_bulk(proxy, server):
    client, end = socks4.session(proxy, server)
    block, want = bytes(range(256)) * 256, b""
    got = bytearray()
    for i in range(40):
        client.sendall(block)
        client.send(b"U", socket.MSG_OOB)
        want += block + b"U"
        while len(got) < len(want) - 65536:
            got += end.recv(65536)
    client.shutdown(socket.SHUT_WR)
    got += peers.read_all(end)
    assert bytes(got) == want


# ---- The client that leaves early ----

@pytest.mark.parametrize("how", ["eof", "eof after early data", "reset"])
def test_a_client_that_leaves_ends_its_connection_attempt(anklet, how):
    program = anklet()
    port = peers.full_queue()
    idle = program.descriptors()
    client = socks4.send(program.address, port, early=b"early" if "early" in how else b"")
    assert peers.until(lambda: program.descriptors() == idle + 2)
    assert peers.silent_for(client, 0.1)
    if how == "reset":
        peers.reset(client)
    else:
        client.shutdown(socket.SHUT_WR)
    assert peers.until(lambda: program.descriptors() <= idle + 1)
    client.close()
    assert peers.until(lambda: program.descriptors() == idle)


def test_a_pending_connection_ends_at_the_limit(anklet):
    proxy, full = anklet("--limit-establish", "1s").address, peers.full_queue()
    begun = time.monotonic()
    assert socks4.refused(proxy, full) == socks4.REJECTED
    assert time.monotonic() - begun > 0.99


# ---- Fairness ----

class Flood:
    """A session through which as much goes as can, by threads of its own. .count bytes have come through."""

    def __init__(self, proxy):
        self.source, self.sink = socks4.session(proxy, peers.listener())
        self.count = 0
        for run in (self.pour, self.swallow):
            peers.Worker(run).start()

    def pour(self):
        self.source.settimeout(None)
        block = bytes(64 << 20)
        with contextlib.suppress(OSError):
            while True:
                self.source.sendall(block)

    def swallow(self):
        self.sink.settimeout(None)
        space, count = bytearray(4 << 20), 1
        with contextlib.suppress(OSError):
            while count:
                count = self.sink.recv_into(space, len(space), socket.MSG_TRUNC)  # dropped, not copied
                self.count += count


def test_floods_do_not_starve_a_small_session(proxy, server):
    """Whatever the machine's speed: while a byte passes, the floods have a few slices, and no more."""
    client, end = socks4.session(proxy, server)
    floods = [Flood(proxy) for _ in range(3)]
    assert peers.until(lambda: all(flood.count > 10 * SLICE for flood in floods))
    meanwhile = []
    for _ in range(100):
        before = sum(flood.count for flood in floods)
        client.sendall(b"x")
        assert peers.read_exactly(end, 1) == b"x"
        meanwhile.append(sum(flood.count for flood in floods) - before)
    # Not of each: who counts may be the one that stands still, and then they have more, or nothing.
    assert statistics.quantiles(meanwhile)[2] < 16 * SLICE * len(floods), meanwhile
    assert peers.until(lambda: sum(flood.count for flood in floods) > before + SLICE), "they still flood"


def test_a_peer_that_never_reads_holds_nobody_up(proxy, server):
    stuck, _ = socks4.session(proxy, server)
    stuck.settimeout(0.3)
    with pytest.raises(socket.timeout):
        while True:
            stuck.sendall(b"s" * 262144)
    client, end = socks4.session(proxy, server)
    client.sendall(b"hello")
    assert peers.read_exactly(end, 5) == b"hello"
    assert peers.silent_for(stuck, 0), "it is still there"
