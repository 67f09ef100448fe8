"""Clients that nobody here wrote: what they ask for, they get."""
import os
import re
import socket
import subprocess
import sys

import pytest

import daemons
import peers
import web_server
from dns_server import Name

NAME = "www.example.test"


@pytest.fixture
def proxy(anklet, dns):
    """The proxy, which alone knows the name: a client that asks by name must have sent it as 4A."""
    dns.zone[NAME] = Name(a=["127.0.0.1"])
    return anklet(*dns.option)


def output(*command, data=None, **more):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120, **more)
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


# ---- SOCKS5 ----

LABEL = "l" * 63
LONG_NAME = ".".join([LABEL, LABEL, LABEL, "l" * 61])  # 253 bytes, the longest that there are


@pytest.mark.parametrize("option", ["--socks5", "--socks5-hostname"])
@pytest.mark.parametrize("user", ["", "fred:secret@"], ids=["nobody", "user"])
def test_curl_socks5(proxy, web, tool, option, user):
    """One that has a password offers to do without it, too."""
    assert output(tool("curl"), "-sS", "--noproxy", "", option, f"{user}127.0.0.1:{proxy.port}",
                  f"http://127.0.0.1:{web.port}/") == web.page


@pytest.mark.parametrize("name", [NAME, LONG_NAME], ids=["name", "longest"])
def test_curl_socks5h(proxy, dns, web, tool, name):
    dns.zone[name] = Name(a=["127.0.0.1"])
    assert output(tool("curl"), "-sS", "--noproxy", "", "-x", f"socks5h://127.0.0.1:{proxy.port}",
                  f"http://{name}:{web.port}/") == web.page


def test_curl_socks5_ipv6(proxy, tool):
    try:
        server = peers.keep_server(web_server.WebServer6())
    except OSError:
        pytest.skip("there is no ::1 here")
    for scheme in ("socks5", "socks5h"):
        assert output(tool("curl"), "-sS", "--noproxy", "", "-x", f"{scheme}://127.0.0.1:{proxy.port}",
                      f"http://[::1]:{server.port}/") == server.page


def test_curl_shows_a_refusal_of_socks5(proxy, tool):
    for port, code in ((0, b"(1)"), (peers.nobody(), b"(5)")):
        done = subprocess.run([tool("curl"), "-sS", "--noproxy", "", "-x", f"socks5h://127.0.0.1:{proxy.port}",
                               f"http://127.0.0.1:{port}/"], stderr=subprocess.PIPE, timeout=30)
        assert done.returncode in (97, 7) and code in done.stderr, done


def test_nc_socks5(proxy, tool):
    server = peers.echo_server()
    assert output(tool("nc"), "-N", "-X", "5", "-x", f"127.0.0.1:{proxy.port}",
                  "127.0.0.1", str(server.port), data=b"by nc\n") == b"by nc\n"


def test_ncat_socks5(proxy, tool):
    server = peers.echo_server()
    for more in ([], ["--proxy-auth", "fred:secret"], ["--proxy-dns", "remote"]):
        assert output(tool("ncat"), "--proxy", f"127.0.0.1:{proxy.port}", "--proxy-type", "socks5", *more,
                      "127.0.0.1", str(server.port), data=b"by ncat\n") == b"by ncat\n"


@pytest.mark.parametrize("user", ["", " fred secret"], ids=["nobody", "user"])
def test_proxychains_socks5(proxy, web, tool, tmp_path, user):
    config = tmp_path / "proxychains.conf"
    config.write_text(f"strict_chain\nproxy_dns\n[ProxyList]\nsocks5 127.0.0.1 {proxy.port}{user}\n")
    assert output(tool("proxychains4"), "-q", "-f", str(config), tool("curl"), "-sS", "--noproxy", "*",
                  f"http://{NAME}:{web.port}/") == web.page
    proxy.wait_log(f"{NAME}:{web.port}")


