"""What goes through encrypted streams, and how they end: in order, cut off, in one direction only."""
import os
import re
import socket
import ssl
import time

import pytest

import bulk
import daemons
import peers
import program
import socks4
import tls_peers
from certificates import NAME

pytestmark = pytest.mark.usefixtures("with_tls")


@pytest.fixture
def listen(anklet, certs):
    """start(*options): a proxy with a TLS listener."""

    def start(*options, args=()):
        query = "&".join([f"cert={certs.server.cert}", f"key={certs.server.key}", *options])
        return anklet("--listen", f"tls://127.0.0.1:0?{query}", *args)

    return start


@pytest.fixture
def route(anklet, certs, names):
    """start(*words): a proxy that adds TLS."""

    def start(*words, args=()):
        return anklet("--route", " ".join(["to * tls", f"ca={certs.ca}", *words]), *names.option, *args)

    return start


class Session:
    """One side speaks TLS, the other does not. .tls and .plain are the ends; .proxy is between them."""

    def __init__(self, side, proxy, certs, version=None):
        server = peers.listener()
        self.proxy = proxy
        if side == "client":
            ctx = tls_peers.client_context(certs.ca, version=version)
            self.tls = tls_peers.connect(proxy.address, ctx, peers.port_of(server))
            self.plain = peers.accept(server)
        else:
            self.plain = socks4.send(proxy.address, peers.port_of(server), name=NAME)
            self.tls = tls_peers.accept(server, tls_peers.server_context(certs.server, version=version))
            assert socks4.read_reply(self.plain).cd == socks4.GRANTED


@pytest.fixture(params=["client", "server"])
def open_session(request, listen, route, certs):
    """make(*options, version=...): a Session whose client, or whose server, speaks TLS, for every test both."""

    def make(*options, version=None, args=()):
        start = listen if request.param == "client" else route
        return Session(request.param, start(*options, args=args), certs, version)

    return make


# ---- Bytes ----

SIZES = [1, 2, 255, 4095, 4096, 4097, 16383, 16384, 16385, 70000, 1000000]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_every_size_both_ways(open_session, version):
    s = open_session(version=version)
    for size in SIZES:
        data = os.urandom(size)
        s.tls.sock.settimeout(20)
        for a, b in ((s.tls, s.plain), (s.plain, s.tls)):
            for at in range(0, size, 100000):  # no more than fits between the two
                a.sendall(data[at:at + 100000])
                assert peers.read_exactly(b, min(100000, size - at)) == data[at:at + 100000]


def test_decrypted_bytes_never_wait(open_session):
    """A whole record, then silence: what the library has read select() cannot see."""
    s = open_session()
    for _ in range(20):
        data = os.urandom(16384)
        s.tls.sendall(data)
        assert peers.read_exactly(s.plain, len(data)) == data


def test_many_records_in_one_segment(open_session):
    s = open_session()
    s.tls.flush = lambda: None
    want = b""
    for number in range(400):
        piece = b"%d;" % number
        s.tls.sendall(piece)
        want += piece
    del s.tls.flush
    s.tls.flush()
    assert peers.read_exactly(s.plain, len(want)) == want


def test_records_of_one_byte(open_session):
    s = open_session()
    data = os.urandom(3000)
    for byte in data:
        s.tls.sendall(bytes([byte]))
    assert peers.read_exactly(s.plain, len(data)) == data


def test_segments_of_one_byte(open_session):
    s = open_session()
    data, records = os.urandom(500), s.tls.outgoing

    def drip():
        for byte in records.read():
            s.tls.sock.sendall(bytes([byte]))

    s.tls.flush = drip
    s.tls.sendall(data)
    assert peers.read_exactly(s.plain, len(data)) == data


def test_a_thousand_round_trips(open_session):
    s = open_session()
    for number in range(1000):
        message = b"%05d" % number
        s.tls.sendall(message)
        assert peers.read_exactly(s.plain, 5) == message
        s.plain.sendall(message)
        assert peers.read_exactly(s.tls, 5) == message


