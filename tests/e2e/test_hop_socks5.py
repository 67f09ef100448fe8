"""Next hops that speak SOCKS5: danted, ssh -D, microsocks, plain and over TLS, and servers that misbehave."""
import contextlib
import re
import time

import pytest

import daemons
import peers
import program
import socks4
import socks5
from certificates import NAME
from test_hop import bind, echoes, server, start, url  # noqa: F401: two of them are fixtures

HIDDEN = "hidden.example.test"


METHOD = b"\x05\x00"
GRANT = b"\x05\0\0\x01" + bytes(6)


@pytest.fixture
def danted(tool, tmp_path):
    """danted's address. It has CONNECT and BIND, by address and by name."""
    return daemons.danted(tool("danted"), tmp_path)[1]


@pytest.fixture
def microsocks(tool):
    """microsocks' address. It has CONNECT alone."""
    at = ("127.0.0.1", peers.reserve())
    daemons.Daemon([tool("microsocks"), "-i", at[0], "-p", str(at[1])]).listens(at)
    return at


# ---- Programs of the distribution ----

@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_danted_connect(start, danted, server, scheme):
    proxy = start(f"via {url(scheme, danted)}")
    client = socks4.connect(proxy.address, server.port, early=b"early")
    assert peers.read_exactly(client, 5) == b"early"
    assert echoes(client)
    proxy.wait_log(f"granted.*through 127.0.0.1:{danted[1]}")


def test_danted_says_why(start, danted):
    proxy = start(f"via {url('socks5', danted)}")
    assert socks4.refused(proxy.address, peers.nobody()) == socks4.REJECTED
    proxy.wait_log("refused with 91, connection refused to the next hop: REP 5, via socks5://")


def test_danted_bind(start, danted):
    proxy = start(f"via {url('socks5', danted)}")
    client, caller = bind(proxy.address)
    client.sendall(b"to the peer")
    assert peers.read_exactly(caller, 11) == b"to the peer"
    caller.sendall(b"from the peer")
    assert peers.read_exactly(client, 13) == b"from the peer"


def test_danted_behind_stunnel(start, danted, certs, tool, tmp_path, server, with_tls):
    at = ("127.0.0.1", peers.reserve())
    daemons.stunnel(tool("stunnel4"), tmp_path, at, danted, options=[f"cert = {certs.server.both}"])
    proxy = start(f"via {url('socks5+tls', at, ca=certs.ca)}")
    assert echoes(socks4.connect(proxy.address, server.port))
    client, caller = bind(proxy.address)
    caller.sendall(b"bytes!")
    assert peers.read_exactly(client, 6) == b"bytes!"


def test_microsocks_by_address_and_by_name(start, microsocks, server):
    proxy = start(f"via {url('socks5h', microsocks)}")
    assert echoes(socks4.connect(proxy.address, server.port))
    assert echoes(socks4.connect(proxy.address, server.port, name="localhost"))


def test_microsocks_by_ipv6(start, microsocks):
    server = peers.echo_server("::1")
    proxy = start(f"via {url('socks5', microsocks)}")
    assert echoes(socks4.connect(proxy.address, server.port, name="::1"))
    proxy.wait_log(r"granted, \[::1\]:\d+ through")


def test_microsocks_has_no_bind(start, microsocks):
    proxy = start(f"via {url('socks5', microsocks)}")
    assert socks4.refused(proxy.address, 21, cd=socks4.BIND) == socks4.REJECTED
    proxy.wait_log("the next hop does not know the command: REP 7, via socks5://")


def test_ssh(start, tool, tmp_path, server):
    """It sends no failure, just an end."""
    proxy = start(f"via {url('socks5h', daemons.ssh_dynamic(tool, tmp_path))}")
    assert echoes(socks4.connect(proxy.address, server.port))
    assert echoes(socks4.connect(proxy.address, server.port, name="localhost"))
    assert socks4.refused(proxy.address, peers.nobody()) == socks4.REJECTED
    proxy.wait_log("refused with 91, the next hop ended before its reply was whole, via socks5h://")