@pytest.mark.parametrize("remote_names", [False, True], ids=["address", "name"])
@pytest.mark.parametrize("user", [None, "fred"], ids=["nobody", "user"])
def test_pysocks_socks5(proxy, remote_names, user):
    socks = pytest.importorskip("socks", reason="python3-socks is not installed")
    server = peers.echo_server()
    sock = peers.keep(socks.socksocket(socket.AF_INET))
    sock.set_proxy(socks.SOCKS5, "127.0.0.1", proxy.port, rdns=remote_names, username=user, password=user)
    sock.connect((NAME if remote_names else "127.0.0.1", server.port))
    sock.sendall(b"by PySocks")
    assert peers.read_exactly(sock, 10) == b"by PySocks"


def test_git_socks5(proxy, tool, tmp_path):
    """Over HTTP, by name, from a repository that is nothing but files."""
    git = tool("git")
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    output(git, *who, "init", "-q", str(tmp_path / "made"), env=home)
    output(git, "-C", str(tmp_path / "made"), *who, "commit", "-q", "--allow-empty", "-m", "first", env=home)
    output(git, "-C", str(tmp_path / "made"), "update-server-info", env=home)
    files = peers.keep_server(web_server.Files(tmp_path / "made" / ".git"))
    output(git, "-c", f"http.proxy=socks5h://127.0.0.1:{proxy.port}", "clone", "-q",
           f"http://{NAME}:{files.port}/", str(tmp_path / "got"), env=home)
    assert b"first" in output(git, "-C", str(tmp_path / "got"), "log", env=home)
    proxy.wait_log(rf"connect {re.escape(NAME)}:{files.port}: granted")


def test_apt_socks5(proxy, web, tool, tmp_path):
    helper = "/usr/lib/apt/apt-helper"
    if not os.path.exists(helper):
        pytest.skip(f"there is no {helper}")
    output(helper, "-o", f"Acquire::http::Proxy=socks5h://127.0.0.1:{proxy.port}", "download-file",
           f"http://{NAME}:{web.port}/", str(tmp_path / "page"))
    assert (tmp_path / "page").read_bytes() == web.page
    proxy.wait_log(rf"connect {re.escape(NAME)}:{web.port}: granted")


JAVA = """
import java.net.*;
public class Ask {
	public static void main(String[] a) throws Exception {
		Socket s = new Socket(new Proxy(Proxy.Type.SOCKS, new InetSocketAddress("127.0.0.1", Integer.parseInt(a[0]))));
		s.connect(InetSocketAddress.createUnresolved(a[1], Integer.parseInt(a[2])));
		s.getOutputStream().write("by Java".getBytes());
		System.out.write(s.getInputStream().readNBytes(7));
		System.out.flush();
	}
}
"""


@pytest.mark.parametrize("host", [NAME, "127.0.0.1"], ids=["name", "address"])
def test_java(proxy, tool, tmp_path, host):
    """It always offers a password, and is let in without: a literal comes as a name."""
    (tmp_path / "Ask.java").write_text(JAVA)
    server = peers.echo_server()
    java = tool("java")
    if b"jdk.compiler" not in output(java, "--list-modules"):
        pytest.skip("this Java has no compiler")
    assert output(java, str(tmp_path / "Ask.java"), str(proxy.port), host, str(server.port)) == b"by Java"


NODE = """
const { SocksClient } = require('socks');
const [port, host, to] = process.argv.slice(1);
SocksClient.createConnection({ command: 'connect', destination: { host, port: +to },
	proxy: { host: '127.0.0.1', port: +port, type: 5 } })
	.then(({ socket }) => { socket.on('data', d => { process.stdout.write(d); socket.end(); });
		socket.write('by Node'); socket.resume(); });
"""


@pytest.mark.parametrize("host", [NAME, "127.0.0.1"], ids=["name", "address"])
def test_node(proxy, tool, host):
    if not os.path.exists("/usr/share/nodejs/socks"):
        pytest.skip("node-socks is not installed")
    server = peers.echo_server()
    assert output(tool("node"), "-e", NODE, str(proxy.port), host, str(server.port),
                  env={**os.environ, "NODE_PATH": "/usr/share/nodejs"}) == b"by Node"


