"""The log's words: clients and servers that misbehave in turn, and the line about each, which tells who, what and why."""
import re
import socket

import pytest

import peers
import socks4
import tls_peers
from certificates import NAME
from dns_server import Name

GRANT, REFUSE = b"\x00\x5a" + bytes(6), b"\x00\x5b" + bytes(6)


class Stage:
    """What a row needs: a proxy that is started with its words, and servers of its own."""

    def __init__(self, request):
        self.request = request

    def fixture(self, name):
        return self.request.getfixturevalue(name)

    def start(self, *args):
        self.proxy = self.fixture("anklet")(*args)
        return self.proxy

    def tls(self):
        """Certificates, where the program has TLS."""
        self.fixture("with_tls")
        return self.fixture("certs")

    def says(self, *args, sends=b"", then=None):
        """A client that says something and ends, or what 'then' says."""
        self.start(*args)
        client = peers.dial(self.proxy.address)
        client.sendall(sends)
        if then is None:
            client.shutdown(socket.SHUT_WR)
        return peers.end_of(client)

    def asks(self, *args, to=None, **more):
        """A request that is refused."""
        self.start(*args)
        socks4.refused(self.proxy.address, to or 9, **more)

    def answered(self, *args, answer, ends=True, **more):
        """A request for a server, or through a hop, that answers so."""
        server = peers.listener()
        self.start(*[arg.format(port=peers.port_of(server)) for arg in args])
        client = socks4.send(self.proxy.address, peers.port_of(server), **more)
        sock = peers.accept(server)
        sock.sendall(answer)
        if ends:
            sock.shutdown(socket.SHUT_WR)
        return client, peers.end_of(client)

    def relayed(self):
        self.start()
        server = peers.listener()
        return socks4.session(self.proxy.address, server, userid=b"fred")


def request(port=80, userid=b"fred", **more):
    return socks4.request(port, "192.0.2.1", userid=userid, **more)


def http(stage):
    stage.says(sends=b"GET http://example.com/ HTTP/1.1\r\n\r\n")


