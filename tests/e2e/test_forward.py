"""Fixed forwards: connections without SOCKS, plain and encrypted on either side, under the same rules."""
import re
import socket
import ssl
import subprocess

import pytest

import daemons
import peers
import program
import socks4
import tls_peers
from certificates import NAME


@pytest.fixture
def start(anklet, names):
    """start(listen, target, ...): a forward from a port of its own: (the program, its address)."""

    def run(target, scheme="tcp", query="", args=()):
        at = ("127.0.0.1", peers.reserve())
        proxy = anklet("--forward", f"{scheme}://{at[0]}:{at[1]}{query} {target}", "--log", "debug", *names.option,
                       *args, listen=False)
        return proxy, at

    return run


def echoes(sock, data=b"forwarded"):
    sock.sendall(data)
    return peers.read_exactly(sock, len(data)) == data


# ---- Plain ----

@pytest.mark.parametrize("host", ["127.0.0.1", NAME])
def test_plain(start, host):
    server = peers.echo_server()
    proxy, at = start(f"tcp://{host}:{server.port}")
    assert echoes(peers.dial(at))
    proxy.wait_log(f"forward {host}:{server.port}: granted")


def test_the_server_speaks_first(start):
    server = peers.listener()
    _, at = start(f"tcp://127.0.0.1:{peers.port_of(server)}")
    client = peers.dial(at)
    peers.accept(server).sendall(b"220 welcome\r\n")
    assert peers.read_exactly(client, 13) == b"220 welcome\r\n"


def test_a_question_and_fin_before_the_target_is_connected(start, names):
    """A FIN ends a request of SOCKS; here it is the end of what the client has to say."""
    server = peers.listener()
    names.zone[NAME].delay = {"A": 0.3}
    _, at = start(f"tcp://{NAME}:{peers.port_of(server)}")
    client = peers.dial(at)
    client.sendall(b"question" * 1000)
    client.shutdown(socket.SHUT_WR)
    end = peers.accept(server)
    assert peers.read_all(end) == b"question" * 1000
    end.sendall(b"answer")
    end.close()
    assert peers.read_all(client) == b"answer"


@pytest.mark.parametrize("what", ["nobody", "unknown name"])
def test_a_target_that_is_not_there(start, what):
    target = f"127.0.0.1:{peers.nobody()}" if what == "nobody" else "none.example.test:80"
    proxy, at = start(f"tcp://{target}")
    assert peers.end_of_visit(at) in ("EOF", "RESET")
    proxy.wait_log("forward .*refused")


def test_rules_hold_for_forwards_too(start):
    server = peers.echo_server()
    proxy, at = start(f"tcp://127.0.0.1:{server.port}", args=("--deny", f"to 127.0.0.1:{server.port}",
                                                              "--allow", "connect"))
    assert peers.end_of_visit(at) in ("EOF", "RESET")
    assert server.accepted == 0
    proxy.wait_log("denied by rule 1")


def test_it_is_no_socks_server(start):
    """What looks like a request is passed on like everything else."""
    server = peers.listener()
    _, at = start(f"tcp://127.0.0.1:{peers.port_of(server)}")
    message = socks4.request(80)
    peers.dial(at).sendall(message)
    assert peers.read_exactly(peers.accept(server), len(message)) == message


def test_with_forwards_alone_nobody_serves_socks(start):
    proxy, at = start(f"tcp://127.0.0.1:{peers.nobody()}")
    assert proxy.addresses(1) == [at]
    assert program.LISTENS.findall(proxy.log) == [f"{at[0]}:{at[1]}"]


def test_the_limit_on_clients(start):
    server = peers.listener()
    _, at = start(f"tcp://127.0.0.1:{peers.port_of(server)}", args=("--limit-client", "2"))
    held = [peers.dial(at) for _ in range(2)]
    for client in held:
        client.sendall(b"x")
        assert peers.read_exactly(peers.accept(server), 1) == b"x"
    assert peers.end_of_visit(at) in ("EOF", "RESET")


# ---- Encrypted ----

@pytest.fixture
def server_tls(certs, with_tls):
    return tls_peers.EchoServer(tls_peers.server_context(certs.server))


@pytest.mark.parametrize("host", [NAME, "127.0.0.1"])
def test_plain_to_tls(start, certs, server_tls, host):
    _, at = start(f"tls://{host}:{server_tls.port}?ca={certs.ca}")
    assert echoes(peers.dial(at))


def test_tls_to_plain(start, certs, with_tls):
    server = peers.echo_server()
    _, at = start(f"tcp://127.0.0.1:{server.port}", "tls", f"?cert={certs.server.both}")
    assert echoes(tls_peers.dial(at, tls_peers.client_context(certs.ca)))


def test_tls_to_tls(start, certs, server_tls):
    _, at = start(f"tls://{NAME}:{server_tls.port}?ca={certs.ca}", "tls", f"?cert={certs.server.both}&ca={certs.ca}")
    assert echoes(tls_peers.dial(at, tls_peers.client_context(certs.ca, certs.client)))
    with pytest.raises((ssl.SSLError, tls_peers.Truncated, ConnectionResetError)):
        echoes(tls_peers.dial(at, tls_peers.client_context(certs.ca)))


@pytest.mark.parametrize("kind", ["other_name", "expired", "self_signed", "unknown"])
def test_a_target_with_a_bad_certificate(start, certs, with_tls, kind):
    """The connection ends, the log has the reason, and the client's bytes stay here."""
    server = peers.listener()
    proxy, at = start(f"tls://{NAME}:{peers.port_of(server)}?ca={certs.ca}")
    client = peers.dial(at)
    client.sendall(b"a secret" * 100)
    failed = tls_peers.Failed(server, tls_peers.server_context(getattr(certs, kind)))
    assert peers.end_of(client) in ("EOF", "RESET")
    assert failed.why is not None and b"a secret" not in failed.raw
    proxy.wait_log("certificate is not accepted")


def test_curl_https_through_two(start, certs, tool, web, with_tls):
    """tls to tcp after tcp to tls: encrypted between the two, and nowhere else."""
    _, far = start(f"tcp://127.0.0.1:{web.port}", "tls", f"?cert={certs.server.both}")
    _, near = start(f"tls://{NAME}:{far[1]}?ca={certs.ca}")
    for url in (f"http://127.0.0.1:{near[1]}/", f"https://{NAME}:{far[1]}/"):
        done = subprocess.run([tool("curl"), "-sS", "--noproxy", "*", "--cacert", certs.ca, "--resolve",
                               f"{NAME}:{far[1]}:127.0.0.1", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=30)
        assert done.stdout == web.page, done.stderr


@pytest.mark.parametrize("value, said", [
    ("tcp://127.0.0.1:1", "needs a value"), ("tcp://127.0.0.1:1 socks4://127.0.0.1:1", "expected tcp://(, tls://)? or udp:// and HOST:PORT|expected tcp://, udp://"),
    ("smtp+starttls://127.0.0.1:1 tcp://127.0.0.1:1", "expected tcp://.* udp://.* and HOST:PORT"),
    ("tcp://127.0.0.1:1 udp://127.0.0.1:1", "udp")])
def test_wrong_forwards(value, said):
    done = program.run("-t", "--forward", value)
    assert done.returncode == program.CONFIG and "^" in done.stderr and re.search(said, done.stderr), done.stderr


def test_a_listener_with_tls_needs_a_certificate(with_tls):
    done = program.run("--forward", "tls://127.0.0.1:1 tcp://127.0.0.1:1")
    assert done.returncode == program.CONFIG and "cert" in done.stderr, done.stderr