PYSOCKS = """
import socks, sys
sock = socks.socksocket()
sock.set_proxy(socks.SOCKS5, "127.0.0.1", int(sys.argv[1]))
sock.connect(("127.0.0.1", int(sys.argv[2])))
"""

# What each is to be told to try, by the proxy's port, the port it is to reach, and a place for a file.
ASKING = {
    "nc": lambda proxy, to, place: ["nc", "-X", "5", "-x", f"127.0.0.1:{proxy}", "127.0.0.1", to],
    "ncat": lambda proxy, to, place: ["ncat", "--proxy", f"127.0.0.1:{proxy}", "--proxy-type", "socks5", "127.0.0.1", to],
    "git": lambda proxy, to, place: ["git", "-c", f"http.proxy=socks5h://127.0.0.1:{proxy}", "ls-remote", f"http://127.0.0.1:{to}/"],
    "apt": lambda proxy, to, place: ["/usr/lib/apt/apt-helper", "-o", f"Acquire::http::Proxy=socks5h://127.0.0.1:{proxy}",
                                     "-o", "Acquire::Retries=0", "download-file", f"http://127.0.0.1:{to}/", str(place / "page")],
    "node": lambda proxy, to, place: ["node", "-e", NODE, proxy, "127.0.0.1", to],
    "java": lambda proxy, to, place: ["java", str(place / "Ask.java"), proxy, "127.0.0.1", to],
    "PySocks": lambda proxy, to, place: [sys.executable, "-c", PYSOCKS, proxy, to],
}
REFUSED, DENIED = r"[Cc]onnection ?[Rr]efused|\(5\)", r"[Nn]ot ?[Aa]llowed|\(2\)"


