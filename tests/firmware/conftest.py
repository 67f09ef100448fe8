"""Fixtures of the tests of firmware: boards under QEMU, with user networking or in a network namespace.

Helpers are those of the end-to-end tests. IMAGES names the directory with the boards' images.
"""
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import peers  # noqa: E402
from board import BOARDS, COMPILED, IMAGES, LOGS_NO_FIGURES, MAC, PORT, Board  # noqa: E402
from tap_network import found, network  # noqa: E402, F401

NETWORK = f"mac {MAC}\naddress 192.168.77.10/24\ngateway 192.168.77.1\n"
CONFIG = "listen 0.0.0.0:1080\nlimit-client 0\ndns 192.168.77.1\n"


def built(name):
    """The same name, when that board's image was built."""
    if not found("qemu-system-arm"):
        pytest.skip("'qemu-system-arm' is not installed")
    if not found("arm-none-eabi-nm"):
        pytest.skip("'arm-none-eabi-nm' is not installed")
    assert (IMAGES / name / "anklet.elf").exists(), f"make firmware BOARD={name.replace('-c', ' SETTINGS=c')}"
    return name


@pytest.fixture(params=BOARDS + COMPILED)
def name(request):
    """A board's name, whose image was built."""
    return built(request.param)


@pytest.fixture
def start(name, tmp_path):
    """start(nic, ...): see board.Board. Every one started must survive the test."""
    started = []

    def make(nic, **more):
        started.append(Board(name, tmp_path, nic, **more))
        return started[-1]

    yield make
    peers.close_all()
    failures = []
    for one in started:
        try:
            one.finish()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def user(start):
    """
    make(...): a board with QEMU's user networking that has its address, and here .address of its proxy, and .other of
    another of its ports.
    """

    def make(guest_port=PORT, other_port=7, **more):
        port, other = peers.reserve(), peers.reserve()
        one = start(f"user,hostfwd=tcp:127.0.0.1:{port}-:{guest_port},hostfwd=tcp:127.0.0.1:{other}-:{other_port}",
                    **more)
        one.address, one.other = ("127.0.0.1", port), ("127.0.0.1", other)
        one.wait_log(r"address 10\.0\.2\.15$")
        return one

    return make


@pytest.fixture
def tap(start, network, name):
    """make(config=...): a board on that TAP, at 192.168.77.10; the network is .ns."""

    def make(config="", settings=NETWORK, **more):
        log = "log info\n" if name in LOGS_NO_FIGURES else "log debug\n"
        one = start(f"tap,ifname={network.tap},script=no,downscript=no", ns=network,
                    config=CONFIG + log + config, network=settings, **more)
        one.ns, one.address = network, ("192.168.77.10", PORT)
        one.wait_log(r"address 192\.168\.77\.\d+$")
        return one

    return make


def name_server(network, net="192.168.77", more=()):
    """The name server and DHCP server of the distribution, on that network: its process."""
    if not found("dnsmasq"):
        pytest.skip("'dnsmasq' is not installed")
    process = subprocess.Popen(network.command(
        found("dnsmasq"), "-k", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=",
        f"--listen-address={net}.1", "--bind-interfaces", f"--address=/peer3.test/{net}.3",
        "--address=/nx.test/", f"--dhcp-range={net}.50,{net}.60,1h", "--dhcp-leasefile=/dev/null",
        f"--dhcp-option=6,{net}.1", *more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert peers.until(lambda: listens(network, f"{net}.1"))
    return process


@pytest.fixture
def dnsmasq(network):
    process = name_server(network)
    yield process
    process.kill()
    process.wait(60)


def listens(ns, host):
    try:
        peers.dial((host, 53), ns=ns).close()
        return True
    except ConnectionRefusedError:
        return False
