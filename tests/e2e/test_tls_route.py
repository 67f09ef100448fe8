"""Routes that add TLS on the way: the client speaks in the clear, the server sees TLS or nothing."""
import contextlib
import re
import ssl
import subprocess
import time

import pytest

import daemons
import peers
import program
import socks4
import tls_peers
from certificates import NAME, OTHER_NAME

pytestmark = pytest.mark.usefixtures("with_tls")

SECRET = b"PASS open sesame\r\n" * 20


@pytest.fixture
def start(anklet, certs, names):
    """start(*options, routes=[...]): a proxy that adds TLS to everything, with these words in its route."""

    def run(*words, args=()):
        return anklet("--route", " ".join(["to * tls", f"ca={certs.ca}", *words]), "--log", "debug",
                      *names.option, *args)

    return run


@pytest.fixture
def server():
    return peers.listener()


def session(proxy, server, ctx, **request):
    """The client's end, in the clear, and the server's, of TLS."""
    client = socks4.send(proxy.address, peers.port_of(server), **request)
    end = tls_peers.accept(server, ctx)
    assert socks4.read_reply(client).cd == socks4.GRANTED
    return client, end


def is_refused(proxy, server, ctx, pattern, **request):
    """The request must get 91 and a line in the log, and the server must see TLS at most, and never the secret."""
    client = socks4.send(proxy.address, peers.port_of(server), early=SECRET, **request)
    failed = tls_peers.Failed(server, ctx)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert peers.read_all(client) == b""
    assert failed.why is not None and failed.raw[:1] in (b"", b"\x16")
    assert SECRET[:8] not in failed.raw
    assert peers.silent_for(server, 0.05), "no second try"
    proxy.wait_log(r"refused with 91.*" + pattern)
    return failed


# ---- Good ones ----

@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("kind", ["server", "rsa_server", "long_rsa_server"])
def test_by_name(start, certs, server, version, kind):
    ctx = tls_peers.server_context(getattr(certs, kind), version=version)
    # Mbed TLS 3.6.6 offers RSA-PSS and does not take it with TLS 1.2 (docs/tls.md): the client's order shall count.
    ctx.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    seen = []
    ctx.sni_callback = lambda obj, name, context: seen.append(name)
    client, end = session(start(), server, ctx, name=NAME, early=b"early")
    assert seen == [NAME]
    assert peers.read_exactly(end, 5) == b"early"
    end.sendall(b"answer" * 5000)
    assert peers.read_exactly(client, 30000) == b"answer" * 5000


def test_the_log_says_what_was_agreed_on(start, certs, server):
    proxy = start()
    session(proxy, server, tls_peers.server_context(certs.server), name=NAME)
    proxy.wait_log(r"granted.*TLSv1\.3 ")


def test_a_name_under_a_wildcard(start, certs, server):
    session(start(), server, tls_peers.server_context(certs.server), name="any.wild.example.test")


def test_the_name_without_regard_to_case(start, certs, server):
    session(start(), server, tls_peers.server_context(certs.server), name=NAME.upper())


def test_by_an_address_that_the_certificate_bears(start, certs, server):
    session(start(), server, tls_peers.server_context(certs.server), host="127.0.0.1")


def test_by_address_with_a_name_in_the_route(start, certs, server):
    ctx = tls_peers.server_context(certs.names_only)
    seen = []
    ctx.sni_callback = lambda obj, name, context: seen.append(name)
    session(start(f"name={NAME}"), server, ctx, host="127.0.0.1")
    assert seen == [NAME]


def test_a_certificate_of_our_own_is_shown(start, certs, server):
    ctx = tls_peers.server_context(certs.server, ca=certs.ca)
    session(start(f"cert={certs.client.cert}", f"key={certs.client.key}"), server, ctx, name=NAME)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_alpn(start, certs, server, version):
    ctx = tls_peers.server_context(certs.server, version=version, alpn=["imap"])
    _, end = session(start("alpn=pop3,imap"), server, ctx, name=NAME)
    assert end.ssl.selected_alpn_protocol() == "imap"


def test_only_what_the_route_names(anklet, certs, names, server):
    """Other ports and BIND go as they did."""
    other, echo = peers.listener(), peers.echo_server()
    proxy = anklet("--route", f"to *:{peers.port_of(server)} tls ca={certs.ca}", *names.option)
    session(proxy, server, tls_peers.server_context(certs.server), name=NAME)
    plain, end = socks4.session(proxy.address, other)
    plain.sendall(b"plain")
    assert peers.read_exactly(end, 5) == b"plain"
    _, reply = socks4.ask(proxy.address, peers.port_of(server), cd=socks4.BIND)
    assert reply.cd == socks4.GRANTED
    assert echo.accepted == 0


