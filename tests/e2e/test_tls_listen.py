"""Listeners with TLS: which clients are let in, which are not, and starts that must fail."""
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
from certificates import NAME

pytestmark = pytest.mark.usefixtures("with_tls")

@pytest.fixture
def server():
    return peers.echo_server()


@pytest.fixture
def listen(anklet, certs):
    """start(*options, pair=...): a proxy that listens with TLS and these options of the endpoint."""

    def start(*options, pair=certs.server, args=()):
        query = "&".join([f"cert={pair.cert}&key={pair.key}" if pair else "", *options]).strip("&")
        return anklet("--listen", f"tls://127.0.0.1:0?{query}", "--log", "debug", *args)

    return start


def echoes(tls, data=b"over TLS"):
    tls.sendall(data)
    return peers.read_exactly(tls, len(data)) == data


# ---- Who is served ----

@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("kind", ["server", "rsa_server"])
def test_python(listen, certs, server, version, kind):
    proxy = listen(pair=getattr(certs, kind))
    tls = tls_peers.connect(proxy.address, tls_peers.client_context(certs.ca, version=version), server.port)
    assert tls.ssl.version() == f"TLSv{version}"
    assert echoes(tls)


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_s_client(listen, certs, server, tool, version):
    proxy = listen()
    client = tls_peers.SClient(tool("openssl"), proxy.address, f"-{version}", "-CAfile", certs.ca,
                               "-verify_return_error", "-verify_hostname", NAME)
    client.sendall(socks4.request(server.port))
    assert socks4.read_reply(client).cd == socks4.GRANTED
    assert echoes(client)


