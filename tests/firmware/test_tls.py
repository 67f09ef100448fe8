"""TLS on boards: listeners, routes, what is refused, and what a handshake leaves to the others."""
import hashlib
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import peers
import socks4
import tls_client
import tls_peers
from board import TLS_BOARDS, files_blob, seed_blob, settings_blob
from certificates import Authority, openssl
from conftest import built
from test_tap import CLIENT, SERVER, connect, listener, session, shift
from tls_client import Client

NAME = "board.test"
PORT = 1443
HERE = "10.0.2.2"
TLS = f"listen tls://0.0.0.0:{PORT}?cert=cert&key=key\n"
PSK_KEY = "00112233445566778899aabbccddeeff"
SMALL = "lm3s6965evb-tls"
LONGEST_PAUSE_US = {SMALL: 340000, "mps2-an385": 420000}
GIVEN_UP = "this board does nothing until it is started with other settings"


@pytest.fixture(params=TLS_BOARDS)
def name(request):
    return built(request.param)


class Credentials:
    """Certificates of one authority, and the same as a board has them: DER, which is smaller."""

    def __init__(self, directory):
        self.authority = Authority(directory / "good", "Good CA")
        self.other = Authority(directory / "other", "Other CA")
        self.ca = self.authority.cert
        self.board = self.authority.issue(NAME, [f"DNS:{NAME}"])
        self.server = self.authority.issue("server.test", ["DNS:server.test", f"IP:{SERVER}"])
        self.stranger = self.other.issue("server.test", ["DNS:server.test", f"IP:{SERVER}"])
        self.client = self.authority.issue("client")
        self.other_client = self.other.issue("client")
        self.files = {"cert": der("x509", self.board.cert), "key": der("ec", self.board.key),
                      "ca": der("x509", self.ca), "psk": f"sensor:{PSK_KEY}\n".encode(),
                      "other-key": der("ec", self.other_client.key)}


def der(kind, path):
    path = os.fspath(path)
    openssl(kind, "-in", path, "-outform", "DER", "-out", path + ".der")
    with open(path + ".der", "rb") as file:
        return file.read()


@pytest.fixture(scope="session")
def credentials(tmp_path_factory):
    return Credentials(tmp_path_factory.mktemp("credentials"))


@pytest.fixture
def by_tls(user, credentials):
    """make(...): a board with QEMU's user networking, of which .address is the TLS listener's."""

    def make(config=TLS, files=None, **more):
        settings = settings_blob(b"mac 52:54:00:12:34:56\naddress dhcp\n", (config + "limit-client 0\nlog debug\n").encode())
        return user(guest_port=PORT, settings=settings, files=files_blob(files or credentials.files), **more)

    return make


@pytest.fixture
def both(tap, credentials):
    """make(...): a board on the TAP with a plain listener and one for TLS, at .tls."""

    def make(config=TLS, **more):
        board = tap(config, files=files_blob(credentials.files), **more)
        board.tls = (board.address[0], PORT)
        return board

    return make


def trusting(credentials, *more):
    return "-CAfile", credentials.ca, "-verify_hostname", NAME, "-verify_return_error", "-max_send_frag", "4096", *more


def encrypted(board, credentials, *more):
    return Client(board.tls, *trusting(credentials), *more, ns=board.ns, source=CLIENT)


def passes(client, host, ns=None):
    """Is a session granted to an encrypted client, and does it pass bytes on, both ways?"""
    server = peers.listener(SERVER if ns else "127.0.0.1", ns=ns)
    tls_client.connect(client, peers.port_of(server), host)
    end = peers.accept(server)
    client.sendall(b"ping")
    assert peers.read_exactly(end, 4) == b"ping"
    end.sendall(b"pong")
    assert peers.read_exactly(client, 4) == b"pong"
    return end


# ---- Listeners ----

def test_tls_1_3(by_tls, credentials):
    passes(Client(by_tls().address, *trusting(credentials), "-tls1_3"), HERE)


def test_tls_1_2(by_tls, credentials, name):
    client = Client(by_tls().address, *trusting(credentials), "-tls1_2")
    if name == SMALL:
        assert "alert protocol version" in client.failure()
    else:
        passes(client, HERE)


def test_a_psk(by_tls, credentials):
    board = by_tls(f"listen tls://0.0.0.0:{PORT}?psk=psk\n")
    options = ("-tls1_3", "-psk_identity", "sensor", "-psk")
    passes(Client(board.address, *options, PSK_KEY), HERE)
    assert "alert" in Client(board.address, *options, "ff" * 16).failure()
    passes(Client(board.address, *options, PSK_KEY), HERE)


