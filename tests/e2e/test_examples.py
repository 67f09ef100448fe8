"""
The examples of the documents, as they stand there: every configuration and every command line of the
program is accepted, and those for a LAN do what they show.
"""
import re
import shlex
import shutil
import subprocess
from collections import namedtuple

import pytest

import peers
import program
import socks4

ROOT = program.ROOT
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))]
MANUALS = ["docs/anklet.8", "docs/anklet.conf.5"]
CONF = "docs/anklet.conf"
BOARDS = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("port/lwip/boards/*/anklet.conf"))
ROUTER = ["port/openwrt/README.md", "port/openwrt/files/anklet.config"]

# What the blocks begin with that are no configuration of the program. All others are taken for one, so that
# one whose first keyword is misspelt is, too.
COMMANDS = {"make", "curl", "chromium", "openssl", "openocd", "build/anklet", "tools/settings"}
OTHERS = {"git", "2026-11-21", "session", "kconfig:", "mac", "app/", "FREE", "anklet.conf:3:12:"}

# The documents' files, and those that the tests have for them (see 'given').
FILES = {"/etc/anklet/users": "users", "/etc/anklet/cert.pem": "cert.pem", "/etc/anklet/key.pem": "key.pem", "/etc/anklet/psk": "psk",
         "/etc/ssl/certs/ca-certificates.crt": "ca.pem", "/etc/anklet.conf": "anklet.conf",
         "/var/run/anklet/control.sock": "control.sock", "/run/anklet/control.sock": "control.sock"}

# What only talks to a program that runs.
SUBCOMMANDS = [[word] for word in ("status", "sessions", "top", "reload", "end", "log")]

Block = namedtuple("Block", "page line text")


def blocks_of_page(page):
    """The blocks of a page in Markdown that have no language."""
    found, begin = [], None
    lines = (ROOT / page).read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("```") and begin is None:
            begin = (number + 1, line[3:])
        elif line == "```":
            if begin[1] == "":
                found.append(Block(page, begin[0], "\n".join(lines[begin[0] - 1:number - 1])))
            begin = None
    assert begin is None, f"{page}: a block has no end"
    return found


def blocks_of_manual(page):
    """The displays of a page for man(1): blocks, and single lines that begin with a prompt."""
    found, begin = [], None
    lines = [line.replace("\\e", "\\") for line in (ROOT / page).read_text().splitlines()]
    for number, line in enumerate(lines, 1):
        if line.startswith(".Bd -literal"):
            begin = number + 1
        elif line == ".Ed":
            found.append(Block(page, begin, "\n".join(lines[begin - 1:number - 1])))
        elif line.startswith((".Dl # ", ".Dl $ ")):
            found.append(Block(page, number, line[len(".Dl "):]))
    return found


BLOCKS = [block for page in PAGES for block in blocks_of_page(page)]
BLOCKS += [block for page in MANUALS for block in blocks_of_manual(page)]


def is_session(block):
    """Is it what somebody types in a shell, with its prompt?"""
    return block.text.startswith(("$ ", "# anklet "))


def is_configuration(block):
    return not is_session(block) and block.text.split()[0] not in COMMANDS | OTHERS


def commands(block):
    """The command lines of the program in a block, without prompt and name."""
    lines = block.text.replace("\\\n", "").splitlines()
    typed = [line[2:] for line in lines] if is_session(block) else lines
    words = [shlex.split(line, comments=True) for line in typed if re.match(r"(build/)?anklet( |$)", line)]
    return [line[1:] for line in words if line[1:2] not in SUBCOMMANDS]


CONFIGURATIONS = [block for block in BLOCKS if is_configuration(block)]
COMMAND_LINES = [(block, args) for block in BLOCKS if block not in CONFIGURATIONS for args in commands(block)]


def enabled(text):
    """docs/anklet.conf with every line in it that is disabled."""
    return re.sub(r"^#(?=[a-z])", "", text, flags=re.MULTILINE)


def lines_of_router(text):
    """What stands in sections of OpenWrt as lines of the program's own, those that are disabled too."""
    found = re.findall(r"^\t#?(?:list|option) (\w+) '(.*)'$", text, flags=re.MULTILINE)
    own = [(name, value) for name, value in found if name not in ("enabled", "interface", "port")]
    return [value if name == "rule" else f"{name.replace('_', '-')} {value}" for name, value in own]


def test_examples_are_found():
    """Were nothing found, nothing would be tested."""
    counts = {page: sum(block.page == page for block in CONFIGURATIONS) for page in PAGES + MANUALS}
    assert counts["README.md"] >= 1 and counts["docs/anklet.conf.5"] >= 7, counts
    counts = {page: sum(block.page == page for block, _ in COMMAND_LINES) for page in PAGES + MANUALS}
    assert counts["README.md"] >= 5 and counts["docs/anklet.8"] >= 4, counts
    assert len(enabled((ROOT / CONF).read_text()).splitlines()) > 20
    assert len(BOARDS) >= 3 and all(len(lines_of_router((ROOT / page).read_text())) >= 2 for page in ROUTER)