def tls(stage):
    stage.says(sends=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")


def no_method(stage):
    stage.says(sends=b"\x05\x01\x01")


def other_version(stage):
    stage.says(sends=b"\x05\x01\x00\x04")


def no_associate(stage):
    stage.says(sends=b"\x05\x01\x00\x05\x03\x00\x01\0\0\0\0\0\0")


def no_address_type(stage):
    stage.says(sends=b"\x05\x01\x00\x05\x01\x00\x02")


def socks5_denied(stage):
    stage.says("--deny", "to *:9", "--allow", "to *", sends=b"\x05\x01\x00\x05\x01\x00\x01\x7f\0\0\x01\0\x09")


def ssh(stage):
    stage.says(sends=b"SSH-2.0-OpenSSH_9.2\r\n")


def cut(stage):
    stage.says(sends=request()[:-2])


def slow(stage):
    stage.says("--limit-handshake", "100ms", sends=b"\x04", then="waits")


def no_command(stage):
    stage.says(sends=request(cd=3))


def long_userid(stage):
    stage.says(sends=request(userid=b"x" * 300))


def empty_name(stage):
    stage.asks(name=b"")


def half_an_address(stage):
    stage.asks(name=b"10.66051", userid=b"fred")


def port_zero(stage):
    stage.says(sends=request(port=0))


def denied(stage):
    stage.asks("--allow", "connect to *:80", "--deny", "to *:9", userid=b'fr"ed')


def unmatched(stage):
    stage.asks("--allow", "connect to *:80")


def nobody_there(stage):
    stage.asks(to=peers.nobody())


def itself(stage):
    stage.start()
    socks4.refused(stage.proxy.address, stage.proxy.port)


def no_address(stage):
    stage.fixture("dns").zone["empty.example.test"] = Name()
    stage.asks(*stage.fixture("dns").option, name=b"empty.example.test")


def no_name_server(stage):
    stage.asks("--dns", f"127.0.0.1:{peers.nobody()}", name=b"web.example.test")


def silent(stage):
    server = peers.listener(backlog=0)
    peers.full_queue(server)
    stage.asks("--limit-establish", "100ms", to=peers.port_of(server))


def unverified(stage):
    certs = stage.tls()
    server = tls_peers.EchoServer(tls_peers.server_context(certs.self_signed))
    stage.asks("--route", f"to * tls name={NAME} ca={certs.ca}", to=server.port)


def no_tls_there(stage):
    certs = stage.tls()
    stage.answered("--route", f"to * tls ca={certs.ca}", answer=b"220 plain\r\n")


def no_text(stage):
    certs = stage.tls()
    stage.answered("--route", f"to * starttls=smtp ca={certs.ca}", answer=b"421 too many\x1b connections\r\n")


def busy(stage):
    certs = stage.tls()
    stage.answered("--route", f"to * starttls=smtp ca={certs.ca}", answer=b'421 "too many" connections\r\n')


def turned_away(stage):
    certs = stage.tls()
    stage.answered("--route", f"to * starttls=imap ca={certs.ca}", answer=b"* BYE not you\r\n")


def wrong_protocol(stage):
    certs = stage.tls()
    stage.answered("--route", f"to * starttls=pop3 ca={certs.ca}", answer=b"SSH-2.0-OpenSSH_9.2\r\n")


def hop_refuses(stage):
    stage.answered("--route", "via socks4a://127.0.0.1:{port}", answer=REFUSE, name=b"web.example.test")


def hop_is_none(stage):
    stage.answered("--route", "via socks4a://127.0.0.1:{port}", answer=b"HTTP/1.1 400 Bad\r\n", name=b"web.example.test")


def hop_ends(stage):
    stage.answered("--route", "via socks4a://127.0.0.1:{port}", answer=GRANT[:3], name=b"web.example.test")


def nobody_is_the_hop(stage):
    stage.asks("--route", f"via socks4a://127.0.0.1:{peers.nobody()}", name=b"web.example.test")


def server_resets(stage):
    client, end = stage.relayed()
    client.sendall(b"abc")
    assert peers.read_exactly(end, 3) == b"abc"
    peers.reset(end)
    peers.end_of(client)


def client_resets(stage):
    client, end = stage.relayed()
    client.sendall(b"abc")
    assert peers.read_exactly(end, 3) == b"abc"
    peers.reset(client)
    peers.end_of(end)


def client_leaves(stage):
    server = peers.listener(backlog=0)
    peers.full_queue(server)
    stage.start()
    client = socks4.send(stage.proxy.address, peers.port_of(server))
    client.close()


def full(stage):
    stage.start("--limit-client", "1")
    peers.dial(stage.proxy.address)
    assert peers.end_of(peers.dial(stage.proxy.address)) in ("EOF", "RESET")


def no_tls_client(stage):
    certs = stage.tls()
    stage.says("--listen", f"tls://127.0.0.1:0?cert={certs.server.cert}&key={certs.server.key}", sends=request())


def wrong_peer(stage):
    stage.start()
    client, first = socks4.ask(stage.proxy.address, 21, "127.0.0.1", cd=socks4.BIND, userid=b"fred")
    peers.dial(("127.0.0.1", first.port), "127.0.0.3")
    assert socks4.read_reply(client).cd == socks4.REJECTED


S = "session 1 127.0.0.1:PORT"
A, N, U = " connect 127.0.0.1:PORT", " connect web.example.test:PORT", ' user "fred"'
R = ": refused with 91, "
ROWS = [
    (http, S + ": refused, this client speaks HTTP, not SOCKS after T"),
    (tls, S + ": refused, this client speaks TLS, and this listener does not after T"),
    (no_method, S + ": refused with 255, this client offers no way to say who it is that is accepted after T"),
    (other_version, S + ": refused, a message of this client is not of the version that it began with after T"),
    (no_associate, S + ": refused with 7, the command is neither CONNECT nor BIND after T"),
    (no_address_type, S + ": refused with 8, the type of the address is not known after T"),
    (socks5_denied, S + " connect 127.0.0.1:9: refused with 2, denied by rule 1 after T"),
    (ssh, S + ": refused, this client does not speak SOCKS: its first byte is 83 after T"),
    (cut, S + ' user "fre"' + R + "the client ended before its request was whole after T"),
    (slow, S + ": refused, no whole request within limit-handshake after T"),
    (no_command, S + R + "the command is neither CONNECT nor BIND after T"),
    (long_userid, S + f' user "{"x" * 255}"' + R + "the userid is too long after T"),
    (empty_name, S + R + "the name is empty after T"),
    (half_an_address, S + " connect 10.66051:9" + U + R + "the name could be taken for an address after T"),
    (port_zero, S + " connect 192.0.2.1:0" + U + R + "nobody can connect to port 0 after T"),
    (denied, S + ' connect 127.0.0.1:9 user "fr\\"ed"' + R + "denied by rule 2 after T"),
    (unmatched, S + " connect 127.0.0.1:9" + R + "no allow line matches after T"),
    (nobody_there, S + A + R + "connection refused after T"),
    (itself, S + A + R + "the proxy itself listens there after T"),
    (no_address, S + " connect empty.example.test:9" + R + "the name has no address after T"),
    (no_name_server, S + " connect web.example.test:9" + R + "the name could not be looked up after T"),
    (silent, S + A + R + "not established within limit-establish after T"),
    (unverified, S + A + R + "the server's certificate is not accepted: not issued by a trusted authority after T"),
    (no_tls_there, S + A + R + "TLS with the server failed: what came is not TLS after T"),
    (no_text, S + A + R + "the server gave no valid answer to STARTTLS: 421 too many\\x1b after T"),
    (busy, S + A + R + 'the server is not available for now: 421 \\"too many\\" connections after T'),
    (turned_away, S + A + R + "the server turns this host away: * BYE not you after T"),
    (wrong_protocol, S + A + R + "the server does not speak that protocol: SSH-2.0-OpenSSH_9.2 after T"),
    (hop_refuses, S + N + R + "the next hop refused with 91, via socks4a://127.0.0.1:PORT after T"),
    (hop_is_none, S + N + R + "the next hop's reply is none of SOCKS, via socks4a://127.0.0.1:PORT after T"),
    (hop_ends, S + N + R + "the next hop ended before its reply was whole, via socks4a://127.0.0.1:PORT after T"),
    (nobody_is_the_hop, S + " connect web.example.test:9" + R +
     "next hop: connection refused, via socks4a://127.0.0.1:PORT after T"),
    (server_resets, S + A + U + ": aborted, the server reset the connection, up 3 down 0 in T"),
    (client_resets, S + A + U + ": aborted, the client reset the connection, up 3 down 0 in T"),
    (client_leaves, S + A + R + "the client left before it was granted after T"),
    (full, "warning: 127.0.0.1:PORT: closed at once, this client has all of its 1 sessions (limit-client)"),
    (no_tls_client, S + ": refused, TLS with the client failed: what came is not TLS after T"),
    (wrong_peer, S + " bind 127.0.0.1:21" + U + R + "another host than the one announced connected after T"),
]


def plain(line):
    """Without what is another one each time."""
    line = re.sub(r"^[\d-]+ [\d:.]+ ", "", line)
    line = re.sub(r"(?<=:)\d{4,5}\b", "PORT", line)
    return re.sub(r"\b\d+(\.\d)?m?s$", "T", line)


@pytest.mark.parametrize("what, said", ROWS, ids=[row[0].__name__ for row in ROWS])
def test_the_line_about_it(request, what, said):
    stage = Stage(request)
    what(stage)
    line = stage.proxy.wait_log(r"[^\n]*(: refused|aborted|closed at once)[^\n]*").group(0)
    assert plain(line) == said
