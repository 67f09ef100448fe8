"""STARTTLS on the way to the destination, by routes and by forwards: with real servers, and with ones that cheat."""
import contextlib
import imaplib
import poplib
import smtplib
import socket
import threading
import time

import pytest

import daemons
import peers
import socks4
import tls_peers
from certificates import NAME

pytestmark = pytest.mark.usefixtures("with_tls")

SECRET = b"AUTH PLAIN c2VjcmV0\r\n"


@pytest.fixture
def start(anklet, certs, names):
    """start(protocol, *args): a proxy that asks every server for TLS in that protocol."""

    def run(protocol, *args):
        return anklet("--route", f"to * starttls={protocol} ca={certs.ca}", "--log", "debug", *names.option, *args)

    return run


# ---- Real clients and servers ----

def through(proxy):
    """Stands in for socket.create_connection() in a client of Python's library."""

    def connect(self, host, port, timeout=None):
        return socks4.connect(proxy.address, port, name=host)

    return connect


class Imap(imaplib.IMAP4):
    proxy = None

    def _create_socket(self, timeout):
        return socks4.connect(self.proxy.address, self.port, name=self.host)


def test_imap(start, dovecot, monkeypatch):
    monkeypatch.setattr(Imap, "proxy", start("imap"))
    box = Imap(NAME, dovecot.ports["imap"])
    assert "STARTTLS" not in box.capabilities
    box.login(daemons.USER, daemons.PASSWORD)
    box.select()
    assert b"The text of the mail." in box.fetch("1", "(RFC822)")[1][0][1]
    box.logout()


def test_pop3(start, dovecot, monkeypatch):
    proxy = start("pop3")
    monkeypatch.setattr(poplib.POP3, "_create_socket",
                        lambda self, timeout: socks4.connect(proxy.address, self.port, name=self.host))
    box = poplib.POP3(NAME, dovecot.ports["pop3"])
    assert box.getwelcome().startswith(b"+OK")
    box.user(daemons.USER)
    box.pass_(daemons.PASSWORD)
    assert box.stat()[0] == 1
    assert b"The text of the mail." in box.retr(1)[1]
    box.quit()


def send_mail(box, text):
    box.ehlo("client.example.test")
    assert not box.has_extn("starttls"), "it is encrypted already"
    box.login(daemons.USER, daemons.PASSWORD)
    box.sendmail("writer@example.test", ["reader@example.test"], f"Subject: {text}\r\n\r\n{text}\r\n")
    box.quit()


def test_smtp(start, dovecot, monkeypatch):
    proxy = start("smtp")
    monkeypatch.setattr(smtplib.SMTP, "_get_socket",
                        lambda self, host, port, timeout: socks4.connect(proxy.address, port, name=host))
    send_mail(smtplib.SMTP(NAME, dovecot.ports["smtp"], timeout=peers.LIMIT), "by a route")
    assert peers.until(lambda: any(b"by a route" in mail for mail in dovecot.sink.mails))


@pytest.mark.parametrize("by", ["name", "address"])
def test_a_forward_to_submission(anklet, certs, names, dovecot, by):
    at = peers.reserve()
    host = NAME if by == "name" else "127.0.0.1"
    anklet("--listen", "127.0.0.1:0", "--forward",
           f"tcp://127.0.0.1:{at} smtp+starttls://{host}:{dovecot.ports['smtp']}?ca={certs.ca}", *names.option)
    send_mail(smtplib.SMTP("127.0.0.1", at, timeout=peers.LIMIT), "by a forward")
    assert peers.until(lambda: any(b"by a forward" in mail for mail in dovecot.sink.mails))


@pytest.mark.parametrize("name, protocol", [("imap", "imap"), ("pop3", "pop3"), ("smtp", "smtp")])
def test_the_greeting_comes_exactly_once(start, dovecot, name, protocol):
    client = socks4.connect(start(protocol).address, dovecot.ports[name], name=NAME)
    greeting = client.recv(65536)
    assert greeting.endswith(b"\r\n") and greeting.count(b"\n") == 1, greeting
    assert greeting[:4] in (b"* OK", b"+OK ", b"220 "), greeting
    assert peers.silent_for(client, 0.2)


# ---- Servers by script ----

DIALOGUES = {  # greeting, and for each line of the client's what is answered; the last one agrees
    "smtp": (b"220 mail.example.test ESMTP\r\n", [b"250-mail.example.test\r\n250 STARTTLS\r\n", b"220 go ahead\r\n"]),
    "imap": (b"* OK ready\r\n", [None]),
    "pop3": (b"+OK ready\r\n", [b"+OK begin\r\n"]),
    "nntp": (b"200 news.example.test ready\r\n", [b"382 continue\r\n"]),
}