def test_clients_with_certificates(by_tls, credentials):
    board = by_tls(TLS.replace("key=key", "key=key&ca=ca"))
    known, stranger = credentials.client, credentials.other_client
    first = Client(board.address, *trusting(credentials), "-cert", known.cert, "-key", known.key)
    passes(first, HERE).close()
    first.end()  # the small board has memory for one of them at a time
    board.wait_log("closed, both sides ended")
    for wrong in (("-cert", stranger.cert, "-key", stranger.key), ()):
        assert Client(board.address, *trusting(credentials), *wrong).failure()
    board.wait_log("the client's certificate is not accepted: not issued by a trusted authority")
    board.wait_log("the client's certificate is not accepted: none was shown")


def test_who_does_not_speak_tls_is_refused(by_tls, credentials):
    board = by_tls()
    for data in (socks4.request(80, HERE), b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 600):
        sock = peers.dial(board.address)
        sock.sendall(data)
        sock.settimeout(tls_client.LIMIT)
        assert b"\0\x5a" not in peers.read_all(sock)
    passes(Client(board.address, *trusting(credentials)), HERE)


def test_records_of_16_kib(by_tls, credentials, name):
    """The MPS2 board takes whatever peers send; the small one has room for 4 KiB, and says so with an alert."""
    board = by_tls()
    server = peers.listener()
    options = trusting(credentials)[:-2]  # without -max_send_frag
    client = tls_client.connect(Client(board.address, *options), peers.port_of(server), HERE)
    end, data = peers.accept(server), os.urandom(15000)
    client.sendall(data)
    if name == SMALL:
        board.wait_log("TLS with the client failed")
    else:
        assert peers.read_exactly(end, len(data)) == data


# ---- What must be there at the start ----

def refuses_to_start(start, settings, files, why, **more):
    """The console says why, and nobody is served: not even where no TLS was asked for."""
    board = start("user", settings=settings, files=files, **more)
    board.wait_log(f"cannot start: .*tls://0.0.0.0:{PORT}.*{why}")
    board.wait_log(GIVEN_UP)


def plain_and_tls(config=TLS):
    text = "listen 0.0.0.0:1080\n" + config
    return settings_blob(b"mac 52:54:00:12:34:56\naddress dhcp\n", text.encode())


@pytest.mark.parametrize("seed", [None, seed_blob(bytes(32)), b"SEED" + bytes(range(1, 33)) + bytes(4)],
                         ids=["missing", "zeros", "damaged"])
def test_no_seed_no_tls(start, credentials, seed):
    refuses_to_start(start, plain_and_tls(), files_blob(credentials.files), "random numbers", seed=seed)


@pytest.mark.parametrize("wrong, why", [("other", "no such file"), ("psk", "certificate")])
def test_a_missing_or_a_wrong_certificate(start, credentials, wrong, why):
    config = TLS.replace("cert=cert", f"cert={wrong}")
    refuses_to_start(start, plain_and_tls(config), files_blob(credentials.files), f" {wrong}: .*{why}")


def test_a_key_of_another_certificate(start, credentials):
    config = TLS.replace("key=key", "key=other-key")
    refuses_to_start(start, plain_and_tls(config), files_blob(credentials.files), "does not belong")


def test_damaged_files(start, credentials):
    blob = bytearray(files_blob(credentials.files))
    blob[100] ^= 1
    refuses_to_start(start, plain_and_tls(), bytes(blob), "cert: the file cannot be read")


def test_files_of_no_board(start, credentials):
    refuses_to_start(start, plain_and_tls(), None, "cert: no such file")


# ---- Beside others ----

def both_ways(client, end, size):
    """Sends size bytes each way at once: do they arrive?"""
    up, down = os.urandom(size), os.urandom(size)
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(client.sendall, up), pool.submit(end.sendall, down)]
        came = [pool.submit(peers.read_exactly, end, size), pool.submit(peers.read_exactly, client, size)]
        for job in sent:
            job.result(60)
        hashes = [hashlib.sha256(job.result(60)).digest() for job in came]
    return hashes == [hashlib.sha256(data).digest() for data in (up, down)]


def test_two_encrypted_clients_beside_four_plain_ones(both, credentials):
    board = both()
    plain = [session(board) for _ in range(4)]
    tls = [encrypted(board, credentials) for _ in range(2)]
    pairs = plain + [(client, passes(client, SERVER, board.ns)) for client in tls]
    for _, end in pairs:
        end.settimeout(60)
    for client, _ in plain:
        client.settimeout(60)
    with ThreadPoolExecutor(len(pairs)) as pool:
        assert all(pool.map(lambda ends: both_ways(*ends, 100000), pairs))


@pytest.mark.parametrize("name", [SMALL], indirect=True)
def test_a_third_encrypted_client_waits(both, credentials):
    board = both()
    first, second = (encrypted(board, credentials) for _ in range(2))
    end = passes(first, SERVER, board.ns)
    passes(second, SERVER, board.ns)
    server = listener(board)
    third = encrypted(board, credentials)
    third.sendall(socks4.request(peers.port_of(server), SERVER))
    assert third.silent_for(2)
    session(board)  # who comes without TLS is served all the same
    first.end()
    end.close()
    assert socks4.read_reply(third).cd == socks4.GRANTED