@pytest.mark.parametrize("given", ["", "?password={secret}"], ids=["nobody", "user"])
def test_tor(anklet, namespace, tool, tmp_path, secret, given):
    """One that reaches nobody. Of answers that are due at once it sends but the last, so it must be asked in turn."""
    ns, at = namespace(), ("127.0.0.1", 9050)
    (tmp_path / "torrc").write_text(f"SocksPort {at[1]}\nDataDirectory {tmp_path / 'tor'}\n")
    daemons.Daemon([tool("tor"), "-f", tmp_path / "torrc", "--defaults-torrc", tmp_path / "torrc"], ns).listens(at, ns)
    proxy = anklet("--route", f"via socks5h://{at[0]}:{at[1]}{given.format(secret=secret())}", ns=ns)
    assert socks5.refused(proxy.address, 80, "192.168.1.1", ns=ns) == socks5.FAILED
    assert socks5.refused(proxy.address, 80, name="none.onion", ns=ns) == socks5.FAILED
    proxy.wait_log(r"none\.onion:80: refused with 1, the next hop refused with 1, via socks5h://")


def test_names_are_looked_up_here_or_there(start, microsocks, server, names):
    here = start(f"via {url('socks5', microsocks)}")
    assert echoes(socks4.connect(here.address, server.port, name=NAME))
    assert names.asked(NAME)
    there = start(f"via {url('socks5h', microsocks)}")
    assert socks4.refused(there.address, server.port, name=HIDDEN) == socks4.REJECTED
    assert not names.asked(HIDDEN)


# ---- Passwords ----

@pytest.fixture
def secret(tmp_path):
    """secret(text, mode): a file with a password for a hop."""

    def write(text="fred:secret\n", mode=0o600):
        path = tmp_path / "secret"
        path.write_bytes(text.encode())
        path.chmod(mode)
        return path

    return write


def microsocks_for(tool, user, password):
    at = ("127.0.0.1", peers.reserve())
    daemons.Daemon([tool("microsocks"), "-i", at[0], "-p", str(at[1]), "-u", user, "-P", password]).listens(at)
    return at


@pytest.mark.parametrize("text", ["fred:secret\n", "fred:secret", "fred:secret\r\n", "f:\n", "f:a:b&c ?%\n"])
def test_a_hop_that_wants_a_password(start, tool, server, secret, text):
    user, _, password = text.strip().partition(":")
    hop = microsocks_for(tool, user, password or "x")
    proxy = start(f"via {url('socks5', hop, password=secret(text if password else text.strip() + 'x'))}")
    assert echoes(socks4.connect(proxy.address, server.port))


def test_a_wrong_password(start, tool, secret):
    proxy = start(f"via {url('socks5h', microsocks_for(tool, 'fred', 'other'), password=secret())}")
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED
    proxy.wait_log("refused with 91, the next hop does not accept the password, via socks5h://.*password=")
    assert "secret" not in proxy.log.replace("/secret", "")


def test_no_password_where_one_is_wanted(start, tool):
    proxy = start(f"via {url('socks5', microsocks_for(tool, 'fred', 'secret'))}")
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED
    proxy.wait_log("refused with 91, the next hop accepts none of the methods of authentication")


def test_what_is_said_with_a_password(start, secret):
    hop = Hop(b"\x05\x02", b"\x01\x00", GRANT)
    socks4.connect(start(f"via {url('socks5', hop.address, password=secret())}").address, 80, "192.0.2.1")
    assert hop.messages == [b"\x05\x02\x00\x02", b"\x01\x04fred\x06secret", b"\x05\x01\0\x01\xc0\0\x02\x01\0\x50"]


def test_a_hop_that_does_not_ask(start, secret):
    hop = Hop(METHOD, GRANT)
    socks4.connect(start(f"via {url('socks5', hop.address, password=secret())}").address, 80, "192.0.2.1")
    assert hop.messages[1][:2] == b"\x05\x01"


@pytest.mark.parametrize("text, mode, words", [
    ("fred:secret\n", 0o644, r"others can read it: take that from them \(chmod o-r\)"),
    ("fred\n", 0o600, "one line NAME:PASSWORD"), (":secret\n", 0o600, "one line NAME:PASSWORD"),
    ("", 0o600, "one line NAME:PASSWORD"), ("a:b\nc:d\n", 0o600, "one line NAME:PASSWORD"),
    ("a:" + 126 * "b", 0o600, "of at most 127 bytes"), ("a:b\0c", 0o600, "one line NAME:PASSWORD")])