@pytest.mark.parametrize("kind", ["socks4", "socks4a"])
def test_curl_with_stunnel_in_front(listen, certs, tool, tmp_path, names, web, kind):
    """A client without TLS for its proxy, and the wrapper of the distribution."""
    proxy = listen(args=names.option)
    front = ("127.0.0.1", peers.reserve())
    daemons.stunnel(tool("stunnel4"), tmp_path, front, proxy.address, client=True, options=[
        "verifyChain = yes", f"CAfile = {certs.ca}", f"checkHost = {NAME}"])
    host = "127.0.0.1" if kind == "socks4" else NAME
    done = subprocess.run([tool("curl"), "-sS", "--noproxy", "", f"--{kind}", f"{front[0]}:{front[1]}",
                           f"http://{host}:{web.port}/"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    assert done.stdout == web.page, done.stderr


def test_bind(listen, certs, server):
    proxy = listen()
    tls = tls_peers.dial(proxy.address, tls_peers.client_context(certs.ca))
    tls.sendall(socks4.request(21, "127.0.0.1", cd=socks4.BIND))
    first = socks4.read_reply(tls)
    assert first.cd == socks4.GRANTED
    peer = peers.dial(("127.0.0.1", first.port))
    second = socks4.read_reply(tls)
    assert (second.cd, second.ip) == (socks4.GRANTED, "127.0.0.1")
    peer.sendall(b"from the peer")
    assert peers.read_exactly(tls, 13) == b"from the peer"
    tls.sendall(b"to the peer")
    assert peers.read_exactly(peer, 11) == b"to the peer"


def test_early_data_in_the_record_of_the_request(listen, certs, server):
    tls = tls_peers.connect(listen().address, tls_peers.client_context(certs.ca), server.port,
                            early=b"early" * 2000)
    assert peers.read_exactly(tls, 10000) == b"early" * 2000


def test_a_refusal_is_readable(listen, certs):
    tls = tls_peers.dial(listen().address, tls_peers.client_context(certs.ca))
    tls.sendall(socks4.request(peers.nobody()) + b"more" * 1000)
    assert socks4.read_reply(tls).cd == socks4.REJECTED
    assert tls_peers.end_of(tls) == "EOF"


def test_a_request_in_records_of_one_byte(listen, certs, server):
    tls = tls_peers.dial(listen().address, tls_peers.client_context(certs.ca))
    for byte in socks4.request(server.port, name="127.0.0.1", userid=b"slowly"):
        tls.sendall(bytes([byte]))
    assert socks4.read_reply(tls).cd == socks4.GRANTED
    assert echoes(tls)


def test_a_handshake_in_segments_of_one_byte(listen, certs, server):
    """What a client sends is cut anywhere: each byte in a segment of its own."""
    tls = tls_peers.dial(listen().address, tls_peers.client_context(certs.ca), handshake=False)
    whole = tls.flush

    def drip():
        for byte in tls.outgoing.read():
            tls.sock.sendall(bytes([byte]))
            time.sleep(0.0005)

    tls.flush = drip
    tls.handshake()
    tls.flush = whole
    tls.sendall(socks4.request(server.port))
    assert socks4.read_reply(tls).cd == socks4.GRANTED
    assert echoes(tls)


# ---- Certificates of clients ----

@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_client_with_the_right_certificate(listen, certs, server, version):
    ctx = tls_peers.client_context(certs.ca, certs.client, version)
    assert echoes(tls_peers.connect(listen(f"ca={certs.ca}").address, ctx, server.port))


CLIENTS = {None: "none was shown", "other_client": "not issued by a trusted authority",
           "self_signed": "not issued by a trusted authority", "expired": "expired"}


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("who", CLIENTS)
def test_a_client_with_none_or_a_wrong_one(listen, certs, server, version, who):
    ctx = tls_peers.client_context(certs.ca, who and getattr(certs, who), version)
    proxy = listen(f"ca={certs.ca}")
    with pytest.raises((ssl.SSLError, tls_peers.Truncated, ConnectionResetError)) as failure:
        tls = tls_peers.dial(proxy.address, ctx)  # with TLS 1.3 the client is told only later
        tls.sendall(socks4.request(server.port))
        socks4.read_reply(tls)
    if version == "1.2" and who:  # else Mbed TLS sends no alert, or one that cannot be read
        assert "alert" in str(failure.value).lower(), "it was told why"
    proxy.wait_log(f": refused, the client's certificate is not accepted: {CLIENTS[who]} after")
    assert server.accepted == 0


# ---- PSK ----

def psk_client(tool, proxy, certs, *options, key=None, identity="sensor"):
    return tls_peers.SClient(tool("openssl"), proxy.address, "-psk_identity", identity, "-psk",
                             key or certs.psk_key, *options)


@pytest.mark.parametrize("options", [("-tls1_2",), ("-tls1_3",), ("-tls1_3", "-allow_no_dhe_kex")],
                         ids=["1.2", "1.3", "1.3 without DHE"])
def test_psk(listen, certs, server, tool, options):
    proxy = listen(f"psk={certs.psk}", pair=None)
    client = psk_client(tool, proxy, certs, *options)
    client.sendall(socks4.request(server.port))
    assert socks4.read_reply(client).cd == socks4.GRANTED
    assert echoes(client)


@pytest.mark.parametrize("what", [dict(key="ff" * 32), dict(identity="thief")], ids=["key", "identity"])
@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_a_wrong_psk(listen, certs, server, tool, version, what):
    proxy = listen(f"psk={certs.psk}", pair=None)
    client = psk_client(tool, proxy, certs, f"-{version}", **what)
    status, out, said = client.finish()
    assert status != 0 and out == b"" and "alert" in said, said
    assert server.accepted == 0
    proxy.wait_log("TLS with the client failed")


def test_psk_and_ca_on_one_listener(certs):
    """Whoever had the key would be served without a certificate."""
    said = fails(*listener(cert=certs.server.cert, key=certs.server.key, ca=certs.ca, psk=certs.psk))
    assert "ca and psk exclude each other" in said


# ---- Versions and ALPN ----

def test_min_1_3(listen, certs, server):
    proxy = listen("min=1.3")
    with pytest.raises(ssl.SSLError, match="(?i)version"):
        tls_peers.dial(proxy.address, tls_peers.client_context(certs.ca, version="1.2"))
    ctx = tls_peers.client_context(certs.ca, version="1.3")
    assert echoes(tls_peers.connect(proxy.address, ctx, server.port))


@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_older_versions_are_refused(listen, tool, version):
    client = tls_peers.SClient(tool("openssl"), listen().address, f"-{version}", "-cipher", "ALL@SECLEVEL=0")
    status, _, said = client.finish()
    assert status != 0 and "alert" in said, said


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_alpn(listen, certs, server, version):
    proxy = listen("alpn=socks4,other")
    ctx = tls_peers.client_context(certs.ca, version=version, alpn=["other", "socks4"])
    tls = tls_peers.connect(proxy.address, ctx, server.port)
    assert tls.ssl.selected_alpn_protocol() == "socks4", "ours is the order that counts"
    with pytest.raises(ssl.SSLError, match="(?i)application.protocol"):
        tls_peers.dial(proxy.address, tls_peers.client_context(certs.ca, version=version, alpn=["http/1.1"]))


# ---- Sessions that go on ----

@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_python_resumes(listen, certs, server, version):
    proxy = listen()
    ctx = tls_peers.client_context(certs.ca, version=version)
    first = tls_peers.connect(proxy.address, ctx, server.port)
    assert echoes(first)
    assert not first.ssl.session_reused
    second = tls_peers.connect(proxy.address, ctx, server.port, session=first.ssl.session)
    assert second.ssl.session_reused
    assert echoes(second)


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_s_client_resumes(listen, certs, server, tool, tmp_path, version):
    proxy, kept = listen(), tmp_path / "session"
    for option, expected in (("-sess_out", "New"), ("-sess_in", "Reused")):
        client = tls_peers.SClient(tool("openssl"), proxy.address, f"-{version}", option, kept, "-CAfile", certs.ca,
                                   "-ign_eof", quiet=False)
        client.sendall(socks4.request(server.port, userid=b"me") + b"said\n")
        output = b""
        while b"said\n" not in output:
            output += client.recv(65536)
        client.sendall(b"")
        client.process.stdin.close()
        assert re.search(rb"^(New|Reused), TLS", output, re.MULTILINE).group(1).decode() == expected
        client.close()


def test_an_old_ticket_of_another_server_is_passed_over(listen, certs, server):
    """A ticket made with another key: a full handshake, and no failure."""
    ctx = tls_peers.client_context(certs.ca)
    first = tls_peers.connect(listen().address, ctx, server.port)
    assert echoes(first)
    second = tls_peers.connect(listen().address, ctx, server.port, session=first.ssl.session)
    assert not second.ssl.session_reused and echoes(second)


# ---- Who speaks something else ----

def test_plain_text_to_a_listener_with_tls(listen, server):
    proxy = listen()
    client = peers.dial(proxy.address)
    client.sendall(socks4.request(server.port) + b"secret" * 100)
    answer = b""
    try:
        answer = peers.read_all(client)
    except ConnectionResetError:
        pass
    assert answer == b"" or answer[0] == 21, "nothing but an alert of TLS"
    assert server.accepted == 0
    proxy.wait_log("TLS with the client failed")


def test_tls_to_a_plain_listener(anklet, certs):
    proxy = anklet()
    with pytest.raises((ssl.SSLError, tls_peers.Truncated, ConnectionResetError)):
        tls_peers.dial(proxy.address, tls_peers.client_context(certs.ca))
    proxy.wait_log("this client speaks TLS, and this listener does not")


def test_a_port_scan(listen, certs, server):
    """Connections without a word, with half a record, with rubbish: the next client is served."""
    proxy = listen(args=("--limit-handshake", "1s"))
    for first in (b"", b"\x16\x03\x01\x02", b"\x16\x03\x01\xff\xff" + b"x" * 200, b"\x80\x2e\x01\x00\x02",
                  b"GET / HTTP/1.0\r\n\r\n"):
        client = peers.dial(proxy.address)
        client.sendall(first)
        if first != b"" and first[0] == 0x16 and len(first) < 5:
            assert peers.end_of(client) in ("EOF", "RESET"), "the limit on handshakes"
        client.close()
    ctx = tls_peers.client_context(certs.ca)
    assert echoes(peers.in_time(lambda: tls_peers.connect(proxy.address, ctx, server.port), 1))


@pytest.mark.parametrize("how", ["eof", "reset"])
def test_handshakes_cut_anywhere(listen, certs, server, how):
    proxy = listen()
    idle = proxy.descriptors()
    ctx = tls_peers.client_context(certs.ca)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        ctx.wrap_bio(incoming, outgoing, server_hostname=NAME).do_handshake()
    hello = outgoing.read()
    for cut in range(1, len(hello) + 1, 7):
        client = peers.dial(proxy.address)
        client.sendall(hello[:cut])
        if how == "eof":
            client.close()
        else:
            peers.reset(client)
    assert peers.until(lambda: proxy.descriptors() == idle)
    assert echoes(tls_peers.connect(proxy.address, ctx, server.port))


def test_a_stalled_handshake_occupies_its_own_session_only(listen, certs, server):
    proxy = listen()
    stalled = [peers.dial(proxy.address) for _ in range(30)]
    for number, client in enumerate(stalled):
        client.sendall(b"\x16\x03\x01\x02\x00\x01"[:number % 7])
    assert echoes(tls_peers.connect(proxy.address, tls_peers.client_context(certs.ca), server.port))
    assert all(peers.silent_for(client, 0) for client in stalled), "they are still there"


def test_a_stalled_handshake_ends_at_the_limit(listen, certs):
    proxy = listen(args=("--limit-handshake", "1s"))
    begun = time.monotonic()
    client = peers.dial(proxy.address)
    client.sendall(b"\x16\x03\x01")
    assert peers.end_of(client) in ("EOF", "RESET")
    assert time.monotonic() - begun > 0.99


def test_renegotiation_is_refused(listen, certs, server, tool):
    client = tls_peers.SClient(tool("openssl"), listen().address, "-tls1_2", "-CAfile", certs.ca, quiet=False)
    client.sendall(b"R\n")
    client.process.wait(peers.LIMIT)
    status, _, said = client.finish()
    assert status != 0 and re.search("(?i)renegotiation|alert", said), said


def test_a_key_update_is_answered_with_an_alert(listen, certs, server, tool):
    """Mbed TLS knows none: the session ends, and says so (docs/tls.md)."""
    proxy = listen()
    client = tls_peers.SClient(tool("openssl"), proxy.address, "-tls1_3", "-CAfile", certs.ca, quiet=False)
    client.sendall(b"K\n")
    client.process.wait(peers.LIMIT)
    status, _, said = client.finish()
    assert status != 0 and re.search("(?i)alert", said), said
    proxy.wait_log("TLS with the client failed: a message came that has no place here after ")


# ---- Starts that fail ----

def fails(*args):
    """A start that must fail with the code for wrong configurations: what it says."""
    done = program.run(*args)
    assert done.returncode == program.CONFIG, f"{done.returncode}\n{done.stderr}"
    return done.stderr


def listener(**options):
    return "--listen", "tls://127.0.0.1:0?" + "&".join(f"{key}={value}" for key, value in options.items())


def test_the_key_of_another_certificate(certs):
    said = fails(*listener(cert=certs.server.cert, key=certs.client.key))
    assert re.search("(?i)key.*(certificate|match|belong)|(certificate|match|belong).*key", said), said
    assert certs.client.key in said


def test_missing_files(certs, tmp_path):
    nothing = str(tmp_path / "nothing.pem")
    for options in (dict(cert=nothing, key=certs.server.key), dict(cert=certs.server.cert, key=nothing),
                    dict(cert=certs.server.cert, key=certs.server.key, ca=nothing), dict(psk=nothing)):
        assert nothing in fails(*listener(**options))


def test_files_that_hold_something_else(certs, tmp_path):
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n")
    for options in (dict(cert=rubbish, key=certs.server.key), dict(cert=certs.server.cert, key=rubbish),
                    dict(cert=certs.server.cert, key=certs.server.key, ca=rubbish), dict(psk=rubbish)):
        assert str(rubbish) in fails(*listener(**options))


@pytest.mark.parametrize("text", ["", "sensor", "sensor:", ":0011", "sensor:xyz", "sensor:0011", "sensor:" + "0" * 31])
def test_a_psk_file_without_a_good_line(tmp_path, text):
    file = tmp_path / "psk"
    file.write_text(text + "\n")
    assert str(file) in fails(*listener(psk=file))


def test_a_listener_with_tls_needs_a_certificate_or_a_psk():
    said = fails("--listen", "tls://127.0.0.1:0")
    assert "cert" in said and "psk" in said


def test_one_file_with_both(anklet, certs, server):
    proxy = anklet("--listen", f"tls://127.0.0.1:0?cert={certs.server.both}")
    assert echoes(tls_peers.connect(proxy.address, tls_peers.client_context(certs.ca), server.port))


@pytest.mark.parametrize("scheme, rfc", [("sslv2", "RFC 6176"), ("sslv3", "RFC 7568")])
def test_ssl_is_prohibited(certs, scheme, rfc):
    said = fails("--listen", f"{scheme}://127.0.0.1:0?cert={certs.server.both}")
    assert rfc in said and "tls://" in said


def test_t_checks_the_files_too(certs):
    assert program.run("-t", *listener(cert=certs.server.cert, key=certs.server.key)).returncode == 0
    done = program.run("-t", *listener(cert=certs.server.cert, key=certs.client.key))
    assert done.returncode == program.CONFIG


def test_plain_and_tls_beside_each_other(anklet, certs, server):
    proxy = anklet("--listen", "127.0.0.1:0", "--listen", f"tls://127.0.0.1:0?cert={certs.server.both}")
    plain, tls = proxy.addresses(2)
    assert socks4.serves(plain)
    assert echoes(tls_peers.connect(tls, tls_peers.client_context(certs.ca), server.port))
