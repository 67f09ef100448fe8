"""
IDENT (RFC 1413), with oidentd and with an identd of our own that misbehaves.

identd has the port 113, so all of this is in network namespaces.
"""
import re
import subprocess
import time
from collections import namedtuple

import pytest

import peers
import socks4

PROXY, CLIENT, SERVER = "192.168.9.1", "192.168.9.2", "192.168.9.3"

SOON = 14  # seconds: after 15 the question to identd is given up

Lan = namedtuple("Lan", "proxy_host client_host server")


@pytest.fixture
def lan(namespace):
    """The proxy's host, and beside it the host of the clients, where the server is too."""
    mine, theirs = namespace(), namespace()
    mine.wire(theirs, [PROXY + "/24"], [CLIENT + "/24", SERVER + "/24"])
    return Lan(mine, theirs, peers.listener(SERVER, ns=theirs))


def start(anklet, lan, *args):
    rules = ("--allow", "connect ident", "--allow", "bind ident")
    return anklet("--listen", f"{PROXY}:0", *rules, *args, ns=lan.proxy_host).address


def ask(proxy, lan, userid, **more):
    """The reply's code for a client that claims this userid; what the server sees must fit it, and soon."""
    begun = time.monotonic()
    sock, reply = socks4.ask(proxy, peers.port_of(lan.server), SERVER, userid=userid,
                             source=CLIENT, ns=lan.client_host, **more)
    assert time.monotonic() - begun < SOON
    reached = not peers.silent_for(lan.server, 0.05)
    assert reached == (reply.cd == socks4.GRANTED), "the server and the reply disagree"
    if reached:
        peers.accept(lan.server)
    else:
        assert peers.read_all(sock) == b""
    return reply.cd


# ---- A real one ----

@pytest.fixture
def oidentd(lan, tool):
    """oidentd on the clients' host. Our clients are root's, and so it says."""
    command = lan.client_host.command(tool("oidentd"), "-i", "-S", "-a", CLIENT, "-C", "/dev/null")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    assert peers.until(lambda: listens(lan)), "oidentd does not listen"
    yield process
    process.terminate()
    process.wait(peers.LIMIT)


def listens(lan):
    try:
        peers.dial((CLIENT, 113), ns=lan.client_host).close()
        return True
    except ConnectionRefusedError:
        return False


def test_oidentd_confirms(anklet, lan, oidentd):
    assert ask(start(anklet, lan), lan, b"root") == socks4.GRANTED


def test_oidentd_contradicts(anklet, lan, oidentd):
    proxy = start(anklet, lan)
    for userid in (b"nobody", b"", b"roo", b"rootx", b"ROOT"):
        assert ask(proxy, lan, userid) == socks4.OTHER_USERID, userid


def test_bind_is_asked_about_too(anklet, lan, oidentd):
    proxy, where = start(anklet, lan), dict(source=CLIENT, ns=lan.client_host, cd=socks4.BIND)
    assert socks4.refused(proxy, 21, SERVER, userid=b"eve", **where) == socks4.OTHER_USERID
    client, reply = socks4.ask(proxy, 21, SERVER, userid=b"root", **where)
    assert reply.cd == socks4.GRANTED
    peers.dial((PROXY, reply.port), SERVER, lan.client_host)
    assert socks4.read_reply(client).cd == socks4.GRANTED


# ---- None ----

def test_nobody_on_port_113(anklet, lan):
    assert ask(start(anklet, lan), lan, b"root") == socks4.NO_IDENTD


def test_rules_without_ident_do_not_ask(anklet, lan):
    proxy = anklet("--listen", f"{PROXY}:0", ns=lan.proxy_host).address
    assert ask(proxy, lan, b"anyone") == socks4.GRANTED


# ---- Ones that misbehave ----

class Identd(peers.Worker):
    """Answers each question with the bytes that answer(question) gives, in pieces of that size; None: never."""

    def __init__(self, lan, answer, piece=0):
        super().__init__()
        self.answer, self.piece, self.questions = answer, piece, []
        self.listener = peers.listener(CLIENT, 113, ns=lan.client_host)
        self.start()

    def run(self):
        try:
            while True:
                sock, peer = self.listener.accept()
                self.serve(peers.keep(sock), peer)
        except OSError:
            pass  # the test is over

    def serve(self, sock, peer):
        question = sock.makefile("rb").readline()
        self.questions.append((question, peer[0]))
        answer = self.answer(question)
        if answer is None:
            return
        try:
            step = self.piece or len(answer) or 1
            for at in range(0, len(answer), step):
                sock.sendall(answer[at:at + step])
                if self.piece:
                    time.sleep(0.002)
        except OSError:
            pass
        sock.close()


def ports(question):
    return b" , ".join(re.findall(rb"\d+", question))