# ---- They are accepted ----

@pytest.fixture
def given(request, tmp_path):
    """accepts(args): the program is asked with -t, where the files are that the documents name."""

    def files(args):
        request.getfixturevalue("with_tls")
        certs = request.getfixturevalue("certs")
        for name, source in (("cert.pem", certs.server.cert), ("key.pem", certs.server.key), ("psk", certs.psk),
                             ("ca.pem", certs.ca), ("far.pem", certs.server.cert), ("far.key", certs.server.key),
                             ("near.pem", certs.client.cert), ("near.key", certs.client.key)):
            shutil.copy(source, tmp_path / name)
        return [*args, "--ca", "ca.pem"]  # this machine may have no list of authorities

    def accepts(args, text=None):
        text = text or (ROOT / CONF).read_text()
        (tmp_path / "anklet.conf").write_text(text)
        (tmp_path / "users").write_text("fred:secret\n")
        (tmp_path / "users").chmod(0o600)
        if re.search(r"\btls\b|starttls|psk=|^ca ", " ".join(args) + re.sub(r"#.*", "", text), re.MULTILINE):
            args = files(args)
        done = program.run(*(["-t"] if "-t" not in args else []), *args, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "the next rule" not in done.stdout, "a rule that decides nothing"

    return accepts


def with_given(text):
    for name, file in FILES.items():
        text = text.replace(name, file)
    return text


def name_of(block):
    return f"{block.page}:{block.line}"


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=name_of)
def test_a_configuration_is_accepted(given, block):
    given(["-c", "anklet.conf"], with_given(block.text))


@pytest.mark.parametrize("args", [args for _, args in COMMAND_LINES],
                         ids=[name_of(block) for block, _ in COMMAND_LINES])
def test_a_command_line_is_accepted(given, args):
    given([with_given(word) for word in args])


@pytest.mark.parametrize("read", [str, enabled], ids=["as it is", "with every line"])
def test_the_example_file_is_accepted(given, read):
    given(["-c", "anklet.conf"], with_given(read((ROOT / CONF).read_text())))


@pytest.mark.parametrize("page", BOARDS)
def test_what_a_board_is_built_with_is_accepted(given, page):
    given(["-c", "anklet.conf"], (ROOT / page).read_text())


@pytest.mark.parametrize("page", ROUTER)
def test_the_sections_of_a_router_are_accepted(given, page):
    given(["-c", "anklet.conf"], with_given("\n".join(lines_of_router((ROOT / page).read_text()))))


