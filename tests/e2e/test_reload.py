"""HUP: the configuration is read again while sessions go on."""
import hashlib
import os
import pathlib
import random
import re
import signal
import subprocess
import threading

import pytest

import peers
import program
import socks4
import socks5
import tls_peers
from dns_server import Name

HERE = "listen 127.0.0.1:0\n"  # any free port, and the same one as long as such a line is there


@pytest.fixture
def server():
    return peers.listener()


@pytest.fixture
def conf(tmp_path):
    """The file that -c names."""
    return tmp_path / "anklet.conf"


@pytest.fixture
def start(anklet, conf):
    """start(text, *args): with that file."""

    def run(text, *args, **more):
        conf.write_text(text)
        return anklet("-c", str(conf), *args, **more)

    return run


def reload(proxy, path, text, number):
    """Writes the file and sends HUP; waits until it is in force, as the configuration of that number."""
    path.write_text(text)
    proxy.signal(signal.SIGHUP)
    proxy.wait_log(rf"configuration {number} is in force", 60)


def fails(proxy, path, text, pattern, count=1):
    """The same for one that is not taken: what was in force stays so."""
    path.write_text(text)
    proxy.signal(signal.SIGHUP)
    assert peers.until(lambda: proxy.log.count("the configuration stays as it was") >= count, 60)
    assert len(re.findall(pattern, proxy.log)) == count


def listening(pid):
    """{(address, port): inode} of what the process listens at."""
    own = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            own.add(os.readlink(fd))
        except FileNotFoundError:
            pass
    found = {}
    for table in ("tcp", "tcp6"):
        for row in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            field = row.split()
            if field[3] == "0A" and f"socket:[{field[9]}]" in own:
                at, port = field[1].split(":")
                found[at, int(port, 16)] = field[9]
    return found


# ---- What is taken, and what is not ----

def test_rules_are_for_new_requests(start, conf, server):
    one = start(HERE + "allow\n")
    client, end = socks4.session(one.address, peers.listener())
    reload(one, conf, HERE + "deny\n", 2)
    assert socks4.refused(one.address, peers.port_of(server)) == socks4.REJECTED
    client.sendall(b"goes on")
    assert peers.read_exactly(end, 7) == b"goes on"
    reload(one, conf, HERE + "allow\n", 3)
    socks4.session(one.address, server)


def test_who_has_asked_for_nothing_yet_goes_by_the_new_one(start, conf, server):
    one = start(HERE + "deny\n")
    waiting = peers.dial(one.address)
    assert socks4.refused(one.address, peers.port_of(server)) == socks4.REJECTED  # it has been accepted, too
    reload(one, conf, HERE + "allow\n", 2)
    waiting.sendall(socks4.request(peers.port_of(server)))
    assert socks4.read_reply(waiting).cd == socks4.GRANTED


@pytest.mark.parametrize("text, says", [
    (HERE + "frog\n", "unknown keyword 'frog'"),
    (HERE + "user nobody\n", "user: it cannot be changed while the program runs"),
    (HERE + "listen nowhere.example.test:0\n", "looked up at the start alone"),
    ("listen tls://127.0.0.1:0?cert=none.pem\n", "none.pem: no such file"),
    (HERE + "users none\n", "none: no such file"),
    ("listen 127.0.0.1:0\nlisten 203.0.113.1:0\nfrog", "unknown keyword"),
], ids=["line", "user", "name", "certificate", "users", "last"])
def test_a_bad_one_changes_nothing(start, conf, server, text, says):
    if "tls://" in text:
        if "is disabled" in program.run("-t", "--route", "to * tls verify=none").stderr:
            pytest.skip("the program is built without TLS")
    one = start(HERE + "allow\n")
    before = listening(one.pid)
    for count in (1, 2):
        fails(one, conf, text, says, count)
        assert listening(one.pid) == before
        socks4.session(one.address, server)
    reload(one, conf, HERE + "allow\n", 2)
    assert listening(one.pid) == before


def test_a_file_that_is_gone(start, conf, server):
    one = start(HERE + "allow\n")
    conf.unlink()
    one.signal(signal.SIGHUP)
    one.wait_log("anklet.conf: No such file")
    socks4.session(one.address, server)


@pytest.mark.parametrize("written", [False, True], ids=["for-ever", "once"])
def test_a_pipe_is_not_read_again(anklet, conf, server, written):
    """What wrote the configuration has ended: to wait for it would stop everybody, and to find nothing open all."""
    if written:
        there, end = os.pipe()
        os.write(end, (HERE + "deny to 127.0.0.9\nallow\n").encode())
        os.close(end)
        one = anklet("-c", f"/dev/fd/{there}", pass_fds=(there,))
        os.close(there)
    else:
        conf.write_text(HERE + "deny to 127.0.0.9\nallow\n")
        one = anklet("-c", str(conf))
        conf.unlink()
        os.mkfifo(conf)
    client, end = socks4.session(one.address, server)
    one.signal(signal.SIGHUP)
    one.wait_log(": a pipe cannot be read again")
    one.wait_log("the configuration stays as it was")
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"
    assert socks4.refused(one.address, peers.port_of(server), "127.0.0.9") == socks4.REJECTED


