"""Passwords of SOCKS5 (RFC 1929): whom they are asked of, what is told, and with clients that nobody here wrote."""
import hashlib
import os
import socket
import subprocess
import time

import pytest

import peers
import program
import socks4
import socks5

FILE = "# who may in\nfred:secret\nwilma:\n" + "u" * 255 + ":" + "p" * 255 + "\n"


@pytest.fixture
def users(tmp_path):
    if "there is no option --users" in program.run("-t", "--users", "x").stderr:
        pytest.skip("the program is built without passwords")
    path = tmp_path / "users"
    path.write_text(FILE)
    path.chmod(0o600)
    return path


@pytest.fixture
def start(anklet, users):
    """start(RULE...): a proxy with these 'allow' lines, where a password can be wanted."""

    def run(*rules, args=()):
        lines = [word for rule in rules for word in ("--allow", rule)]
        return anklet("--users", str(users), *lines, *args)

    return run


def password(name, word):
    name, word = name.encode(), word.encode()
    return bytes([1, len(name)]) + name + bytes([len(word)]) + word


def log_in(proxy, name, word, *methods):
    """The socket, and the status that the password got."""
    sock, method = socks5.open(proxy, *(methods or (0, 2)))
    assert method == socks5.PASSWORD
    sock.sendall(password(name, word))
    ver, status = peers.read_exactly(sock, 2)
    assert ver == 1
    return sock, status


# ---- Who is let in ----

@pytest.mark.parametrize("name, word", [("fred", "secret"), ("wilma", ""), ("u" * 255, "p" * 255)],
                         ids=["user", "empty", "longest"])
@pytest.mark.parametrize("methods", [(2,), (0, 2), (2, 0, 1)])
def test_right(start, name, word, methods):
    server = peers.listener()
    sock, status = log_in(start("password").address, name, word, *methods)
    assert status == 0
    sock.sendall(socks5.request(peers.port_of(server)) + b"early")
    assert socks5.read_reply(sock).rep == socks5.GRANTED
    assert peers.read_exactly(peers.accept(server), 5) == b"early"


def test_all_in_one_segment_and_byte_by_byte(start):
    proxy, server = start("password").address, peers.listener()
    whole = socks5.greeting(0, 2) + password("fred", "secret") + socks5.request(peers.port_of(server)) + b"early"
    for pieces in ([whole], [bytes([byte]) for byte in whole]):
        client = peers.dial(proxy)
        for piece in pieces:
            client.sendall(piece)
        assert peers.read_exactly(client, 14) == b"\5\2\1\0\5\0\0\1\0\0\0\0\0\0"
        assert peers.read_exactly(peers.accept(server), 5) == b"early"
        client.close()


@pytest.mark.parametrize("name, word", [("fred", "Secret"), ("fred", ""), ("fred", "secret\0"), ("barney", "secret"),
                                        ("", ""), ("wilma", "x")])
def test_wrong(start, name, word):
    one = start("password")
    begun = time.monotonic()
    sock, status = log_in(one.address, name, word)
    assert status == 1 and time.monotonic() - begun >= 1.9
    assert peers.read_all(sock) == b""
    one.wait_log("refused with 1, wrong name or password")
    assert "Secret" not in one.log


def test_a_password_of_another_version_gets_nothing(start):
    sock, _ = socks5.open(start("password").address, 2)
    sock.sendall(b"\5" + password("fred", "secret")[1:])
    assert peers.read_all(sock) == b""


def test_limit_user(start):
    """Two sessions of fred's, and one of wilma's."""
    proxy, server = start("password", args=("--limit-user", "2")).address, peers.listener()
    replies = []
    for name, word in [("fred", "secret")] * 3 + [("wilma", "")]:
        sock, _ = log_in(proxy, name, word)
        sock.sendall(socks5.request(peers.port_of(server)))
        replies.append(socks5.read_reply(sock).rep)
    assert replies == [socks5.GRANTED, socks5.GRANTED, socks5.DENIED, socks5.GRANTED]