def stalled(board):
    """Clients that begin no handshake, or half of one; the small board has but two places."""
    silent = [peers.dial(board.tls, CLIENT, ns=board.ns) for _ in range(1 if board.name == SMALL else 2)]
    for half in silent[1:]:
        half.sendall(b"\x16\x03\x01\x02\x00\x01")
    return silent


def test_who_stalls_keeps_only_a_place_of_its_own(both, credentials):
    board = both(TLS + "limit-handshake 10m\n")
    others = stalled(board)
    round_trip(*session(board))
    passes(encrypted(board, credentials), SERVER, board.ns)
    assert all(peers.silent_for(sock, 0) for sock in others), "they are still there"


def test_who_stalls_is_ended_at_the_limit(both, credentials):
    board, begun = both(TLS + "limit-handshake 2s\n"), time.monotonic()
    for sock in stalled(board):
        assert peers.end_of(sock) in ("EOF", "RESET")
    assert time.monotonic() - begun > 1.9  # by this clock: the board's is another
    board.wait_log("limit-handshake")


def round_trip(client, end):
    client.sendall(b"x")
    end.sendall(peers.read_exactly(end, 1))
    assert peers.read_exactly(client, 1) == b"x"


def test_plain_traffic_goes_on_during_a_handshake(both, credentials):
    """Before each piece of what a client sends for a handshake, bytes of a plain one go there and back."""
    board = both(TLS + "limit-handshake 10m\n")
    client, end = session(board)
    tls = tls_peers.Tls(peers.dial(board.tls, CLIENT, ns=board.ns), tls_peers.client_context(credentials.ca),
                        name=NAME, handshake=False)
    tls.sock.settimeout(tls_client.LIMIT)
    at_once, trips = tls.flush, []

    def drip():
        data = tls.outgoing.read()
        places = range(0, len(data), 16)
        for at in places:
            round_trip(client, end)
            tls.sock.sendall(data[at:at + 16])
        trips.append(len(places))

    tls.flush = drip
    tls.handshake()
    tls.flush = at_once
    flights = list(filter(None, trips))
    assert len(flights) >= 2 and min(flights) > 1, "the last trip was made when half of the last message was there"
    passes(tls, SERVER, board.ns)


def test_the_longest_pause_is_one_step_of_a_handshake(by_tls, credentials, name):
    """With -icount an instruction takes 16 ns, whatever the host does: all steps at once would be more than that."""
    board = by_tls(more=("-icount", "shift=4"))
    passes(Client(board.address, *trusting(credentials), "-tls1_3"), HERE)
    board.wait_log(r"figures: .* us$")
    pauses = [int(us) for us in re.findall(r"pause (\d+) us", board.log)]
    assert 100000 < max(pauses) < LONGEST_PAUSE_US[name]


# ---- Routes: only where there is room for them ----

@pytest.fixture
def s_server(network):
    """make(pair, *options): openssl s_server at SERVER, which answers like a web server; its port."""
    started = []

    def make(credentials, *options):
        port = peers.port_of(peers.listener(SERVER, ns=network))
        peers.opened.pop().close()
        started.append(subprocess.Popen(network.command(
            "openssl", "s_server", "-accept", f"{SERVER}:{port}", "-cert", credentials.cert, "-key",
            credentials.key, "-www", "-quiet", *options), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        assert peers.until(lambda: answers(network, port))
        return port

    yield make
    for process in started:
        process.kill()
        process.wait(10)


def answers(network, port):
    try:
        peers.dial((SERVER, port), ns=network).close()
        return True
    except ConnectionRefusedError:
        return False


def curl(board, url, *options):
    command = board.ns.command("curl", "--silent", "--show-error", "--max-time", "60", "--interface", CLIENT,
                               *options, "--socks4a", f"{board.address[0]}:{board.address[1]}", url)
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90, text=True)


@pytest.mark.parametrize("name", ["mps2-an385"], indirect=True)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_route_adds_tls(both, credentials, s_server, version):
    port = s_server(credentials.server, version)
    board = both(f"ca ca\nroute to {SERVER}:{port} tls\n")
    for _ in range(3):
        answer = curl(board, f"http://{SERVER}:{port}/")
        assert answer.returncode == 0 and "s_server" in answer.stdout, answer.stdout
    assert "resumed" in board.log


@pytest.mark.parametrize("name", ["mps2-an385"], indirect=True)
def test_a_route_to_who_is_not_trusted(both, credentials, s_server):
    port = s_server(credentials.stranger)
    board = both(f"ca ca\nroute to {SERVER}:{port} tls\n")
    assert socks4.refused(board.address, port, SERVER, source=CLIENT, ns=board.ns) == socks4.REJECTED
    board.wait_log("certificate is not accepted")
    connect(board, listener(board))
