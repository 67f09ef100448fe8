"""
anklet in programs that have lwIP already: examples/lwip-bare and examples/lwip-threads, each on a TAP.

PROGRAMS is the directory that they were built in, and LWIP where lwIP's source lies.
"""
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import dns_server  # noqa: E402
import peers  # noqa: E402
import socks4  # noqa: E402
from tap_network import network  # noqa: E402, F401

PROGRAMS = pathlib.Path(os.environ.get("PROGRAMS", ROOT / "build" / "lwip-programs"))
LWIP = pathlib.Path(os.environ.get("LWIP", ROOT / "build" / "deps" / "lwip")).resolve()
HERE = "192.168.77.1"
PROXY = ("192.168.77.10", 1080)
MAC = "02:12:34:56:78:ab"  # tapif's
PAGE = b"a page from behind the proxy\n"
MIB = 1024 * 1024


# ---- The programs ----

@pytest.fixture(params=["lwip-bare", "lwip-threads"])
def ns(request, network, tmp_path):  # noqa: F811
    """The network, with a program that serves at PROXY."""
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            network.command(PROGRAMS / request.param / request.param), stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, env={**os.environ, "PRECONFIGURED_TAPIF": network.tap})
    try:
        assert peers.until(lambda: process.poll() is not None or serves(network))
        assert process.poll() is None, (tmp_path / "log").read_text()
        yield network
        assert process.poll() is None, (tmp_path / "log").read_text()
    finally:
        peers.close_all()
        process.kill()
        process.wait(60)


def serves(network):  # noqa: F811
    try:
        peers.dial(PROXY, ns=network).close()
        return True
    except OSError:
        return False


def serve_page(ns):
    """The port of a web server for one client."""
    server = peers.listener(HERE, ns=ns)

    def answer():
        sock = peers.accept(server)
        sock.recv(4096)
        sock.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE)
        sock.close()

    peers.Worker(answer).start()
    return peers.port_of(server)


def fetched(ns, *words):
    done = subprocess.run(ns.command("curl", "-sS", "--max-time", str(peers.LIMIT), *words), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_page_is_fetched(ns):
    assert fetched(ns, "--socks4", "%s:%d" % PROXY, f"http://{HERE}:{serve_page(ns)}/") == PAGE


def test_a_page_is_fetched_by_its_name(ns):
    dns = peers.keep_server(dns_server.DnsServer(HERE, 53, ns))
    dns.zone["page.test"] = dns_server.Name(a=[HERE])
    assert fetched(ns, "--socks4a", "%s:%d" % PROXY, f"http://page.test:{serve_page(ns)}/") == PAGE


def test_a_mebibyte_goes_and_comes_back(ns):
    server = peers.echo_server(HERE, ns=ns)
    client = socks4.connect(PROXY, server.port, HERE, ns=ns)
    data = os.urandom(MIB)
    sender = peers.Worker(lambda: client.sendall(data))
    sender.start()
    assert peers.read_exactly(client, MIB) == data


def quiet(ns):
    """From now on the system sends no frame of its own accord."""
    subprocess.run(ns.command("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"), check=True, timeout=30)
    ns.ip("neighbour", "replace", PROXY[0], "lladdr", MAC, "dev", ns.tap, "nud", "permanent")


def test_ticks_come_though_no_frame_does(ns):
    """A name server that is silent is asked again, when anklet's own timer says so."""
    silent = peers.keep(ns.socket(peers.family_of(HERE), peers.socket.SOCK_DGRAM))
    silent.bind((HERE, 53))
    quiet(ns)
    socks4.send(PROXY, 80, name="silent.test", ns=ns)
    assert silent.recv(512)[2:] == silent.recv(512)[2:]


# ---- The options of lwIP's ----

WRONG = [("SO_REUSE", "0", "1"), ("TCP_LISTEN_BACKLOG", "0", "1"), ("LWIP_TCP_PCB_NUM_EXT_ARGS", "0", "1"),
         ("LWIP_WND_SCALE", "1", "0"), ("LWIP_TCP", "0", "1"), ("LWIP_UDP", "0", "1"), ("LWIP_CALLBACK_API", "0", "1"),
         ("LWIP_TIMERS", "0", "1"), ("TCP_WND", "1073", "CONFIG_ANKLET_LWIP_RING at most"),
         ("TCP_WND", "1071", "2 * TCP_MSS at least"), ("TCP_SND_BUF", "65536", "65535 at most"),
         ("MEMP_NUM_TCP_PCB", "36", "CONFIG_ANKLET_LWIP_RINGS + CONFIG_ANKLET_LWIP_WAITING + 1 at least"),
         ("MEMP_NUM_TCP_PCB_LISTEN", "17", "ANKLET_TCP_LISTENERS at least"),
         ("MEMP_NUM_UDP_PCB", "1", "ANKLET_UDP_PCBS at least")]


def compiled(tmp_path, options):
    """What the compiler says of a file of the port's where lwipopts.h is this one."""
    (tmp_path / "lwipopts.h").write_text(options)
    done = subprocess.run(
        [os.environ.get("CC", "cc"), "-std=gnu11", "-fsyntax-only", "-include", ROOT / "configs" / "lm3s6965evb.h",
         f"-I{tmp_path}", *(f"-I{ROOT / folder}" for folder in ("include", "src", "port", "port/lwip")),
         "-isystem", LWIP / "src" / "include", "-isystem", LWIP / "contrib" / "ports" / "unix" / "port" / "include",
         ROOT / "port" / "lwip" / "stream.c"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=60)
    assert (done.returncode == 0) == (done.stdout == ""), done.stdout
    return done.stdout


def test_options_that_are_left_open_are_set(tmp_path):
    assert compiled(tmp_path, '#define NO_SYS 1\n#include "anklet_lwipopts.h"\n') == ""


@pytest.mark.parametrize("option, value, right", WRONG)
@pytest.mark.parametrize("include", ['#include "anklet_lwipopts.h"\n', ""])
def test_one_that_is_wrong_is_named_with_what_it_has_to_be(tmp_path, option, value, right, include):
    said = compiled(tmp_path, f"#define NO_SYS 1\n#define {option} {value}\n{include}")
    assert f'lwipopts.h: {option} has to be {right}' in said


def test_a_program_that_does_not_ask_is_told(tmp_path):
    assert "SO_REUSE has to be 1" in compiled(tmp_path, "#define NO_SYS 1\n")


# ---- What is the program's own ----

@pytest.mark.parametrize("name", ["lwip-bare", "lwip-threads"])
def test_it_is_below_a_hundred_lines(name):
    lines = (ROOT / "examples" / name / "main.c").read_text().splitlines()
    assert len(lines) < 100