def test_guessing_ends_after_five(start):
    """For a minute this address is not even asked; another one is."""
    proxy = start("password").address
    socks = []
    for _ in range(5):
        sock, method = socks5.open(proxy, 2)
        assert method == socks5.PASSWORD
        sock.sendall(password("fred", "guess"))
        socks.append(sock)
    for sock in socks:
        assert peers.read_all(sock) == b"\1\1"
    sock, method = socks5.open(proxy, 0, 2)
    assert method == socks5.UNACCEPTABLE and peers.read_all(sock) == b""
    sock, method = socks5.open(proxy, 2, source="127.0.0.9")
    assert method == socks5.PASSWORD


def test_guessing_side_by_side_ends_after_five(start):
    """Whoever was asked before the fifth: what he says after it is wrong, even if it is right."""
    proxy = start("password").address
    socks = [socks5.open(proxy, 2)[0] for _ in range(6)]
    for sock in socks[:5]:
        sock.sendall(password("fred", "guess"))
    for sock in socks[:5]:
        assert peers.read_all(sock) == b"\1\1"
    socks[5].sendall(password("fred", "secret"))
    assert peers.read_all(socks[5]) == b"\1\1"


@pytest.mark.usefixtures("with_tls")
def test_a_hash_in_the_file(start, users):
    digits = hashlib.sha256(b"NaCl" + b"secret").hexdigest()
    users.write_text(f"fred:sha256$NaCl${digits}\n")
    proxy = start("password").address
    assert log_in(proxy, "fred", "secret")[1] == 0
    assert log_in(proxy, "fred", f"sha256$NaCl${digits}")[1] == 1


# ---- Whom it is asked of ----

METHODS = [
    (["connect"], (0, 2), 0),
    (["password from 10.0.0.0/8", "from 127.0.0.0/8"], (2, 0), 0),
    (["password"], (2,), 2),
    (["password"], (0, 1, 2), 2),
    (["password"], (0,), 255),
    (["password to *:80", "to *:443"], (0, 2), 2),
    (["password to *:80", "to *:443"], (0,), 0),
    (["user fred"], (0, 2), 2),
    (["user barney"], (0, 2), 0),
    (["connect"], (2,), 2),
]


@pytest.mark.parametrize("rules, offered, chosen", METHODS)
def test_the_method_comes_of_the_rules(start, rules, offered, chosen):
    _, method = socks5.open(start(*rules).address, *offered)
    assert method == chosen


def test_a_name_that_socks4_claims_is_nobodys(start):
    proxy, server = start("user fred", "user barney").address, peers.listener()
    assert socks4.refused(proxy, peers.port_of(server), userid=b"fred") == socks4.REJECTED
    socks4.connect(proxy, peers.port_of(server), userid=b"barney")
    sock, status = log_in(proxy, "fred", "secret")
    assert status == 0
    sock.sendall(socks5.request(peers.port_of(server)))
    assert socks5.read_reply(sock).rep == socks5.GRANTED


def test_only_fred(start):
    proxy = start("password user fred").address
    sock, status = log_in(proxy, "wilma", "")
    assert status == 0
    sock.sendall(socks5.request(80))
    reply = socks5.read_reply(sock)
    assert socks5.is_refusal(sock, reply) and reply.rep == socks5.DENIED


# ---- The file ----

@pytest.mark.parametrize("text, mode, words", [
    (FILE, 0o604, "others can read it: take that from them (chmod o-r)"),
    ("fred\n", 0o600, "line 1: there is no ':': write NAME:PASSWORD"),
    ("fred:sha256$a$b\n", 0o600, "line 1: a hash "),
    ("fred:a\nfred:b\n", 0o600, "line 2: that user stands there twice: leave one line"),
])
def test_a_file_that_will_not_do(users, text, mode, words):
    users.write_text(text)
    users.chmod(mode)
    for args in (["-t"], ["--listen", "127.0.0.1:0"]):
        done = program.run(*args, "--users", str(users))
        assert done.returncode != 0 and f"users {users}: {words}" in done.stderr


