"""Settings that are compiled on the host: what is written is what the reader makes of the texts, or make stops."""
import pathlib
import re
import shutil
import subprocess

import pytest

from board import BUILD, MAC, ROOT, make

NETWORKS = (f"mac {MAC}\naddress dhcp\n", f"mac {MAC}\naddress 10.1.2.3/22\ngateway 10.1.0.1\n")

# What a board without TLS, routes and forwards knows; with every place in which it has a number, a flag or a name.
PLAIN = """
listen 0.0.0.0:1080
listen 10.1.2.3:81
deny bind from 10.0.0.0/8 to 192.0.2.0/24:1-5,80,443,6660-6669
allow connect from 2001:db8::/32 to *.example.com user "a\\"b?c*/ \\x01\\\\9"
allow ident any-peer needs-connect bind
limit-handshake 10ms
limit-establish 480h
limit-idle 0
limit-half-closed 1s
limit-client 3
limit-log 0
bind-ports 1024-65535
bind-address 203.0.113.9
source 10.1.2.3
source 2001:db8::1
dns 192.0.2.53:5353
dns 192.0.2.54
log error
user nobody
"""
# And what one has that has everything.
MORE = """
users /etc/users
allow password to ::1
route to *.onion via socks5h+tls://[2001:db8::1]:9050?cert=c&key=k&ca=a%20b&alpn=h2,x&name=n.example&min=1.3&password=p
route from 10.0.0.0/8 starttls=smtp
route to a.example via socks4a://b.example:1080 unresolved
route tls verify=none truncated=eof halfclose=defer
forward udp://127.0.0.1:5353 udp://[2001:db8::53]:53
forward tls://*:2525?psk=p imap+starttls://mail.example:143
ca /etc/ca
limit-datagrams 3min
limit-user 7
limit-rate up 1kB/s down 2MB/s from 10.0.0.0/8
limit-rate-total down 1MB/s
limit-new 20/10s
status tcp://127.0.0.1:90 sessions from 10.0.0.0/8
control /run/control
spin 60us
"""