def test_a_reader_that_pauses(open_session):
    """TLS stalls in the middle of records, again and again."""
    s = open_session()
    sender = bulk.Sender(s.plain, 4)
    got = bulk.Receiver(s.tls, pause=0.0005, most=50000)
    got.join(60)
    sender.join(peers.LIMIT)
    assert got.failure is None and got.count == 4 * bulk.MIB
    assert got.hash.digest() == sender.hash.digest()


def test_a_peer_that_never_reads_holds_nobody_up(listen, certs):
    proxy, server = listen(), peers.listener()
    ctx = tls_peers.client_context(certs.ca)
    tls_peers.connect(proxy.address, ctx, peers.port_of(server))
    peers.stuff(peers.accept(server))
    client = tls_peers.connect(proxy.address, ctx, peers.port_of(server))
    end = peers.accept(server)
    end.sendall(b"hello")
    assert peers.read_exactly(client, 5) == b"hello"
    assert proxy.cpu_during(0.5) < 0.2


def test_an_idle_session_costs_nothing(open_session):
    s = open_session()
    s.tls.sendall(b"x")
    assert peers.read_exactly(s.plain, 1) == b"x"
    assert s.proxy.cpu_during(0.5) < 0.05


# ---- A gibibyte ----

@pytest.mark.parametrize("up, down", [(512, 512), (48, 16), (16, 48)])
def test_a_gibibyte_both_ways_at_once(anklet, certs, host, up, down):
    """
    512 MiB each way at the same time, encrypted on both sides of the proxy. Each direction ends by itself;
    where they differ, one of them goes on alone. (stunnel loses the tail of such a session, so it is no peer here.)
    """
    if program.sanitized():
        up, down = up // 8, down // 8
    server = peers.listener(ns=host)
    proxy = anklet("--listen", f"tls://127.0.0.1:0?cert={certs.server.both}", "--route", f"to * tls ca={certs.ca}",
                   ns=host)
    client = bulk.End(peers.dial(proxy.address, ns=host), up, certs.ca,
                      request=socks4.request(peers.port_of(server)))
    end = bulk.End(peers.accept(server), down, pair=certs.server)
    (bytes_down, sent_up, got_down), (bytes_up, sent_down, got_up) = client.result(200), end.result(60)
    assert (bytes_up, bytes_down) == (up * bulk.MIB, down * bulk.MIB)
    assert (got_up, got_down) == (sent_up, sent_down)


@pytest.mark.parametrize("way", ["up", "down"])
def test_much_through_stunnel(anklet, certs, tool, tmp_path, host, way):
    """stunnel speaks TLS for both ends."""
    server = peers.listener(ns=host)
    stunnel, at = tool("stunnel4"), ("127.0.0.1", peers.reserve(ns=host))
    daemons.stunnel(stunnel, tmp_path, at, server.getsockname(), ns=host, options=[f"cert = {certs.server.both}"])
    proxy = anklet("--listen", f"tls://127.0.0.1:0?cert={certs.server.both}", "--route", f"to * tls ca={certs.ca}",
                   ns=host)
    front = ("127.0.0.1", peers.reserve(ns=host))
    daemons.stunnel(stunnel, tmp_path, front, proxy.address, client=True, ns=host, options=[
        "verifyChain = yes", f"CAfile = {certs.ca}"])
    client, reply = socks4.ask(front, at[1], ns=host)
    assert reply.cd == socks4.GRANTED
    end = peers.accept(server)
    source, sink = (client, end) if way == "up" else (end, client)
    sender, receiver = bulk.Sender(source, 64), bulk.Receiver(sink)
    receiver.join(60)
    assert receiver.failure is None and receiver.count == 64 * bulk.MIB
    assert receiver.hash.digest() == sender.hash.digest()


# ---- The end of one direction ----

def test_half_close_from_tls(open_session):
    s = open_session()
    s.tls.sendall(b"question" * 1000)
    s.tls.end()
    assert peers.read_all(s.plain) == b"question" * 1000
    s.plain.sendall(b"answer" * 10000)
    assert peers.read_exactly(s.tls, 60000) == b"answer" * 10000
    s.plain.close()
    assert tls_peers.end_of(s.tls) == "EOF"