def test_the_settings_of_a_board_are_accepted(with_tls, tool, tmp_path):
    """docs/firmware.md's own commands make certificate, key and configuration; the last one starts a board."""
    block, = (block for block in BLOCKS if block.page == "docs/firmware.md" and block.text.startswith("openssl"))
    *lines, start = block.text.splitlines()
    assert "run-firmware" in start
    tool("openssl")
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    for line in lines:
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=30)
        assert done.returncode == 0, f"{line}: {done.stdout}"
    done = program.run("-t", "-c", "config", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


# ---- A LAN ----

PROXY = "192.168.1.10"
CLIENT, NEIGHBOUR, OTHER_NET = "192.168.1.20", "192.168.1.21", "192.168.2.20"
PUBLIC, SERVER, INSIDE, LINK = "203.0.113.9", "198.51.100.9", "10.9.9.9", "169.254.7.2"
OWN = "203.0.113.1"  # another address of the proxy's host
PORTS = (22, 80, 443, 6667)

Lan = namedtuple("Lan", "proxy_host others")


@pytest.fixture
def lan(namespace):
    """The proxy's host, and one that plays all others: clients, the inside, and the world, with servers on PORTS."""
    mine, others = namespace(), namespace()
    mine.wire(others, [f"{PROXY}/24", "192.168.2.1/24", f"{OWN}/24", "10.0.0.1/8", "169.254.7.1/16"],
              [f"{CLIENT}/24", f"{NEIGHBOUR}/24", f"{OTHER_NET}/24", f"{PUBLIC}/24", f"{INSIDE}/8", f"{SERVER}/32",
               f"{LINK}/16"])
    mine.ip("route", "add", SERVER, "via", PUBLIC)
    mine.file("hosts", f"{SERVER} www.example.com\n{INSIDE} inside.example.com\n")
    mine.file("resolv.conf", "")
    mine.file("nsswitch.conf", "hosts: files\n")
    for host in (PUBLIC, SERVER, INSIDE):
        for port in PORTS:
            peers.listener(host, port, ns=others)
    return Lan(mine, others)


def readme_lan():
    return next(block.text for block in CONFIGURATIONS if block.page == "README.md" and "listen" in block.text)


def manual_lan():
    return next(block.text for block in CONFIGURATIONS if block.page == "docs/anklet.conf.5" and "user " in block.text)


def conf_lan():
    """The LAN's lines of docs/anklet.conf: its listener, and the rules."""
    text = re.sub(r"^#(?=(listen +tcp|allow|deny)\b)", "", (ROOT / CONF).read_text(), flags=re.MULTILINE)
    assert text.count("\nlisten") == 2 and text.count("\ndeny") == 1 and text.count("\nallow") == 2
    return text


def start(anklet, lan, tmp_path, text):
    file = tmp_path / "lan.conf"
    file.write_text(text)
    return anklet("-c", str(file), ns=lan.proxy_host)


def code(lan, port, host="0.0.0.1", source=CLIENT, ns=None, **more):
    sock, reply = socks4.ask((PROXY, 1080), port, host, source=source, ns=ns or lan.others, **more)
    sock.close()
    return reply.cd


def granted(lan, *ports, **more):
    """Which of these ports are granted?"""
    return [port for port in ports if code(lan, port, **more) == socks4.GRANTED]


@pytest.mark.parametrize("example, web", [(readme_lan, [80, 443, 6667]), (conf_lan, [80, 443, 6667]),
                                          (manual_lan, [80, 443, 6667])], ids=["README", "anklet.conf", "manual"])
def test_a_lan_may_connect_and_not_to_the_inside(anklet, lan, tmp_path, example, web):
    start(anklet, lan, tmp_path, example())
    for client in (CLIENT, NEIGHBOUR):
        assert granted(lan, *PORTS, host=SERVER, source=client) == web
    assert granted(lan, *PORTS, name="www.example.com") == web
    assert granted(lan, *PORTS, host=INSIDE) == []
    assert granted(lan, *PORTS, name="inside.example.com") == []
    for client in (OTHER_NET, PUBLIC):
        assert granted(lan, *PORTS, host=SERVER, source=client) == []


@pytest.mark.parametrize("example", [readme_lan, conf_lan], ids=["README", "anklet.conf"])
def test_one_client_of_a_lan_may_be_connected_to(anklet, lan, tmp_path, example):
    start(anklet, lan, tmp_path, example())
    control, first = socks4.ask((PROXY, 1080), 21, PUBLIC, cd=socks4.BIND, source=CLIENT, ns=lan.others)
    assert first.cd == socks4.GRANTED
    server = peers.dial((first.ip, first.port), PUBLIC, lan.others)
    assert socks4.read_reply(control).cd == socks4.GRANTED
    server.sendall(b"hello")
    assert peers.read_exactly(control, 5) == b"hello"
    for peer, client in ((PUBLIC, NEIGHBOUR), (SERVER, CLIENT), (INSIDE, CLIENT), (PUBLIC, OTHER_NET)):
        assert code(lan, 21, peer, cd=socks4.BIND, source=client) == socks4.REJECTED, (peer, client)


def test_a_lan_in_one_line(anklet, lan):
    """What README says of it: who is served, and what nobody reaches."""
    line = next(args for block, args in COMMAND_LINES if block.page == "README.md")
    assert line == ["--listen", f"tcp://{PROXY}:1080"]
    anklet(*line, ns=lan.proxy_host)
    for client in (CLIENT, NEIGHBOUR, OTHER_NET, INSIDE, LINK):
        assert granted(lan, 22, 80, host=SERVER, source=client) == [22, 80]
    for client in ("127.0.0.1", PROXY):
        assert granted(lan, 80, host=SERVER, source=client, ns=lan.proxy_host) == [80]
    assert granted(lan, *PORTS, host=SERVER, source=PUBLIC) == []
    for host in ("127.0.0.1", PROXY, OWN, "10.0.0.1"):
        peers.listener(host, 80, ns=lan.proxy_host)
        for client in (CLIENT, OTHER_NET, INSIDE, LINK):
            assert code(lan, 80, host, source=client) == socks4.REJECTED, (host, client)
    assert code(lan, 80, "127.0.0.1", source="127.0.0.1", ns=lan.proxy_host) == socks4.GRANTED


def test_one_address_of_the_host_may_be_reached(anklet, lan, tmp_path):
    """The manual's example for that."""
    text = next(block.text for block in CONFIGURATIONS if "127.0.0.1:8080" in block.text)
    start(anklet, lan, tmp_path, text)
    for port in (80, 8080):
        peers.listener("127.0.0.1", port, ns=lan.proxy_host)
    assert granted(lan, 80, 8080, host="127.0.0.1") == [8080]
    assert granted(lan, *PORTS, host=SERVER) == [80, 443]
