"""Clients that nobody here wrote: what they ask for, they get."""
import re
import socket
import subprocess

import pytest

import peers
from dns_server import Name

NAME = "www.example.test"


@pytest.fixture
def proxy(anklet, dns):
    """The proxy, which alone knows the name: a client that asks by name must have sent it as 4A."""
    dns.zone[NAME] = Name(a=["127.0.0.1"])
    return anklet(*dns.option)


def output(*command, data=None, **more):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30, **more)
    assert done.returncode == 0, f"{command}: {done.returncode} {done.stderr.decode()}"
    return done.stdout


def test_curl_socks4(proxy, web, tool):
    assert output(tool("curl"), "-sS", "--noproxy", "", "--socks4", f"127.0.0.1:{proxy.port}",
                  f"http://127.0.0.1:{web.port}/") == web.page


def test_curl_socks4a(proxy, web, tool):
    assert output(tool("curl"), "-sS", "--noproxy", "", "--socks4a", f"127.0.0.1:{proxy.port}",
                  f"http://{NAME}:{web.port}/") == web.page


def test_curl_shows_a_refusal(proxy, tool):
    done = subprocess.run([tool("curl"), "-sS", "--noproxy", "", "--socks4a", f"127.0.0.1:{proxy.port}",
                           "http://none.example.test/"], stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 97 and b"91" in done.stderr, done


LISTING = b"-rw-r--r-- 1 ftp ftp 5 Jan 01 2026 file\r\n"


def ftp_server():
    """An FTP server in passive mode, for one client: its port."""
    server, data = peers.listener(), peers.listener()
    answers = {"USER": "331 and the password?", "PASS": "230 in", "PWD": '257 "/" it is', "TYPE": "200 done",
               "EPSV": f"229 there (|||{peers.port_of(data)}|)", "QUIT": "221 bye"}

    def serve():
        with peers.accept(server) as control, control.makefile("r", newline="\r\n") as lines:
            control.sendall(b"220 here\r\n")
            for line in lines:
                word = line.split()[0]
                if word == "LIST":
                    control.sendall(b"150 it comes\r\n")
                    with peers.accept(data) as sock:
                        sock.sendall(LISTING)
                answer = "226 that was it" if word == "LIST" else answers.get(word, "502 no")
                control.sendall(answer.encode() + b"\r\n")

    peers.Worker(serve).start()
    return peers.port_of(server)


def test_curl_ftp(proxy, tool):
    """By name, and with both of FTP's connections."""
    assert output(tool("curl"), "-sS", "--noproxy", "", "--socks4a", f"127.0.0.1:{proxy.port}",
                  f"ftp://{NAME}:{ftp_server()}/") == LISTING.replace(b"\r\n", b"\n")
    granted = rf"connect {re.escape(NAME)}:\d+: granted"
    proxy.wait_log(rf"{granted}(.|\n)*{granted}")


def test_nc(proxy, tool):
    server = peers.echo_server()
    assert output(tool("nc"), "-N", "-X", "4", "-x", f"127.0.0.1:{proxy.port}",
                  "127.0.0.1", str(server.port), data=b"by nc\n") == b"by nc\n"


def test_ncat(proxy, tool):
    server = peers.echo_server()
    assert output(tool("ncat"), "--proxy", f"127.0.0.1:{proxy.port}", "--proxy-type", "socks4",
                  "127.0.0.1", str(server.port), data=b"by ncat\n") == b"by ncat\n"


def test_socat_socks4(proxy, tool):
    server = peers.echo_server()
    where = f"SOCKS4:127.0.0.1:127.0.0.1:{server.port},socksport={proxy.port}"
    assert output(tool("socat"), "-t5", "-", where, data=b"by socat\n") == b"by socat\n"


def test_socat_socks4a(proxy, tool):
    server = peers.echo_server()
    where = f"SOCKS4A:127.0.0.1:{NAME}:{server.port},socksport={proxy.port},socksuser=someone"
    assert output(tool("socat"), "-t5", "-", where, data=b"by name\n") == b"by name\n"
    proxy.wait_log("someone")


def test_proxychains(proxy, web, tool, tmp_path):
    config = tmp_path / "proxychains.conf"
    config.write_text(f"strict_chain\n[ProxyList]\nsocks4 127.0.0.1 {proxy.port}\n")
    assert output(tool("proxychains4"), "-q", "-f", str(config), tool("curl"), "-sS", "--noproxy", "*",
                  f"http://127.0.0.1:{web.port}/") == web.page
    proxy.wait_log(rf"127\.0\.0\.1:{web.port}")


@pytest.mark.parametrize("remote_names", [False, True], ids=["address", "name"])
def test_pysocks(proxy, remote_names):
    socks = pytest.importorskip("socks", reason="python3-socks is not installed")
    server = peers.echo_server()
    sock = peers.keep(socks.socksocket(socket.AF_INET))
    sock.set_proxy(socks.SOCKS4, "127.0.0.1", proxy.port, rdns=remote_names, username="me")
    sock.connect((NAME if remote_names else "127.0.0.1", server.port))
    sock.sendall(b"by PySocks")
    assert peers.read_exactly(sock, 10) == b"by PySocks"


def test_the_line_that_start_up_suggests(anklet, web, tool):
    """Whoever starts it is shown a curl line to try; it must work as it stands, but for the page."""
    tool("curl")
    proxy = anklet()
    line = proxy.wait_log(r"curl -[^\n]*").group(0).split()
    url = next(i for i, word in enumerate(line) if "://" in word and "socks" not in word)
    line[url] = f"http://127.0.0.1:{web.port}/"
    assert output(*line, "-sS", "--noproxy", "") == web.page
