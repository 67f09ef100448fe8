"""What needs no privileges: the image starts, serves, and takes its settings and its seed, or refuses them.

QEMU's user networking ends connections in its own ways: how anklet ends them is test_tap.py's.
"""
import hashlib
import os
import struct

import peers
import pytest
import socks4
from board import BOARDS, Debugger, seed_blob, settings_blob

HERE = "10.0.2.2"  # this host, as a board sees it
NO_SEED = "warning: the board has no seed"
WITH_READER = pytest.mark.parametrize("name", BOARDS, indirect=True)
NETWORK = "mac 52:54:00:12:34:56\naddress dhcp\n"


def settings(network=NETWORK, config="listen 0.0.0.0:1080\nlog debug\n"):
    return settings_blob(network.encode(), config.encode())


def serves(board):
    server = peers.listener()
    client = socks4.connect(board.address, peers.port_of(server), HERE)
    end = peers.accept(server)
    client.sendall(b"ping")
    assert peers.read_exactly(end, 4) == b"ping"
    end.sendall(b"pong")
    assert peers.read_exactly(client, 4) == b"pong"


def test_connect_and_4a(user):
    board = user()
    serves(board)
    server = peers.echo_server()
    client = socks4.connect(board.address, server.port, name=HERE, early=b"early")
    assert peers.read_exactly(client, 5) == b"early"


def test_refusals(user):
    board = user()
    assert socks4.refused(board.address, 0, HERE) == socks4.REJECTED
    assert socks4.refused(board.address, 80, "127.0.0.1") == socks4.REJECTED, "the board's own loopback"
    assert socks4.refused(board.address, 1080, "10.0.2.15") == socks4.REJECTED, "the board itself"


def test_a_megabyte_comes_back(user):
    board, server = user(), peers.echo_server()
    client, data = socks4.connect(board.address, server.port, HERE), os.urandom(1 << 20)
    digest, sent, read = hashlib.sha256(), 0, 0
    while read < len(data):
        if sent - read < 32768 and sent < len(data):
            client.sendall(data[sent:sent + 8192])
            sent += len(data[sent:sent + 8192])
            continue
        piece = client.recv(8192)
        assert piece
        digest.update(piece)
        read += len(piece)
    assert digest.digest() == hashlib.sha256(data).digest()


@WITH_READER
def test_the_echo_image_echoes(user):
    board = user(image="echo.elf", guest_port=7)
    client = peers.dial(board.address)
    client.sendall(b"x" * 5000)
    assert peers.read_exactly(client, 5000) == b"x" * 5000


# ---- Settings ----

@WITH_READER
def test_settings_in_the_flash_are_taken(user):
    board = user(settings=settings(config="listen 0.0.0.0:1080\ndeny to 10.0.2.2:7\nallow\nlog debug\n"))
    board.wait_log("settings from flash")
    assert socks4.refused(board.address, 7, HERE) == socks4.REJECTED
    serves(board)


def refused_settings(user, blob, why):
    board = user(settings=blob)
    board.wait_log("built-in settings")
    board.wait_log(f"warning: the settings in the flash are not used: {why}")
    serves(board)
    return board


@WITH_READER
def test_damaged_settings_are_refused(user):
    blob = bytearray(settings())
    blob[-3] ^= 1
    refused_settings(user, bytes(blob), "their checksum is wrong")


@WITH_READER
def test_settings_with_a_damaged_length_are_refused(user):
    blob = bytearray(settings())
    blob[8:16] = struct.pack("<II", 0xFFFFFFF0, 64)
    refused_settings(user, bytes(blob), "they are longer than there is room")


@WITH_READER
def test_something_else_is_refused(user):
    refused_settings(user, os.urandom(4096).replace(b"ANKL", b"ankl"), "they do not begin with ANKL")


@WITH_READER
def test_settings_with_a_mistake_are_refused_as_a_whole(user):
    blob = settings(config="listen 0.0.0.0:1080\ndeny to 10.0.2.2\nalow\n")
    board = refused_settings(user, blob, "they have a mistake")
    board.wait_log(r"anklet\.conf:3:1: unknown keyword 'alow'")


@pytest.mark.parametrize("name", ["lm3s6965evb"], indirect=True)
def test_ipv6_where_lwip_has_none_is_a_mistake_and_no_address(user):
    board = refused_settings(user, settings(config="listen 0.0.0.0:1080\nlisten [::1]:81\n"), "they have a mistake")
    board.wait_log(r"anklet\.conf:2:8: '\[::1\]:81' is disabled: this program is built without CONFIG_ANKLET_IPV6")
    for name in ("::1", "[::1]", "::ffff:127.0.0.1", "2001:db8::1", "fe80::1%1"):
        assert socks4.refused(board.address, 80, name=name) == socks4.REJECTED
        board.wait_log("refused with 91, the name could be taken for an address")


@WITH_READER
def test_network_settings_with_a_mistake_are_refused(user):
    for wrong in ("address 10.0.2.15/33", "address 10.0.2.15", "mac 01:00:00:00:00:00", "gateway ::1",
                  "address dhcp dhcp", "speed 100"):
        blob = settings(network=f"# one\nmac 52:54:00:12:34:56\n{wrong}\n")
        board = refused_settings(user, blob, "they have a mistake")
        board.wait_log(r"network\.conf:3: ")


@WITH_READER
def test_a_static_address(user):
    board = user(settings=settings(network="mac 52:54:00:12:34:56\naddress 10.0.2.15/24\ngateway 10.0.2.2\n"))
    board.wait_log("settings from flash")
    serves(board)


# ---- The seed ----

def test_a_seed_is_taken_and_replaced(user):
    assert NO_SEED not in user().log


def test_no_seed_is_said(user):
    user(seed=None).wait_log(NO_SEED)


def test_a_seed_of_zeros_is_none(user):
    user(seed=seed_blob(bytes(32))).wait_log(NO_SEED)


def test_a_damaged_seed_is_none(user):
    blob = bytearray(seed_blob(bytes(range(32))))
    blob[7] ^= 1
    user(seed=bytes(blob)).wait_log(NO_SEED)


# ---- Faults ----

def with_debugger(user, tmp_path):
    path = tmp_path / "debugger"
    board = user(more=("-chardev", f"socket,path={path},server=on,wait=off,id=debugger",
                       "-gdb", "chardev:debugger"))
    board.expected_fault = True
    return board, Debugger(path)


def ended(board):
    return peers.until(lambda: board.process.poll() is not None, 60)


def test_a_fault_prints_the_registers_and_restarts(user, tmp_path):
    board, debugger = with_debugger(user, tmp_path)
    debugger.jump(0xF0000000)
    assert ended(board), "it did not restart"
    assert "fault exception 00000003" in board.log
    assert board.wait_log(r"pc ([0-9a-f]{8}) psr").group(1) == "f0000000"


def test_a_hang_ends_by_the_watchdog(user, tmp_path):
    board, debugger = with_debugger(user, tmp_path)
    loop = board.symbols["linked_noinit"] + 48
    debugger.write(loop, b"\x62\xb6\xfe\xe7")  # cpsie i; then a jump to itself
    debugger.jump(loop)
    assert ended(board), "it hangs"
    assert "fault: the watchdog was not fed" in board.log
    assert board.wait_log(r"pc ([0-9a-f]{8}) psr").group(1) == f"{loop + 2:08x}"


# ---- Sleep ----

def test_an_idle_board_sleeps(user):
    board = user()
    serves(board)
    before = peers.cpu_seconds(board.pid)
    peers.until(lambda: False, 2)
    assert peers.cpu_seconds(board.pid) - before < 1.0, "of two seconds"