@pytest.mark.parametrize("client", ASKING)
def test_a_client_says_why(anklet, tool, tmp_path, client):
    one = anklet("--deny", "to *:9", "--allow", "from 127.0.0.1")
    (tmp_path / "Ask.java").write_text(JAVA)
    for port, why in ((peers.nobody(), REFUSED), (9, DENIED)):
        name, *words = ASKING[client](str(one.port), str(port), tmp_path)
        done = subprocess.run([tool(name), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120, text=True, env={**os.environ, "NODE_PATH": "/usr/share/nodejs", "LC_ALL": "C"})
        if "No module named" in done.stdout or "Cannot find module" in done.stdout:
            pytest.skip(f"{client} is not installed")
        assert done.returncode != 0 and re.search(why, done.stdout), done


def test_ssh_by_nc(proxy, tool, tmp_path):
    """As the readme says it; nc takes no reply but one with an address."""
    port, key = daemons.sshd(tool, tmp_path)
    by = f"{tool('nc')} -X 5 -x 127.0.0.1:{proxy.port} %h %p"
    assert output(*daemons.ssh(tool, port, key), "-o", f"ProxyCommand={by}", "127.0.0.1", "echo by ssh") == b"by ssh\n"
    proxy.wait_log(rf"connect 127\.0\.0\.1:{port}: granted")


TORRENT = """
import libtorrent, os, sys, time
port, user, kept, got = sys.argv[1:]
quiet = dict(enable_dht=False, enable_lsd=False, enable_upnp=False, enable_natpmp=False, enable_incoming_utp=False,
             enable_outgoing_utp=False, allow_multiple_connections_per_ip=True, listen_interfaces="127.0.0.1:0")
kind = libtorrent.proxy_type_t.socks5_pw if user else libtorrent.proxy_type_t.socks5
proxy = dict(proxy_type=int(kind), proxy_hostname="127.0.0.1", proxy_port=int(port), proxy_username=user,
             proxy_password=user, proxy_peer_connections=True, proxy_hostnames=True)
files = libtorrent.file_storage()
libtorrent.add_files(files, os.path.join(kept, "file"))
torrent = libtorrent.create_torrent(files)
libtorrent.set_piece_hashes(torrent, kept)
info = libtorrent.torrent_info(torrent.generate())
one, other = libtorrent.session(quiet), libtorrent.session({**quiet, **proxy})
one.add_torrent(dict(ti=info, save_path=kept))
taker = other.add_torrent(dict(ti=info, save_path=got))
while not one.listen_port():
	time.sleep(0.05)
taker.connect_peer(("127.0.0.1", one.listen_port()))
while not taker.status().is_seeding:
	time.sleep(0.05)
print(one.listen_port(), end="", flush=True)
os._exit(0)  # taking leave of everybody is no part of it
"""


@pytest.mark.parametrize("user", ["", "fred"], ids=["nobody", "user"])
def test_libtorrent(anklet, namespace, tmp_path, user):
    """Two sessions of qBittorrent's engine on a host of their own. UDP is refused to it, so it goes on with TCP."""
    pytest.importorskip("libtorrent", reason="python3-libtorrent is not installed")
    ns = namespace()
    one, (kept, got) = anklet(ns=ns), (tmp_path / "kept", tmp_path / "got")
    kept.mkdir()
    (kept / "file").write_bytes(os.urandom(300000))
    to = output(*ns.command(sys.executable, "-c", TORRENT, str(one.port), user, str(kept), str(got))).decode()
    assert (got / "file").read_bytes() == (kept / "file").read_bytes()
    one.wait_log(rf"connect 127\.0\.0\.1:{to}: granted")


TUNNEL = ["--dev", "tun", "--proto", "tcp4-{role}", "--port", "1194", "--tls-{role}", "--dh", "none", "--ca", "{ca}",
          "--cert", "{pair.cert}", "--key", "{pair.key}", "--ifconfig", "{mine}", "{other}", "--verb", "3"]


def openvpn(tool, certs, ns, role, pair, mine, other, *more):
    words = [word.format(role=role, ca=certs.ca, pair=pair, mine=mine, other=other) for word in TUNNEL]
    return daemons.Daemon([tool("openvpn"), *words, *more], ns)


def test_openvpn(anklet, namespace, tool, certs):
    """A tunnel by TCP between two hosts; it takes no reply but one with an address."""
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("there is no /dev/net/tun")
    near, far = namespace(), namespace()
    near.wire(far, ["192.0.2.1/24"], ["192.0.2.2/24"])
    one = anklet(ns=near)
    server = openvpn(tool, certs, far, "server", certs.server, "10.9.8.1", "10.9.8.2")
    client = openvpn(tool, certs, near, "client", certs.client, "10.9.8.2", "10.9.8.1", "--remote", "192.0.2.2", "1194",
                     "--socks-proxy", "127.0.0.1", str(one.port))
    for end in (server, client):
        end.wait_text("Initialization Sequence Completed")
    echo = peers.echo_server("10.9.8.1", ns=far)
    sock = peers.dial(echo.address, ns=near)
    sock.sendall(b"by OpenVPN")
    assert peers.read_exactly(sock, 10) == b"by OpenVPN"
    one.wait_log(r"connect 192\.0\.2\.2:1194: granted")


def test_torsocks(proxy, web, tool, tmp_path):
    """It offers a way to do without a password, and a command of Tor's for names, which is refused."""
    config = tmp_path / "torsocks.conf"
    config.write_text(f"TorAddress 127.0.0.1\nTorPort {proxy.port}\nAllowOutboundLocalhost 0\n")
    done = subprocess.run([tool("torsocks"), tool("curl"), "-sS", "--noproxy", "*", f"http://{NAME}:{web.port}/"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
                          env={**os.environ, "TORSOCKS_CONF_FILE": str(config)})
    assert done.returncode != 0
    proxy.wait_log("refused with 7, the command is neither CONNECT nor BIND")


# ---- Either ----

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