@pytest.mark.parametrize("trusted", [True, False])
def test_ca_of_the_whole_program(anklet, certs, names, server, trusted):
    """The keyword 'ca' is for those routes that say none."""
    proxy = anklet("--ca", certs.ca if trusted else certs.other_ca, "--route", "to * tls", *names.option)
    ctx = tls_peers.server_context(certs.server)
    if trusted:
        session(proxy, server, ctx, name=NAME)
    else:
        is_refused(proxy, server, ctx, "certificate", name=NAME)


# ---- Certificates that must not be taken ----

BAD = {
    "another name": ("other_name", dict(name=NAME), "not for"),
    "expired": ("expired", dict(name=NAME), "expired"),
    "not valid yet": ("not_yet", dict(name=NAME), "not yet valid"),
    "self-signed": ("self_signed", dict(name=NAME), "not issued by a trusted authority"),
    "unknown CA": ("unknown", dict(name=NAME), "not issued by a trusted authority"),
    "address, none in the certificate": ("names_only", dict(host="127.0.0.1"), "not for"),
    "the address of another": ("server", dict(host="127.0.0.9"), "not for"),
    "name, which is not the address's": ("server", dict(name=OTHER_NAME), "not for"),
}


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_certificate(start, certs, what, version):
    kind, request, pattern = BAD[what]
    server = peers.listener(request.get("host", "127.0.0.1"))
    ctx = tls_peers.server_context(getattr(certs, kind), version=version)
    is_refused(start(), server, ctx, f"the server's certificate is not accepted: ({pattern})", **request)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("count", [800, 1000, 3000])
def test_certificates_longer_than_a_message_may_be(start, certs, server, version, count):
    """22, 27 and 83 KB: the library reads a message of 16 KiB."""
    long = certs.good.issue(NAME, [f"DNS:{NAME}"] + [f"DNS:name{number}.of.many.example" for number in range(count)])
    is_refused(start(), server, tls_peers.server_context(long, version=version),
               "TLS with the server failed: a message, of certificates perhaps, is longer than can be read", name=NAME)


def test_s_server_with_an_expired_certificate(start, certs, tool):
    s_server, port = daemons.s_server(tool("openssl"), certs.expired)
    client = socks4.send(start().address, port, name=NAME, early=SECRET)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    s_server.wait_text("alert")
    assert "sesame" not in s_server.text


def test_verify_none_takes_it_and_says_so_at_the_start(anklet, certs, names, server):
    proxy = anklet("--route", "to * tls verify=none", *names.option)
    proxy.wait_log("(?i)verif")
    session(proxy, server, tls_peers.server_context(certs.self_signed), name=NAME)


def test_nothing_is_said_where_all_is_verified(start):
    proxy = start()
    assert not re.search("(?i)verify|verifie", proxy.log)


# ---- Servers that do not speak TLS, or badly ----

PLAIN = {
    "a greeting": b"220 mail.example.test ready\r\n",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "nothing": b"",
    "half a record": b"\x16\x03\x03\x00",
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
}


@pytest.mark.parametrize("what", PLAIN)
def test_a_server_that_speaks_no_tls(start, server, what):
    proxy = start()
    client = socks4.send(proxy.address, peers.port_of(server), name=NAME, early=SECRET)
    end = peers.accept(server)
    hello = peers.read_exactly(end, 5)
    end.sendall(PLAIN[what])
    end.shutdown(1)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    rest = b""
    try:
        rest = peers.read_all(end)
    except ConnectionResetError:
        pass
    assert hello[0] == 0x16 and SECRET[:8] not in hello + rest
    assert peers.silent_for(server, 0.1), "no second try in the clear"
    proxy.wait_log("refused with 91")


def test_a_server_that_says_nothing_ends_at_the_limit(start, server):
    proxy, begun = start(args=("--limit-establish", "1s")), time.monotonic()
    client = socks4.send(proxy.address, peers.port_of(server), name=NAME)
    peers.accept(server)
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert time.monotonic() - begun > 0.99


def test_a_handshake_that_drips_is_under_the_same_limit(start, certs, server):
    """Progress does not extend it: the record that is begun would last for an hour."""
    proxy, begun = start(args=("--limit-establish", "1s")), time.monotonic()
    client = socks4.send(proxy.address, peers.port_of(server), name=NAME)
    end = peers.accept(server)
    with contextlib.suppress(OSError):
        end.sendall(b"\x16\x03\x03\x40\x00")
        while peers.silent_for(client, 0.2) and time.monotonic() - begun < peers.LIMIT:
            end.sendall(b"\0")
    assert socks4.read_reply(client).cd == socks4.REJECTED
    assert 0.99 < time.monotonic() - begun < peers.LIMIT