def test_a_file_that_is_none(secret, text, mode, words):
    done = program.run("-t", "--route", f"via socks5://127.0.0.1?password={secret(text, mode)}")
    assert done.returncode == program.CONFIG
    assert re.search(rf"^anklet: socks5://127.0.0.1:1080\?password=.*: .*{words}", done.stderr), done.stderr


def test_a_file_that_is_not_there():
    done = program.run("-t", "--route", "via socks5://127.0.0.1?password=/nowhere/at/all")
    assert (done.returncode, done.stderr) == (
        program.CONFIG, "anklet: socks5://127.0.0.1:1080?password=/nowhere/at/all: no such file\n")


def test_the_longest_password(start, secret):
    hop = Hop(b"\x05\x02", b"\x01\x00", GRANT)
    text = "a:" + 125 * "b"
    socks4.connect(start(f"via {url('socks5', hop.address, password=secret(text))}").address, 80, "192.0.2.1")
    assert hop.messages[1] == b"\x01\x01a" + bytes([125]) + 125 * b"b"


def test_a_password_in_the_clear_is_said(anklet, secret):
    anklet("--route", f"via socks5://192.0.2.7?password={secret()}").wait_log(
        "warning: socks5://192.0.2.7:1080.password=.*: its password goes there in the clear")


# ---- What a client of SOCKS5 is told ----

@pytest.mark.parametrize("answers, rep", [([METHOD, b"\x05\x02"], 2), ([METHOD, b"\x05\x03"], 3), ([METHOD, b"\x05\x04"], 4),
                                          ([METHOD, b"\x05\x05"], 5), ([METHOD, b"\x05\x06"], 6), ([METHOD, b"\x05\x07"], 7), ([METHOD, b"\x05\x08"], 8),
                                          ([METHOD, b"\x05\x09"], 1), ([b"\x05\xff"], 1)])
def test_the_hops_reason_is_passed_on(start, answers, rep):
    proxy = start(f"via {url('socks5', Hop(*answers).address)}")
    assert socks5.refused(proxy.address, 80, "192.0.2.1") == rep


def test_a_hop_that_is_not_there_is_no_refusal_of_the_destination(start):
    proxy = start(f"via socks5://127.0.0.1:{peers.nobody()}")
    assert socks5.refused(proxy.address, 80, "192.0.2.1") == socks5.FAILED
    proxy.wait_log("refused with 1, next hop: connection refused, via socks5://")


# ---- Hops that are scripts ----

def one_message(sock, greeting):
    """A message of a SOCKS5 client, by its own lengths: TCP keeps no edges."""
    def read(n):
        nonlocal message
        message += peers.read_exactly(sock, n)
        return message[-1]

    message = b""
    count = read(2)
    if greeting:
        read(count)
    elif message[:1] == b"\x01":
        read(count + 1)
        read(message[-1])
    else:
        kind = read(2)
        read({1: 4, 3: 1, 4: 16}[kind])
        read(2 + (message[-1] if kind == 3 else 0))
    return message


class Hop(peers.Worker):
    """Takes each message as a piece of its own, and says the next of its answers to each, in pieces."""

    def __init__(self, *answers, then="hold", piece=0):
        super().__init__()
        self.answers, self.then, self.piece, self.messages = answers, then, piece, []
        self.listener = peers.listener()
        self.address = self.listener.getsockname()
        self.start()

    def run(self):
        with contextlib.suppress(OSError, EOFError):
            while True:
                self.serve(peers.accept(self.listener))

    def serve(self, sock):
        for answer in self.answers:
            self.messages.append(one_message(sock, greeting=not self.messages))
            step = self.piece or len(answer) or 1
            for at in range(0, len(answer), step):
                sock.sendall(answer[at:at + step])
                time.sleep(0.002 if self.piece else 0)
        if self.then == "eof":
            sock.close()
        elif self.then == "reset":
            peers.reset(sock)


