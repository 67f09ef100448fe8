"""A program without SOCKS5, BIND, IDENT and names: what it refuses, how its errors read, and that CONNECT works.

ANKLET_LESS names it; 'make check' builds it.
"""
import os

import pytest

import peers
import program
import socks4
from dns_server import Name


@pytest.fixture
def less():
    path = os.environ.get("ANKLET_LESS")
    if not path:
        pytest.skip("ANKLET_LESS names no program without SOCKS5, BIND, IDENT and names")
    return path


def mistake(less, *args):
    """What it says of a configuration that it does not take."""
    run = program.run("-t", *args, program=less)
    assert run.returncode == program.CONFIG and run.stdout == ""
    return run.stderr


def test_connect_works(anklet, less, web):
    proxy = anklet(program=less)
    with socks4.connect(proxy.address, web.port) as client:
        client.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        assert web.page in peers.read_all(client)
    proxy.wait_log(r"granted, 127\.0\.0\.1:\d+ after")


def test_a_name_that_is_an_address_is_none(anklet, less, web):
    with socks4.connect(anklet(program=less).address, web.port, name="127.0.0.1"):
        pass


def test_socks5_is_refused(anklet, less):
    """RFC 1928, section 3: no acceptable methods."""
    proxy = anklet(program=less)
    client = peers.dial(proxy.address)
    client.sendall(b"\x05\x01\x00")
    assert peers.read_all(client) == b"\x05\xff"
    proxy.wait_log("refused, this client speaks SOCKS5, which is not built in")


def test_bind_is_refused(anklet, less):
    proxy = anklet(program=less)
    assert socks4.refused(proxy.address, 21, "127.0.0.5", cd=socks4.BIND) == socks4.REJECTED
    proxy.wait_log(r"bind 127\.0\.0\.5:21: refused with 91, BIND is not built in")


@pytest.mark.parametrize("name", ["localhost", "web.example.test"])
def test_a_name_is_refused(anklet, less, name):
    proxy = anklet(program=less)
    assert socks4.refused(proxy.address, 80, name=name) == socks4.REJECTED
    proxy.wait_log(rf"connect {name}:80: refused with 91, looking names up is not built in")


def test_a_hop_is_given_the_name(anklet, less, dns, web):
    """Two of them: the one cannot look names up, the other can."""
    dns.zone["web.example.test"] = Name(a=["127.0.0.1"])
    hop = anklet(*dns.option)
    proxy = anklet("--route", f"to *.test via socks4a://127.0.0.1:{hop.port}", program=less)
    with socks4.connect(proxy.address, web.port, name="web.example.test") as client:
        client.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        assert web.page in peers.read_all(client)


@pytest.mark.parametrize("option, value, wrong, needed", [
    ("allow", "bind from 10.0.0.0/8", "bind", "CONFIG_ANKLET_BIND"),
    ("allow", "any-peer", "any-peer", "CONFIG_ANKLET_BIND"),
    ("bind-ports", "any", "bind-ports", "CONFIG_ANKLET_BIND"),
    ("allow", "user bob ident", "ident", "CONFIG_ANKLET_IDENT"),
    ("dns", "9.9.9.9", "dns", "CONFIG_ANKLET_NAMES"),
    ("route", "via socks4a://10.0.0.1 resolve", "resolve", "CONFIG_ANKLET_NAMES"),
])
def test_words_that_are_errors(less, option, value, wrong, needed):
    line = f"{option} {value}"
    column = line.index(wrong) + 1
    assert mistake(less, f"--{option}", value) == (
        f"--{option}:1:{column}: '{wrong}' is disabled: this program is built without {needed}\n"
        f"    {line}\n"
        f"    {' ' * (column - 1)}^{'~' * (len(wrong) - 1)}\n")


@pytest.mark.parametrize("line", [
    "listen proxy.example:1080",
    "forward 127.0.0.1:25 proxy.example:25",
    "route to *.onion via socks4a://proxy.example",
])
def test_names_that_are_errors(less, line):
    option, value = line.split(" ", 1)
    column = line.index("proxy") + 1
    assert mistake(less, f"--{option}", value) == (
        f"--{option}:1:{column}: 'proxy.example' is disabled: this program is built without CONFIG_ANKLET_NAMES\n"
        f"    {line}\n"
        f"    {' ' * (column - 1)}^~~~~~~~~~~~~\n")


def test_what_it_offers(less):
    """Neither its help nor the configuration in force speaks of what is not there."""
    help_text = program.run("--help", program=less).stdout
    in_force = program.run("-t", program=less).stdout
    assert "A RULE is [connect] [from NETWORK] [to WHERE[:PORTS]] [user NAME]\n" in help_text
    for text in (help_text, in_force):
        for word in ("bind", "BIND", "ident", "any-peer", "dns"):
            assert word not in text
    assert program.run("-t", program=less).returncode == 0


def test_the_example_is_one_that_works(anklet, less):
    anklet(program=less).wait_log(r"try it: curl --socks4 127\.0\.0\.1:\d+ http")