# ---- 'anklet user NAME' ----

def user(*words, said="secret\n"):
    return subprocess.run([program.PATH, "user", *words], input=said, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=30)


@pytest.mark.parametrize("said", ["secret\n", "secret", "secret\nand more\n"])
def test_a_line_for_the_file(start, users, said):
    done = user("bam", said=said)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("bam:") and done.stdout.count("\n") == 1
    with open(users, "a") as file:
        file.write(done.stdout)
    proxy = start("password user bam").address
    assert log_in(proxy, "bam", "secret")[1] == 0


@pytest.mark.usefixtures("with_tls", "users")
def test_the_line_has_a_salt_and_not_the_password():
    lines = [user("bam").stdout for _ in range(2)]
    assert lines[0] != lines[1] and "secret" not in "".join(lines)


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("words, said, status, why", [
    ((), "", 2, "write 'anklet user NAME'"),
    (("a", "b"), "", 2, "write 'anklet user NAME'"),
    (("a:b",), "", 2, "a name has no ':'"),
    (("",), "", 2, "a name has 1 to"),
    (("#a",), "", 2, "a name has no ':'"),
    (("a",), "", 1, "there is no password in its input"),
    (("a",), "b\tc\n", 1, "a password has no control character"),
    (("a",), "p" * 300, 1, "the password is longer than"),
])
def test_no_line(words, said, status, why):
    done = user(*words, said=said)
    assert done.returncode == status and why in done.stderr and done.stdout == ""


@pytest.mark.usefixtures("users")
def test_a_terminal_does_not_show_it():
    main, terminal = os.openpty()
    with subprocess.Popen([program.PATH, "user", "bam"], stdin=terminal, stdout=subprocess.PIPE, stderr=terminal) as run:
        shown = b""
        while b"Password: " not in shown:
            shown += os.read(main, 100)
        os.write(main, b"secret\n")
        assert run.stdout.read().startswith(b"bam:")
    os.close(terminal)
    shown += os.read(main, 100)
    os.close(main)
    assert b"secret" not in shown


def test_no_file(users):
    done = program.run("-t", "--users", str(users) + "x")
    assert done.returncode != 0 and "no such file" in done.stderr
    done = program.run("-t", "--allow", "password")
    assert done.returncode != 0 and "rule 1: it wants a password, which nobody has" in done.stderr


def test_what_is_said_of_the_clear(users):
    said = "passwords come in the clear where a listener is plain tcp://"
    assert said in program.run("-t", "--listen", "tcp://*:1080", "--users", str(users)).stderr
    assert said not in program.run("-t", "--listen", "tcp://127.0.0.1:1080", "--users", str(users)).stderr


# ---- Clients ----

def output(*command, data=None, **more):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, **more)
    assert done.returncode == 0, f"{command}: {done.returncode} {done.stderr.decode()}"
    return done.stdout


@pytest.mark.parametrize("user", ["fred:secret", "wilma:", "u" * 255 + ":" + "p" * 255], ids=["user", "empty", "longest"])
def test_curl(start, web, tool, user):
    proxy = start("password")
    for scheme in ("socks5", "socks5h"):
        assert output(tool("curl"), "-sS", "--noproxy", "", "-x", f"{scheme}://127.0.0.1:{proxy.port}", "--proxy-user", user,
                      f"http://127.0.0.1:{web.port}/") == web.page


def test_the_example_in_the_log_is_one_that_works(start, web, tool):
    curl, *words = start("password").wait_log("try it: (.*) http://example.com/").group(1).split()
    assert "NAME" in words
    words[words.index("NAME")] = "fred:secret"
    assert output(tool(curl), "-sS", "--noproxy", "", *words, f"http://127.0.0.1:{web.port}/") == web.page