def test_half_close_to_tls(open_session):
    s = open_session()
    s.plain.sendall(b"question" * 1000)
    s.plain.shutdown(socket.SHUT_WR)
    assert peers.read_all(s.tls) == b"question" * 1000
    s.tls.sendall(b"answer" * 10000)
    assert peers.read_exactly(s.plain, 60000) == b"answer" * 10000
    s.tls.end()
    s.tls.close()
    assert peers.end_of(s.plain) == "EOF"


def test_close_notify_goes_out_once(open_session):
    s = open_session()
    s.plain.close()
    assert tls_peers.end_of(s.tls) == "EOF"
    before = len(s.tls.raw)
    s.tls.end()
    rest = b""
    try:
        rest = peers.read_all(s.tls.sock)
    except ConnectionResetError:
        pass
    assert before and rest == b"", "nothing comes after it"


def test_the_tail_reaches_a_slow_peer(open_session):
    """Bytes after the peer's close_notify lie unread: closing over them would reset, and destroy what is on its way."""
    s = open_session()
    s.tls.end()
    assert peers.read_all(s.plain) == b""
    s.tls.sock.sendall(b"junk" * 100)
    sender = bulk.Sender(s.plain, 1)
    sender.join(peers.LIMIT)
    assert not sender.is_alive()
    time.sleep(0.5)
    assert len(peers.read_all(s.tls)) == bulk.MIB


def test_defer_holds_close_notify_until_the_other_direction_ends(open_session):
    s = open_session("halfclose=defer")
    s.plain.sendall(b"question")
    s.plain.shutdown(socket.SHUT_WR)
    assert peers.read_exactly(s.tls, 8) == b"question"
    assert peers.silent_for(s.tls, 0.3)
    with pytest.raises(ssl.SSLWantReadError):  # no close_notify yet, also not after the question
        s.tls.recv_now()
    s.tls.sendall(b"the answer")
    assert peers.read_exactly(s.plain, 10) == b"the answer"
    s.tls.end()
    assert peers.read_all(s.plain) == b""
    assert tls_peers.end_of(s.tls) == "EOF"