def all_of_the_example():
    """docs/anklet.conf with each line that is there as a comment."""
    return re.sub("^#(?=[a-z])", "", (ROOT / "docs" / "anklet.conf").read_text(), flags=re.M)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The words for make that name a board with all features, which none of this tree has; and where it builds."""
    scratch = tmp_path_factory.mktemp("board")
    folder = scratch / "everything"
    folder.mkdir()
    shutil.copy(ROOT / "configs" / "desktop.h", folder / "configuration.h")
    return f"BOARD_DIR={folder}", f"BUILD={scratch / 'build'}", scratch / "build" / "everything-host"


@pytest.fixture
def texts(tmp_path):
    """write(config, network): the words for make that name them, and their files."""
    folder = tmp_path / "texts"
    folder.mkdir()

    def write(config, network=NETWORKS[0]):
        for name, text in (("anklet.conf", config), ("network.conf", network)):
            (folder / name).write_text(text)
        return ("SETTINGS=compiled", f"SETTINGS_DIR={folder}"), (folder / "anklet.conf", folder / "network.conf")

    return write


def is_the_same(directory, words, files):
    done = make(*words, str(directory / "compare_settings"))
    assert done.returncode == 0, done.stdout
    done = subprocess.run([ROOT / directory / "compare_settings", *files], stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("board", sorted(path.name for path in (ROOT / "port/lwip/boards").iterdir()
                                         if (path / "anklet.conf").exists()))
def test_each_boards_own_are_what_the_reader_makes_of_them(board):
    folder = ROOT / "port/lwip/boards" / board
    is_the_same(pathlib.Path(BUILD, f"{board}-host"), (f"BOARD={board}", f"BUILD={BUILD}", "SETTINGS=compiled"),
                (folder / "anklet.conf", folder / "network.conf"))


def test_every_word_is_what_the_reader_makes_of_it(everything, texts):
    *where, directory = everything
    for config, network in ((PLAIN + MORE, NETWORKS[0]), (all_of_the_example(), NETWORKS[1]), ("", NETWORKS[1])):
        words, files = texts(config, network)
        is_the_same(directory, (*where, *words), files)


def test_tables_are_as_long_as_the_settings(everything, texts):
    *where, directory = everything
    for config, lengths in ((PLAIN + MORE, (4, 4, 2)), ("", (1, 1, 1))):
        words, _ = texts(config)
        sizes = directory.parent / "everything-compiled" / "sizes.h"
        done = make(*where, *words, str(sizes))
        assert done.returncode == 0, done.stdout
        found = dict(re.findall(r"define CONFIG_ANKLET_(\w+) (\d+)", sizes.read_text()))
        assert tuple(int(found[name]) for name in ("RULES", "ROUTES", "FORWARDS")) == lengths
        assert (int(found["CONFIG_TEXT"]) > 1) == (config != "")


@pytest.mark.parametrize("config, levels, ident", [
    ("", "3", "0"), ("log debug\n", None, "0"), ("log warning\nallow\n", "2", "0"), ("log error\n", "1", "0"),
    ("log refused\ndeny from 10.0.0.0/8\nallow connect ident\n", "3", None),
])
def test_what_the_settings_never_ask_for_is_disabled(texts, config, levels, ident):
    tool = pathlib.Path(BUILD, "lm3s6965evb-host", "compile_settings")
    done = make("BOARD=lm3s6965evb", f"BUILD={BUILD}", str(tool))
    assert done.returncode == 0, done.stdout
    _, files = texts(config)
    done = subprocess.run([ROOT / tool, *files, "sizes"], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    found = dict(re.findall(r"define CONFIG_ANKLET_(\w+) (\d+)", done.stdout))
    assert (found.get("LOG_LEVELS"), found.get("IDENT")) == (levels, ident)


def test_a_mistake_stops_make_and_is_said_with_place_and_hint(everything, texts):
    *where, directory = everything
    words, (config, network) = texts("log info\nlisten 1.2.3\nalow\n", f"mac {MAC}\n")
    done = make(*where, *words, str(directory / "compare_settings"))
    assert done.returncode != 0
    assert f"{config}:2:8: '1.2.3' is invalid: expected an IPv4 address" in done.stdout
    assert "    listen 1.2.3\n           ^~~~~\n" in done.stdout
    assert f"{config}:3:1: unknown keyword 'alow': did you mean 'allow'?" in done.stdout
    assert f"{network}:2:1: expected a line with mac and one with address" in done.stdout


@pytest.mark.parametrize("line, word", [
    ("listen [2001:db8::1]:1080", "[2001:db8::1]:1080"), ("allow from 2001:db8::/32", "2001:db8::/32"),
    ("deny to [2001:db8::/32]:80", "[2001:db8::/32]:80"), ("deny to ::1", "::1"), ("source 2001:db8::1", "2001:db8::1"),
    ("dns 2001:db8::53", "2001:db8::53"), ("dns [fe80::1%eth0]", "[fe80::1%eth0]"),
])
def test_ipv6_is_an_error_where_lwip_has_none(texts, line, word):
    tool = pathlib.Path(BUILD, "lm3s6965evb-host", "compile_settings")
    done = make("BOARD=lm3s6965evb", f"BUILD={BUILD}", str(tool))
    assert done.returncode == 0, done.stdout
    _, files = texts(line + "\n")
    done = subprocess.run([ROOT / tool, *files, "sizes"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60)
    assert done.returncode != 0
    assert f"'{word}' is disabled: this program is built without CONFIG_ANKLET_IPV6" in done.stdout


@pytest.mark.parametrize("line, place, words", [
    ("address 10.0.2.15/33", 9, "'10.0.2.15/33' is invalid: expected dhcp, or an IPv4 address"),
    ("mac 01:00:00:00:00:00", 5, "'01:00:00:00:00:00' is invalid: expected the address of one host"),
    ("\tgateway\t::1", 10, "'::1' is invalid: expected an IPv4 address"),
    ("gateway  # none", 1, "'gateway' needs a value: expected an IPv4 address"),
    ("address dhcp dhcp", 14, "'dhcp' is unexpected: expected one value a line"),
    ("speed 100", 1, "'speed' is unexpected: expected mac, address or gateway"),
])
def test_a_mistake_about_the_network_is_said_the_same_way(everything, texts, line, place, words):
    *where, directory = everything
    asked, (_, network) = texts("", f"mac {MAC}\n{line}\naddress dhcp\n")
    done = make(*where, *asked, str(directory / "compare_settings"))
    assert done.returncode != 0
    assert f"{network}:2:{place}: {words}" in done.stdout