@pytest.mark.parametrize("user, said", [("fred:guess", b"rejected"), (None, b"No authentication method")])
def test_curl_is_told(start, tool, user, said):
    proxy = start("password")
    done = subprocess.run([tool("curl"), "-sS", "--noproxy", "", "-x", f"socks5h://127.0.0.1:{proxy.port}",
                           *(["--proxy-user", user] if user else []), "http://127.0.0.1:9/"],
                          stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 97 and said in done.stderr, done


def test_ncat(start, tool):
    server = peers.echo_server()
    assert output(tool("ncat"), "--proxy", f"127.0.0.1:{start('password').port}", "--proxy-type", "socks5",
                  "--proxy-auth", "fred:secret", "127.0.0.1", str(server.port), data=b"by ncat\n") == b"by ncat\n"


@pytest.mark.parametrize("word", ["secret", "guess"])
def test_pysocks(start, word):
    socks = pytest.importorskip("socks", reason="python3-socks is not installed")
    server = peers.echo_server()
    sock = peers.keep(socks.socksocket(socket.AF_INET))
    sock.set_proxy(socks.SOCKS5, "127.0.0.1", start("password").port, username="fred", password=word)
    if word == "guess":
        with pytest.raises(socks.GeneralProxyError, match="authentication failed"):
            sock.connect(("127.0.0.1", server.port))
        return
    sock.connect(("127.0.0.1", server.port))
    sock.sendall(b"by PySocks")
    assert peers.read_exactly(sock, 10) == b"by PySocks"


def test_proxychains(start, web, tool, tmp_path):
    config = tmp_path / "proxychains.conf"
    config.write_text(f"strict_chain\n[ProxyList]\nsocks5 127.0.0.1 {start('password').port} fred secret\n")
    assert output(tool("proxychains4"), "-q", "-f", str(config), tool("curl"), "-sS", "--noproxy", "*",
                  f"http://127.0.0.1:{web.port}/") == web.page


JAVA = """
import java.net.*;
public class Ask {
	public static void main(String[] a) throws Exception {
		Authenticator.setDefault(new Authenticator() {
			protected PasswordAuthentication getPasswordAuthentication() {
				return new PasswordAuthentication("fred", "secret".toCharArray());
			}
		});
		Socket s = new Socket(new Proxy(Proxy.Type.SOCKS, new InetSocketAddress("127.0.0.1", Integer.parseInt(a[0]))));
		s.connect(new InetSocketAddress("127.0.0.1", Integer.parseInt(a[1])));
		s.getOutputStream().write("by Java".getBytes());
		System.out.write(s.getInputStream().readNBytes(7));
		System.out.flush();
	}
}
"""


def test_java(start, tool, tmp_path):
    (tmp_path / "Ask.java").write_text(JAVA)
    server = peers.echo_server()
    java = tool("java")
    if b"jdk.compiler" not in output(java, "--list-modules"):
        pytest.skip("this Java has no compiler")
    assert output(java, str(tmp_path / "Ask.java"), str(start("password").port), str(server.port)) == b"by Java"


NODE = """
const { SocksClient } = require('socks');
const [port, to] = process.argv.slice(1);
SocksClient.createConnection({ command: 'connect', destination: { host: '127.0.0.1', port: +to },
	proxy: { host: '127.0.0.1', port: +port, type: 5, userId: 'fred', password: 'secret' } })
	.then(({ socket }) => { socket.on('data', d => { process.stdout.write(d); socket.end(); });
		socket.write('by Node'); socket.resume(); });
"""


def test_node(start, tool):
    if not os.path.exists("/usr/share/nodejs/socks"):
        pytest.skip("node-socks is not installed")
    server = peers.echo_server()
    assert output(tool("node"), "-e", NODE, str(start("password").port), str(server.port),
                  env={**os.environ, "NODE_PATH": "/usr/share/nodejs"}) == b"by Node"