BOUND = {
    "IPv4": GRANT,
    "IPv6": b"\x05\0\0\x04" + bytes(18),
    "a name": b"\x05\0\0\x03\x1dproxy.somewhere.else.example.\0\x50",
    "an empty name": b"\x05\0\0\x03\0\0\x50",
}


@pytest.mark.parametrize("piece", [0, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("bound", BOUND)
def test_a_grant_and_what_follows_it(start, bound, piece):
    """Bytes after the reply are the destination's, and are not lost."""
    hop = Hop(METHOD, BOUND[bound] + b"greeting of the server", piece=piece)
    proxy = start(f"via {url('socks5', hop.address)}")
    client = socks4.connect(proxy.address, 80, "192.0.2.1", userid=b"fred")
    assert peers.read_exactly(client, 22) == b"greeting of the server"
    assert hop.messages == [b"\x05\x01\x00", b"\x05\x01\0\x01\xc0\0\x02\x01\0\x50"]


def test_what_a_name_becomes(start):
    hop = Hop(METHOD, GRANT)
    socks4.connect(start(f"via {url('socks5h', hop.address)}").address, 443, name=HIDDEN)
    assert hop.messages[1] == b"\x05\x01\0\x03" + bytes([len(HIDDEN)]) + HIDDEN.encode() + b"\x01\xbb"


BAD = {
    "no method": ([b"\x05\xff"], "hold", "accepts none of the methods"),
    "a method that was not offered": ([b"\x05\x02"], "hold", "accepts none of the methods"),
    "SOCKS4": ([b"\0\x5b" + bytes(6)], "hold", "reply is none of SOCKS"),
    "HTTP": ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "hold", "reply is none of SOCKS"),
    "ends at once": ([b""], "eof", "ended before its reply"),
    "half a method": ([b"\x05"], "eof", "ended before its reply"),
    "VER 4": ([METHOD, b"\x04" + GRANT[1:]], "hold", "reply is none of SOCKS"),
    "ATYP 2": ([METHOD, b"\x05\0\0\x02"], "hold", "reply is none of SOCKS"),
    "short, EOF": ([METHOD, GRANT[:9]], "eof", "ended before its reply"),
    "short, RST": ([METHOD, GRANT[:4]], "reset", "ended before its reply"),
    "REP 1": ([METHOD, b"\x05\x01" + GRANT[2:]], "hold", "the next hop refused with 1"),
    "REP 2": ([METHOD, b"\x05\x02" + GRANT[2:]], "hold", "the next hop's rules deny it: REP 2"),
    "REP 3": ([METHOD, b"\x05\x03" + GRANT[2:]], "hold", "no network from the next hop: REP 3"),
    "REP 4 and no more": ([METHOD, b"\x05\x04"], "hold", "unreachable from the next hop: REP 4"),
    "REP 5 and three bytes": ([METHOD, b"\x05\x05\0\0\0"], "hold", "connection refused to the next hop: REP 5"),
    "REP 6": ([METHOD, b"\x05\x06" + GRANT[2:]], "hold", "no answer to the next hop: REP 6"),
    "REP 7": ([METHOD, b"\x05\x07" + GRANT[2:]], "hold", "the next hop does not know the command: REP 7"),
    "REP 8": ([METHOD, b"\x05\x08" + GRANT[2:]], "hold", "the next hop does not know that type of address: REP 8"),
    "REP 255": ([METHOD, b"\x05\xff" + GRANT[2:]], "hold", "the next hop refused with 255"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_reply(start, what):
    answers, then, words = BAD[what]
    proxy = start(f"via {url('socks5', Hop(*answers, then=then).address)}")
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED
    proxy.wait_log(f"refused with 91, .*{words}.*, via socks5://")


@pytest.mark.parametrize("answers", [[b""], [b"\x05"], [METHOD, b""], [METHOD, GRANT[:9]]])
def test_a_silent_hop_ends_at_the_limit(start, answers):
    proxy = start(f"via {url('socks5', Hop(*answers).address)}", args=("--limit-establish", "1s"))
    begun = time.monotonic()
    assert socks4.refused(proxy.address, 80, "192.0.2.1") == socks4.REJECTED
    assert time.monotonic() - begun > 0.99