def test_only_old_versions_at_the_server(start, certs, tool):
    _, port = daemons.s_server(tool("openssl"), certs.server, "-tls1_1", "-cipher", "ALL@SECLEVEL=0")
    assert socks4.refused(start().address, port, name=NAME) == socks4.REJECTED


OLD = {"CBC": "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA", "DHE": "DHE-RSA-AES256-GCM-SHA384",
       "plain RSA": "AES128-GCM-SHA256:AES256-SHA"}


@pytest.mark.parametrize("what", OLD)
def test_what_old_windows_servers_offer(start, certs, tool, what):
    """With an RSA certificate, and TLS 1.2: docs/tls.md says that it is refused, and what the log has."""
    _, port = daemons.s_server(tool("openssl"), certs.rsa_server, "-tls1_2", "-cipher", OLD[what])
    proxy = start()
    assert socks4.refused(proxy.address, port, name=NAME) == socks4.REJECTED
    proxy.wait_log("the peer sent the alert handshake failure")


def test_what_they_offer_with_an_ecdsa_certificate(start, certs, tool):
    _, port = daemons.s_server(tool("openssl"), certs.server, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384")
    socks4.connect(start().address, port, name=NAME)


def test_a_client_that_leaves_ends_the_handshake(start, server):
    proxy = start()
    idle = proxy.descriptors()
    client = socks4.send(proxy.address, peers.port_of(server), name=NAME)
    end = peers.accept(server)
    peers.read_exactly(end, 5)
    client.close()
    assert peers.until(lambda: proxy.descriptors() == idle)


# ---- Sessions that go on ----

@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_second_connection_resumes(start, certs, version):
    proxy = start()
    server = tls_peers.EchoServer(tls_peers.server_context(certs.server, version=version))
    for _ in range(3):
        client = socks4.connect(proxy.address, server.port, name=NAME)
        client.sendall(b"ticket")
        assert peers.read_exactly(client, 6) == b"ticket"
        client.close()
    assert peers.until(lambda: len(server.resumed) == 3)
    assert server.resumed == [False, True, True]


def test_a_session_of_one_name_is_not_used_for_another(start, certs):
    """What was verified for one name says nothing about the other."""
    server = tls_peers.EchoServer(tls_peers.server_context(certs.server))
    proxy = start()
    for name, code in ((NAME, socks4.GRANTED), (OTHER_NAME, socks4.REJECTED), (NAME, socks4.GRANTED)):
        client, reply = socks4.ask(proxy.address, server.port, name=name)
        assert reply.cd == code, name
        if code == socks4.GRANTED:
            client.sendall(b"x")
            assert peers.read_exactly(client, 1) == b"x"
        client.close()


# ---- Real programs ----

def test_imaps(start, dovecot):
    """imaplib, which knows nothing of TLS here, and dovecot, which takes nothing else."""
    import imaplib
    proxy = start()

    class Imap(imaplib.IMAP4):
        def _create_socket(self, timeout):
            return socks4.connect(proxy.address, self.port, name=self.host)

    box = Imap(NAME, dovecot.ports["imaps"])
    box.login(daemons.USER, daemons.PASSWORD)
    box.select()
    assert box.fetch("1", "(RFC822)")[1][0][1].replace(b"\r\n", b"\n").decode() == daemons.MAIL
    box.logout()


def test_curl_and_stunnel(start, certs, tool, tmp_path, web):
    """http:// at the client, https at the server."""
    at = ("127.0.0.1", peers.reserve())
    daemons.stunnel(tool("stunnel4"), tmp_path, at, ("127.0.0.1", web.port), options=[f"cert = {certs.server.both}"])
    done = subprocess.run([tool("curl"), "-sS", "--noproxy", "", "--socks4a", f"127.0.0.1:{start().port}",
                           f"http://{NAME}:{at[1]}/"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    assert done.stdout == web.page, done.stderr


# ---- Starts that fail, or say something ----

def fails(*args):
    done = program.run(*args)
    assert done.returncode == program.CONFIG, f"{done.returncode}\n{done.stderr}"
    return done.stderr


def test_a_ca_that_is_not_there(tmp_path):
    nothing = tmp_path / "nothing.pem"
    assert str(nothing) in fails("--route", f"to * tls ca={nothing}")


def test_a_key_without_its_certificate(certs):
    fails("--route", f"to * tls ca={certs.ca} key={certs.client.key}")


@pytest.mark.parametrize("words", ["tls starttls=smtp", "via socks4://127.0.0.1 tls", "direct tls", "tls tls"])
def test_one_way_a_route(words):
    assert "^" in fails("--route", f"to * {words}")