def test_a_place_that_somebody_has(start, conf, server):
    """It is told, and '*' that was opened before it is closed again, and what had made way for that opened again."""
    port, taken = peers.reserve("::"), peers.port_of(peers.listener())
    one = start(f"listen 127.0.0.1:{port}\n")
    fails(one, conf, f"listen *:{port}\nlisten 127.0.0.1:{taken}\n", f"cannot listen on tcp://127.0.0.1:{taken}")
    assert set(listening(one.pid)) == {("0100007F", port)}
    socks4.session(one.address, server)


def test_options_are_read_again_in_their_order(start, conf, server):
    one = start(HERE + "deny to 127.0.0.1/32\n", "--allow", "to 127.0.0.1")
    assert socks4.refused(one.address, peers.port_of(server)) == socks4.REJECTED
    reload(one, conf, HERE, 2)
    socks4.session(one.address, server)
    reload(one, conf, HERE + "deny\n", 3)
    assert socks4.refused(one.address, peers.port_of(server)) == socks4.REJECTED


def test_without_a_file(anklet, server):
    one = anklet()
    before = listening(one.pid)
    one.signal(signal.SIGHUP)
    one.wait_log("configuration 2 is in force")
    assert listening(one.pid) == before
    socks4.session(one.address, server)


def test_a_hundred_at_once(start, conf, server):
    one = start(HERE + "allow\n")
    before = listening(one.pid)
    for _ in range(100):
        one.signal(signal.SIGHUP)
    one.wait_log("configuration 2 is in force")
    socks4.session(one.address, server)
    reload(one, conf, HERE + "deny\n", len(re.findall("is in force", one.log)) + 1)
    assert listening(one.pid) == before


# ---- Listeners ----

def test_listeners_stay_come_and_go(start, conf):
    one = start(HERE)
    before = listening(one.pid)
    reload(one, conf, HERE + HERE, 2)
    both = listening(one.pid)
    assert len(both) == 2 and before.items() <= both.items()
    (new,) = set(both) - set(before)
    one.wait_log(rf"opened tcp://127.0.0.1:{new[1]}\n")
    assert socks4.serves(("127.0.0.1", new[1]))
    reload(one, conf, f"listen 127.0.0.1:{new[1]}\n", 3)
    assert listening(one.pid) == {new: both[new]}
    assert peers.closed(one.address)
    assert socks4.serves(("127.0.0.1", new[1]))
    assert re.findall("(opened|closed) (tcp.*)", one.log) == [("opened", f"tcp://127.0.0.1:{new[1]}"),
                                                            ("closed", f"tcp://127.0.0.1:{one.port}")]


def test_forwards_of_datagrams_are_opened_and_closed(start, conf):
    one = start(HERE)
    reload(one, conf, HERE + "forward udp://127.0.0.1:0 udp://127.0.0.1:9\n", 2)
    reload(one, conf, HERE, 3)
    opened, closed = re.findall(r"(?:opened|closed) (udp://127.0.0.1:\d+)", one.log)
    assert opened == closed


def test_one_that_waits_says_so_once(start, conf, dns):
    dns.zone["never.example"] = Name(silent=True)
    one = start(HERE + "log debug\n", *dns.option)
    asking = socks4.send(one.address, 80, name="never.example")
    one.wait_log("state resolve")
    reload(one, conf, HERE + "log debug\n", 2)
    for _ in range(3):
        one.signal(signal.SIGHUP)
        assert socks4.serves(one.address)
    one.wait_log("the configuration is read again after 1 request that goes by the one before")
    asking.close()
    one.wait_log("configuration 3 is in force")
    assert one.log.count("is read again after") == 1


def test_everywhere_and_one_address(start, conf):
    one = start(f"listen 127.0.0.1:{peers.reserve('::')}\n")
    everywhere = {("00000000", one.port)}
    reload(one, conf, f"listen *:{one.port}\n", 2)
    assert everywhere <= set(listening(one.pid))
    assert socks4.serves(one.address)
    reload(one, conf, f"listen 127.0.0.1:{one.port}\n", 3)
    assert set(listening(one.pid)) == {("0100007F", one.port)}
    assert socks4.serves(one.address)


# ---- Files ----