ASYNCIO = """
import asyncio, contextlib, ssl, sys
async def serve(reader, writer):
    question = await reader.readexactly(8)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(reader.read(1), float(sys.argv[3]))  # an end at most
    writer.write(b"late answer")
    await writer.drain()
    writer.close()
async def main():
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ctx)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@pytest.mark.parametrize("option, waits, answer", [("halfclose=defer", 0.3, b"late answer"), ("", peers.LIMIT, b"")])
def test_asyncio_drops_its_answer_when_it_is_told_early(route, certs, option, waits, answer):
    """What the option is for: without it this server says nothing more."""
    server = daemons.Daemon(["/usr/bin/python3", "-c", ASYNCIO, certs.server.cert, certs.server.key, waits])
    port = int(server.wait_text(r"port (\d+)").group(1))
    client = socks4.connect(route(option).address, port, name=NAME)
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    got = b""
    try:
        got = peers.read_all(client)
    except ConnectionResetError:
        pass
    assert got == answer


# ---- Cut off ----

def test_an_end_without_close_notify_is_passed_on_as_a_reset(open_session):
    s = open_session()
    s.tls.sendall(b"half of it")
    assert peers.read_exactly(s.plain, 10) == b"half of it"
    s.tls.close()
    assert peers.end_of(s.plain) == "RESET"
    s.proxy.wait_log("without close_notify")


def test_truncated_eof_passes_it_on_as_an_end(open_session):
    s = open_session("truncated=eof")
    s.tls.sendall(b"half of it")
    assert peers.read_exactly(s.plain, 10) == b"half of it"
    s.tls.close()
    assert peers.end_of(s.plain) == "EOF"


def test_a_cut_in_the_middle_of_a_record(open_session):
    s = open_session()
    s.tls.ssl.write(b"x" * 5000)
    s.tls.sock.sendall(s.tls.outgoing.read()[:2000])
    s.tls.close()
    assert peers.end_of(s.plain) == "RESET"


def test_a_cut_after_much_data(open_session):
    """All that came whole is passed on before the reset."""
    s = open_session()
    s.tls.sendall(b"y" * 100000)
    assert peers.read_exactly(s.plain, 100000) == b"y" * 100000
    s.tls.close()
    assert peers.end_of(s.plain) == "RESET"


def test_a_reset_of_the_plain_side_resets_the_other(open_session):
    s = open_session()
    s.plain.sendall(b"bytes!")
    assert peers.read_exactly(s.tls, 6) == b"bytes!"
    peers.reset(s.plain)
    assert tls_peers.end_of(s.tls) == "RESET", "no close_notify, which would say that all is well"


def test_a_reset_of_the_encrypted_side_resets_the_other(open_session):
    s = open_session()
    peers.reset(s.tls.sock)
    assert peers.end_of(s.plain) == "RESET"


def test_a_record_that_was_tampered_with(open_session):
    s = open_session()
    s.tls.ssl.write(b"genuine")
    record = bytearray(s.tls.outgoing.read())
    record[-1] ^= 1
    s.tls.sock.sendall(record)
    assert peers.end_of(s.plain) == "RESET"
    with pytest.raises((ssl.SSLError, ConnectionResetError, tls_peers.Truncated)):
        s.tls.recv(1)
    s.proxy.wait_log("TLS with the (client|server) failed")


def test_plain_text_in_the_middle(open_session):
    s = open_session()
    s.tls.sock.sendall(b"this is no record of TLS\r\n")
    assert peers.end_of(s.plain) == "RESET"


def test_the_limit_on_idle_sessions(open_session):
    begun = time.monotonic()
    s = open_session(args=("--limit-idle", "1s"))
    assert tls_peers.end_of(s.tls) in ("EOF", "RESET", "CUT")
    assert peers.end_of(s.plain) in ("EOF", "RESET")
    assert time.monotonic() - begun > 0.99


def test_the_limit_on_half_closed_ones(open_session):
    s = open_session(args=("--limit-half-closed", "1s"))
    s.tls.end()
    assert peers.end_of(s.plain) == "EOF"
    assert tls_peers.end_of(s.tls) in ("EOF", "RESET", "CUT")


# ---- Many, and what is left ----

def test_nothing_is_left_of_five_hundred_sessions(listen, certs):
    proxy, server = listen(), peers.echo_server()
    ctx = tls_peers.client_context(certs.ca)
    idle = proxy.descriptors()
    session = None
    for number in range(500):
        tls = tls_peers.connect(proxy.address, ctx, server.port, session=session)
        tls.sendall(b"x")
        assert peers.read_exactly(tls, 1) == b"x"
        session = session or tls.ssl.session
        if number % 3 == 0:
            tls.end()
        if number % 3 == 1:
            peers.reset(tls.sock)
        tls.close()
        if number == 100:
            early = memory(proxy)
    assert peers.until(lambda: proxy.descriptors() == idle)
    assert memory(proxy) < early + 2000 or program.sanitized(), "KiB"


def memory(proxy):
    with open(f"/proc/{proxy.pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def test_more_clients_than_there_is_room_for(listen, certs):
    """Every place for TLS is taken: the next ones wait or are turned away, and are served when one is free."""
    most = program.built_size("CONFIG_ANKLET_TLS_STREAMS")
    proxy, server = listen(args=("--limit-client", "0")), peers.echo_server()
    ctx = tls_peers.client_context(certs.ca)
    held = []
    session = None
    for _ in range(most):
        held.append(tls_peers.connect(proxy.address, ctx, server.port, session=session))
        if session is None:
            held[0].sendall(b"x")
            peers.read_exactly(held[0], 1)
            session = held[0].ssl.session
    late = peers.dial(proxy.address)
    late.settimeout(1)
    held.pop().close()
    late.close()

    def served():
        try:
            return bool(tls_peers.connect(proxy.address, ctx, server.port, session=session))
        except (OSError, EOFError):
            return False

    assert peers.until(served)