class Scripted:
    """The server's end of a dialogue in the clear. .said: the client's lines."""

    def __init__(self, server):
        self.sock, self.said = peers.accept(server), []

    def line(self):
        line = b""
        while not line.endswith(b"\n"):
            line += peers.read_exactly(self.sock, 1)
        self.said.append(line)
        return line

    def talk(self, protocol, greeting=None, last=None, after=b"", drip=False):
        """The whole dialogue; last: instead of the last answer; after: in the same segment as that."""
        hello, answers = DIALOGUES[protocol]
        self.send(greeting or hello, drip)
        for number, answer in enumerate(answers):
            line = self.line()
            if answer is None:
                answer = line.split()[0] + b" OK begin\r\n"
            if number == len(answers) - 1:
                answer = (line.split()[0] + b" " if last and protocol == "imap" else b"") + (last or answer) + after
            self.send(answer, drip)
        return self

    def send(self, data, drip):
        for piece in ([bytes([byte]) for byte in data] if drip else [data]):
            self.sock.sendall(piece)
            if drip:
                time.sleep(0.001)

    def tls(self, certs):
        return tls_peers.Tls(self.sock, tls_peers.server_context(certs.server), server=True)


@pytest.fixture
def server():
    return peers.listener()


@pytest.mark.parametrize("drip", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("protocol", DIALOGUES)
def test_every_dialogue(start, certs, server, protocol, drip):
    client = socks4.send(start(protocol).address, peers.port_of(server), name=NAME, early=SECRET)
    scripted = Scripted(server).talk(protocol, drip=drip)
    tls = scripted.tls(certs)
    assert socks4.read_reply(client).cd == socks4.GRANTED
    assert peers.read_exactly(tls, len(SECRET)) == SECRET
    assert SECRET not in b"".join(scripted.said)
    tls.sendall(b"first of the server over TLS\r\n")
    greeting = DIALOGUES[protocol][0]
    assert peers.read_exactly(client, len(greeting) + 30) == greeting + b"first of the server over TLS\r\n"


def test_a_greeting_of_many_lines(start, certs, server):
    greeting = b"".join(b"220-line %d\r\n" % i for i in range(50)) + b"220 last\r\n"
    client = socks4.send(start("smtp").address, peers.port_of(server), name=NAME)
    Scripted(server).talk("smtp", greeting=greeting).tls(certs)
    assert socks4.read_reply(client).cd == socks4.GRANTED
    assert peers.read_exactly(client, len(greeting)) == greeting


def refused(proxy, server, serve, pattern):
    """serve(scripted) plays the server; the client must get 91, and the server no secret."""
    client = socks4.send(proxy.address, peers.port_of(server), name=NAME, early=SECRET)
    scripted = Scripted(server)
    serve(scripted)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert peers.read_all(client) == b""
    rest = b""
    with contextlib.suppress(ConnectionResetError):
        rest = peers.read_all(scripted.sock)
    assert SECRET[:10] not in b"".join(scripted.said) + rest
    assert peers.silent_for(server, 0.05), "no second try"
    proxy.wait_log("refused with 91.*" + pattern)
    return rest


@pytest.mark.parametrize("protocol", DIALOGUES)
def test_bytes_after_the_go_ahead_end_it(start, server, protocol):
    """CVE-2011-0411: they were sent by whoever sits in between, and would count as protected."""
    rest = refused(start(protocol), server, lambda s: s.talk(protocol, after=b"250 injected\r\n"),
                   "bytes in the clear came after")
    assert b"\x16\x03" not in rest, "no handshake was begun"


@pytest.mark.parametrize("protocol", DIALOGUES)
def test_bytes_in_a_segment_after_the_go_ahead_are_never_shown(start, server, protocol):
    """Too late to be seen before the handshake: then they are no record of TLS, and end it."""

    def serve(scripted):
        scripted.talk(protocol)
        scripted.sock.sendall(b"250 injected\r\n")

    refused(start(protocol), server, serve, "")


REFUSALS = {"smtp": b"454 TLS not available\r\n", "imap": b"NO not here\r\n", "pop3": b"-ERR no\r\n",
            "nntp": b"580 cannot\r\n"}


@pytest.mark.parametrize("protocol", DIALOGUES)
def test_a_server_that_says_no(start, server, protocol):
    refused(start(protocol), server, lambda s: s.talk(protocol, last=REFUSALS[protocol]),
            "refused STARTTLS: " + (r"a001 " if protocol == "imap" else "") + REFUSALS[protocol].strip().decode() + " after")


BUSY, AWAY = "the server is not available for now: ", "the server turns this host away: "
WRONG = "the server does not speak that protocol: "
GREETINGS = [
    ("smtp", b"421 too many connections\r\n", BUSY + "421 too many connections after"),
    ("smtp", b"554-no\r\n", AWAY + "554-no after"),
    ("smtp", b"SSH-2.0-OpenSSH_9.2\r\n", WRONG + "SSH-2.0-OpenSSH_9.2 after"),
    ("smtp", b"421 \xff\"" + b"x" * 500 + b"\r\n", BUSY + r"421 \\xff\\\"x{50,110} after"),
    ("imap", b"* BYE go away\r\n", AWAY + r"\* BYE go away after"),
    ("imap", b"* BYE [UNAVAILABLE] later\r\n", BUSY + r"\* BYE \[UNAVAILABLE\] later after"),
    ("pop3", b"-ERR [IN-USE] busy\r\n", BUSY + r"-ERR \[IN-USE\] busy after"),
    ("pop3", b"-ERR no\r\n", AWAY + "-ERR no after"),
    ("nntp", b"400 busy\r\n", BUSY + "400 busy after"),
    ("nntp", b"502 denied\r\n", AWAY + "502 denied after"),
]


@pytest.mark.parametrize("protocol, greeting, words", GREETINGS)
def test_a_greeting_that_turns_us_away(start, server, protocol, greeting, words):
    """Busy, refused and the wrong protocol are three things; the server's own words are in the log, escaped."""
    refused(start(protocol), server, lambda s: s.send(greeting, drip=len(greeting) < 40), words)


def test_a_server_that_ends_before_its_greeting(start, server):
    refused(start("smtp"), server, lambda s: s.sock.shutdown(socket.SHUT_WR),
            "the server ended before it had agreed to TLS after")


@pytest.mark.parametrize("what", [b"\x16\x03\x03\x00\x02\x02\x28", b"HTTP/1.1 400 Bad\r\n\r\n", b"220 " + b"x" * 5000,
                                  b"220-" + b"x\r\n220-" * 9000])
def test_what_is_no_such_server(start, server, what):
    with contextlib.suppress(OSError):
        refused(start("smtp"), server, lambda s: s.sock.sendall(what), "")


def test_a_server_that_only_waits(start, server):
    proxy, begun = start("smtp", "--limit-establish", "1s"), time.monotonic()
    refused(proxy, server, lambda s: s.sock.sendall(b"220-wait\r\n"), "")
    assert time.monotonic() - begun > 0.99


@pytest.mark.parametrize("protocol", DIALOGUES)
def test_an_end_in_the_middle(start, server, protocol):
    def serve(scripted):
        scripted.sock.sendall(DIALOGUES[protocol][0])
        scripted.line()
        scripted.sock.shutdown(socket.SHUT_WR)

    refused(start(protocol), server, serve, "")


def test_a_bad_certificate(start, certs, server):
    """Also after STARTTLS nothing is sent to a server that is not the one."""
    proxy = start("smtp")
    client = socks4.send(proxy.address, peers.port_of(server), name=NAME, early=SECRET)
    scripted = Scripted(server).talk("smtp")
    tls = tls_peers.Tls(scripted.sock, tls_peers.server_context(certs.unknown), server=True, handshake=False)
    with pytest.raises((Exception,), match="(?i)alert|close_notify|reset"):
        tls.handshake()
        tls.recv(1)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert SECRET[:10] not in tls.raw
    proxy.wait_log("refused with 91.*certificate")


def test_a_forward_shows_a_failure_by_its_end(anklet, certs, names, server):
    """There is no reply in a forward: the connection ends, and the log has the reason."""
    at = peers.reserve()
    proxy = anklet("--listen", "127.0.0.1:0", "--forward",
                   f"tcp://127.0.0.1:{at} smtp+starttls://{NAME}:{peers.port_of(server)}?ca={certs.ca}",
                   *names.option)
    client = peers.dial(("127.0.0.1", at))
    client.sendall(SECRET)
    scripted = Scripted(server).talk("smtp", last=b"454 no\r\n")
    assert peers.end_of(client) in ("EOF", "RESET")
    assert SECRET[:10] not in b"".join(scripted.said)
    proxy.wait_log("refused STARTTLS")