def answers(text):
    return lambda question: ports(question) + text


def other_ports(question):
    ours, theirs = (int(n) for n in re.findall(rb"\d+", question))
    return b"%d , %d : USERID : UNIX : joe\r\n" % (theirs, ours)


def test_the_question(anklet, lan):
    """PORT-ON-CLIENT , PORT-ON-PROXY, from the address the client came to, before anything else is done."""
    identd = Identd(lan, answers(b" : USERID : UNIX : joe\r\n"))
    proxy = start(anklet, lan)
    sock, reply = socks4.ask(proxy, peers.port_of(lan.server), SERVER, userid=b"joe",
                             source=CLIENT, ns=lan.client_host)
    assert reply.cd == socks4.GRANTED
    (question, source), = identd.questions
    assert [int(n) for n in question.split(b",")] == [peers.port_of(sock), proxy[1]]
    assert question.endswith(b"\r\n") and source == PROXY


@pytest.mark.parametrize("answer", [
    b" : USERID : UNIX : joe\r\n",
    b":USERID:UNIX:joe\r\n",
    b" : USERID : UNIX , US-ASCII : joe\r\n",
    b" : USERID : VMS :joe\r\n",
    b" : USERID : UNIX : joe\n",
])
def test_good_answers_whole_and_byte_by_byte(anklet, lan, answer):
    identd = Identd(lan, answers(answer))
    proxy = start(anklet, lan)
    assert ask(proxy, lan, b"joe") == socks4.GRANTED
    identd.piece = 1
    assert ask(proxy, lan, b"joe") == socks4.GRANTED
    assert ask(proxy, lan, b"jo") == socks4.OTHER_USERID


BAD = {
    "ERROR NO-USER": (answers(b" : ERROR : NO-USER\r\n"), socks4.NO_IDENTD),
    "ERROR HIDDEN-USER": (answers(b" : ERROR : HIDDEN-USER\r\n"), socks4.NO_IDENTD),
    "other ports": (other_ports, socks4.NO_IDENTD),
    "nothing": (lambda question: b"", socks4.NO_IDENTD),
    "no line end": (answers(b" : USERID : UNIX : joe"), socks4.NO_IDENTD),
    "rubbish": (lambda question: b"\x00\xff hello\r\n", socks4.NO_IDENTD),
    "64 KiB": (answers(b" : USERID : UNIX : " + b"j" * 65536 + b"\r\n"), socks4.NO_IDENTD),
    "64 KiB without end": (lambda question: b"1" * 65536, socks4.NO_IDENTD),
    "no user of the system": (answers(b" : USERID : OTHER : joe\r\n"), socks4.OTHER_USERID),
    "another user": (answers(b" : USERID : UNIX : joey\r\n"), socks4.OTHER_USERID),
    "a NUL in the user": (answers(b" : USERID : UNIX : joe\0x\r\n"), (socks4.OTHER_USERID, socks4.NO_IDENTD)),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_answers(anklet, lan, what):
    answer, code = BAD[what]
    Identd(lan, answer)
    proxy = start(anklet, lan)
    got = ask(proxy, lan, b"joe")
    assert got in code if isinstance(code, tuple) else got == code
    assert ask(proxy, lan, b"joe") == got, "the second time it is the same"


def test_silence_ends_at_the_limit(anklet, lan):
    """IDENT has 15 s, but never more than the limit on establishing: then it is as with every expiry."""
    Identd(lan, lambda question: None)
    proxy, begun = start(anklet, lan, "--limit-establish", "1s"), time.monotonic()
    assert ask(proxy, lan, b"joe") in (socks4.REJECTED, socks4.NO_IDENTD)
    assert time.monotonic() - begun > 0.99


def test_a_client_that_leaves_ends_the_question(anklet, lan):
    Identd(lan, lambda question: None)
    program = anklet("--listen", f"{PROXY}:0", "--allow", "ident", ns=lan.proxy_host)
    idle = program.descriptors()
    client = socks4.send(program.address, 80, SERVER, source=CLIENT, ns=lan.client_host, early=b"x")
    assert peers.until(lambda: program.descriptors() == idle + 2)
    client.close()
    assert peers.until(lambda: program.descriptors() == idle, SOON)


def test_userids_of_identd_are_no_lines_of_the_log(anklet, lan):
    Identd(lan, answers(b" : USERID : UNIX : joe\x1b[31m\x07\r\n"))
    program = anklet("--listen", f"{PROXY}:0", "--allow", "ident", "--log", "debug", ns=lan.proxy_host)
    assert ask(program.address, lan, b"joe") == socks4.OTHER_USERID
    program.wait_log("joe")
    assert "\x1b" not in program.log and "\x07" not in program.log