def test_a_renewed_certificate(with_tls, start, conf, certs, tmp_path):
    """New clients see it, and who is there already is not disturbed."""
    server = peers.echo_server()
    files = {"cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}

    def renew(pair):
        files["cert"].write_bytes(pathlib.Path(pair.cert).read_bytes())
        files["key"].write_bytes(pathlib.Path(pair.key).read_bytes())

    def serial():
        return tls.ssl.getpeercert()["serialNumber"]

    renew(certs.server)
    text = f"listen tls://127.0.0.1:0?cert={files['cert']}&key={files['key']}\nallow\n"
    one = start(text)
    before = listening(one.pid)
    context = tls_peers.client_context(certs.ca)
    first = tls = tls_peers.connect(one.address, context, server.port)
    old = serial()
    reload(one, conf, text, 2)
    tls = tls_peers.connect(one.address, context, server.port)
    assert serial() == old
    renew(certs.rsa_server)
    for number in (3, 4):
        reload(one, conf, text, number)
        tls = tls_peers.connect(one.address, context, server.port)
        assert serial() != old
    first.sendall(b"still here")
    assert peers.read_exactly(first, 10) == b"still here"
    assert listening(one.pid) == before
    files["key"].write_bytes(pathlib.Path(certs.server.key).read_bytes())
    fails(one, conf, text, "the key does not belong to the certificate")
    tls_peers.connect(one.address, context, server.port)


def test_the_file_of_users(start, conf, server, tmp_path):
    users = tmp_path / "users"
    users.write_text("fred:first\n")
    users.chmod(0o600)
    text = HERE + f"users {users}\nallow password\n"
    one = start(text)

    def proven(password):
        sock, method = socks5.open(one.address, 2)
        assert method == 2
        sock.sendall(b"\x01\x04fred" + bytes([len(password)]) + password)
        return peers.read_exactly(sock, 2) == b"\x01\x00"

    assert proven(b"first")
    users.write_text("fred:second\n")
    reload(one, conf, text, 2)
    assert proven(b"second") and not proven(b"first")
    users.write_text("fred\n")
    fails(one, conf, text, "there is no ':'")
    assert proven(b"second")


# ---- What acts at once ----

def test_limits_and_log(start, conf, server):
    one = start(HERE + "limit-idle 0\nallow\n")
    client, end = socks4.session(one.address, peers.listener())
    reload(one, conf, HERE + "limit-idle 1s\nlimit-client 1\nlog debug\nallow\n", 2)
    assert peers.read_all(client) == b"" and peers.read_all(end) == b""
    one.wait_log("idle for limit-idle")
    kept = socks4.session(one.address, peers.listener())
    one.wait_log("state GREETING|state greeting")
    assert peers.end_of_visit(one.address)
    one.wait_log("this client has all of its 1 sessions")
    assert kept


# ---- Under load ----

def test_a_thousand_lose_nothing(start, conf, server):
    """While a transfer goes on, and others come and go; every second one has another listener, some are bad."""
    texts = [HERE + few + "allow\n" for few in ("limit-log 1\n", "limit-log 2\n" + HERE, "limit-log 1\nfrog\n")]
    one = start(texts[0])
    port = one.address
    block = random.Random(1).randbytes(65536)
    client, end = socks4.session(port, peers.listener())
    sent, got, failures, over = hashlib.sha256(), hashlib.sha256(), [], threading.Event()

    def send():
        while not over.is_set():
            end.sendall(block)
            sent.update(block)
            over.wait(0.01)
        end.close()

    def receive():
        while True:
            data = client.recv(65536)
            if not data:
                return
            got.update(data)

    def visit():
        own = peers.listener()
        while not over.is_set() and not failures:
            try:
                visitor, server_end = socks4.session(port, own)
                visitor.sendall(b"x")
                assert peers.read_exactly(server_end, 1) == b"x"
                visitor.close()
                server_end.close()
            except (AssertionError, OSError, EOFError) as failure:
                failures.append(f"{failure!r}\n{one.log[-2000:]}")

    workers = [threading.Thread(target=work, daemon=True) for work in (send, receive, visit, visit)]
    for worker in workers:
        worker.start()
    good = 1
    for i in range(1, 1001):
        if i % 50 == 0:
            fails(one, conf, texts[2], "unknown keyword", i // 50)
        good += 1
        reload(one, conf, texts[i % 2], good)
        assert not failures, failures
    over.set()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
    assert not failures, failures
    assert got.hexdigest() == sent.hexdigest()
    assert len(listening(one.pid)) == 1


def test_nothing_is_allocated(start, conf, server):
    path = os.environ.get("ANKLET_NO_MALLOC")
    if not path:
        pytest.skip("ANKLET_NO_MALLOC names no variant of the program that watches its allocations")
    one = start(HERE + "allow\n", program=path)
    reload(one, conf, HERE + HERE + "deny to 203.0.113.1\nallow\n", 2)
    fails(one, conf, HERE + "frog\n", "unknown keyword")
    socks4.session(one.address, server)


# ---- With another user ----

def test_check_as_root_warns_of_files_that_the_user_cannot_read(conf, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root becomes another user")
    conf.write_text("user nobody\n")
    conf.chmod(0o600)
    done = program.run("-t", "-c", str(conf))
    assert done.returncode == 0 and "user nobody" in done.stdout
    assert re.search(r"warning: .*user nobody cannot .*anklet.conf: Permission denied", done.stderr), done.stderr


def test_on_a_terminal(conf, tool, server):
    """HUP reloads there, too."""
    conf.write_text(HERE)
    done = subprocess.run([tool("script"), "-qec", f"timeout -s TERM --foreground 60 sh -c '{program.PATH} -c {conf} & sleep 3; kill -HUP $!;"
                           " sleep 3; kill -TERM $!; wait $!; echo status $?'", "/dev/null"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=90)
    assert b"configuration 2 is in force" in done.stdout and b"status 0" in done.stdout, done.stdout
