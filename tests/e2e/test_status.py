"""The status over HTTP: what it says, to the byte, to whom, and what becomes of those who ask otherwise than they should."""
import itertools
import os
import re
import socket
import subprocess
import time

import pytest

import http_client
import peers
import program
import socks4
from dns_server import Name

HEAD = b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def status(anklet):
    """start(*args): the program, with the address where its status is in .status."""

    def start(*args, where="tcp://127.0.0.1:0 sessions", **more):
        one = anklet("--status", where, *args, **more)
        one.status = one.addresses(2)[1]
        return one

    return start


def metrics(address):
    """Every sample by its name and labels, none of them twice."""
    found = {}
    for line in http_client.ask(address, "/metrics").body.decode().splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert name not in found, name
            found[name] = int(value)
    return found


# ---- What it says ----

def test_bytes_are_counted_while_they_move(status):
    proxy = status()
    client, end = socks4.session(proxy.address, peers.listener())
    up = down = 0
    for size in (1, 1000, 77777):
        client.sendall(b"u" * size)
        peers.read_exactly(end, size)
        end.sendall(b"d" * 3 * size)
        peers.read_exactly(client, 3 * size)
        up, down = up + size, down + 3 * size
        summary = http_client.get_json(proxy.status, "/status")
        assert summary["bytes"] == {"up": up, "down": down}
        assert summary["sessions"]["relay"] == summary["sessions"]["now"] == 1
        now = metrics(proxy.status)
        assert now['anklet_relay_bytes_total{direction="up"}'] == up
        assert now['anklet_relay_bytes_total{direction="down"}'] == down
        (session,) = http_client.get_json(proxy.status, "/sessions")["list"]
        assert (session["up"], session["down"], session["state"]) == (up, down, "relay")
        assert session["client"] == f"127.0.0.1:{peers.port_of(client)}"


def test_the_summary(status):
    proxy = status("--limit-client", "3", "--log", "debug")
    held = [socks4.session(proxy.address, peers.listener()) for _ in range(3)]
    assert peers.end_of_visit(proxy.address) in ("EOF", "RESET")
    summary = http_client.get_json(proxy.status, "/status")
    assert summary["v"] == 1
    assert summary["pid"] == proxy.pid
    assert summary["clients"] == {"now": 1, "accepted": 4, "over_limit": 1}
    assert summary["requests"] == {"granted": 3, "refused": 0, "left": 0}
    assert summary["sessions"]["peak"] == 3
    assert summary["listeners"] == [{"at": f"127.0.0.1:{proxy.port}", "tls": False, "forward": ""}]
    assert summary["log"] == {"level": "debug", "dropped": 0}
    read = summary["config"]["read_time"] - summary["start_time"]
    assert summary["config"]["generation"] == 1 and read in (0, 1) and summary["config"]["age_ms"] <= summary["uptime_ms"]
    rejected = {reason: metrics(proxy.status)[f'anklet_clients_rejected_total{{reason="{reason}"}}']
                for reason in ("limit-client", "table-full", "limit-new")}
    assert rejected == {"limit-client": 1, "table-full": 0, "limit-new": 0}
    del held


def test_each_phase(status, dns):
    dns.zone["never.example"] = Name(silent=True)
    proxy = status(*dns.option)
    peers.dial(proxy.address).sendall(b"\x04")
    socks4.send(proxy.address, 80, name="never.example")
    held = socks4.session(proxy.address, peers.listener())
    wanted = {"handshake": 1, "establish": 1, "relay": 1, "closing": 0}
    assert held and peers.until(lambda: wanted.items() <= http_client.get_json(proxy.status, "/status")["sessions"].items())
    assert metrics(proxy.status)['anklet_sessions{state="establish"}'] == 1


def test_sessions_that_a_rate_holds_back(status):
    proxy = status("--limit-rate", "down 100kB/s")

    def paced():
        now = http_client.get_json(proxy.status, "/status")["sessions"]["paced"]
        return now if metrics(proxy.status)["anklet_sessions_paced"] == now else None

    client, end = socks4.session(proxy.address, peers.listener())
    other = socks4.session(proxy.address, peers.listener())
    assert paced() == 0 and other
    end.sendall(b"d" * 200_000)
    assert peers.until(lambda: paced() == 1)
    peers.read_exactly(client, 200_000)
    assert peers.until(lambda: paced() == 0)


def test_lines_that_nobody_takes_are_counted():
    port, place = peers.reserve(), peers.reserve()
    read, write = os.pipe()
    os.close(read)
    proxy = subprocess.Popen([program.PATH, "-l", f"127.0.0.1:{port}", "--status", f"tcp://127.0.0.1:{place}"],
                             stdin=subprocess.DEVNULL, stderr=write)
    os.close(write)
    try:
        assert peers.until(lambda: not peers.closed(("127.0.0.1", place)))
        before = http_client.get_json(("127.0.0.1", place), "/status")["log"]["dropped"]
        assert before >= 3, "what is said at the start"
        assert socks4.serves(("127.0.0.1", port))
        assert peers.until(lambda: metrics(("127.0.0.1", place))["anklet_log_lines_dropped_total"] == before + 2)
    finally:
        proxy.kill()
        proxy.wait(peers.LIMIT)


def test_refusals_by_class_and_with_their_reasons(status):
    proxy = status("--deny", "to 127.0.0.9", "--allow", "to *")
    assert http_client.get_json(proxy.status, "/refusals") == {"v": 1, "list": []}
    assert socks4.refused(proxy.address, 80, "127.0.0.9") == socks4.REJECTED
    assert socks4.refused(proxy.address, peers.nobody(), userid=b'a"b') == socks4.REJECTED
    assert socks4.refused(proxy.address, 80, cd=9) == socks4.REJECTED
    last, _, first = http_client.get_json(proxy.status, "/refusals")["list"]
    assert (first["to"], first["command"], first["reason"]) == ("127.0.0.9:80", "connect", "denied by rule 1")
    assert (last["to"], last["command"]) == ("", "")
    now = metrics(proxy.status)
    assert {label: now[f'anklet_refusals_total{{class="{label}"}}'] for label in ("denied", "connect", "malformed", "tls")} == \
        {"denied": 1, "connect": 1, "malformed": 1, "tls": 0}
    assert now['anklet_requests_total{command="connect",verdict="refused"}'] == 2


def test_only_the_last_refusals_are_kept(status):
    proxy = status("--deny", "to 127.0.0.9", "--allow", "to *")
    for port in range(1, 20):
        socks4.refused(proxy.address, port, "127.0.0.9")
    assert [one["to"] for one in http_client.get_json(proxy.status, "/refusals")["list"]] == \
        [f"127.0.0.9:{port}" for port in range(19, 11, -1)]


def escaped(text):
    """As the log escapes it."""
    return "".join("\\" + chr(byte) if byte in b'"\\' else chr(byte) if 0x20 <= byte <= 0x7e else f"\\x{byte:02x}"
                   for byte in text)


def test_names_of_every_byte_are_ascii(status):
    proxy, server = status(), peers.listener()
    every = bytes(range(1, 256))
    users = [every[at:at + 40] for at in range(0, 255, 40)] + [every, b"plain" * 51, b"\xff" * 255, b'"' * 255]
    held = [socks4.session(proxy.address, server, userid=user) for user in users]
    listed = http_client.get_json(proxy.status, "/sessions")["list"]
    assert len(held) == len(listed)
    for user, one in zip(users, listed):
        shown = one["user"]
        assert shown == escaped(user) or (shown.endswith("\\...") and escaped(user).startswith(shown[:-4])), user
    assert listed[-3]["user"] == "plain" * 51, "what is printable is never cut"


def test_a_name_that_is_looked_up_elsewhere(status):
    hop = peers.listener()
    name = bytes(range(0x80, 0xff)) + b"a" * 127
    proxy = status("--route", f"via socks4a://127.0.0.1:{peers.port_of(hop)}", "--allow", "to *")
    socks4.send(proxy.address, 443, name=name, userid=b"\x01" * 255)
    peers.accept(hop)
    (one,) = http_client.get_json(proxy.status, "/sessions")["list"]
    assert one["state"] == "hop" and one["to"].startswith("\\x80\\x81") and one["to"].endswith("\\...:443")


def test_pages_of_sessions_miss_none(status):
    proxy, server = status(), peers.listener()
    held = [socks4.session(proxy.address, server) for _ in range(120)]
    for client, end in held[::3]:
        client.close()
        peers.read_all(end)
        end.close()
    assert peers.until(lambda: http_client.get_json(proxy.status, "/status")["sessions"]["now"] == 80)
    held = [socks4.session(proxy.address, server) for _ in range(7)]
    seen, after, more = [], 0, True
    while more:
        page = http_client.get_json(proxy.status, f"/sessions?after={after}&limit=9")
        assert len(page["list"]) <= 9
        seen += [one["number"] for one in page["list"]]
        after, more = seen[-1], page["more"]
    assert seen == [n for n in range(1, 121) if n % 3 != 1] + list(range(121, 128))
    whole = http_client.get_json(proxy.status, "/sessions?limit=512")
    assert [one["number"] for one in whole["list"]] == seen and not whole["more"]
    for wrong in ("limit=x", "limit=0", "limit=-1", "after=-1", "after=1x", "after=4294967296"):
        assert http_client.ask(proxy.status, f"/sessions?{wrong}").status == 400, wrong


def test_prometheus_finds_it_clean(status, tool):
    proxy = status()
    socks4.refused(proxy.address, peers.nobody())
    text = http_client.ask(proxy.status, "/metrics").body
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True, timeout=peers.LIMIT)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_families_stand_together(status):
    text = http_client.ask(status().status, "/metrics").body.decode()
    assert text.endswith("\n") and "\r" not in text
    families = [re.sub(r"\{.*", "", line.split(" ")[0]) for line in text.splitlines() if line[0] != "#"]
    together = [name for name, _ in itertools.groupby(families)]
    assert len(together) == len(set(together))
    assert [line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE ")] == together
    assert [line.split(" ")[2] for line in text.splitlines() if line.startswith("# HELP ")] == together


# ---- To whom ----

def test_without_the_word_clients_are_not_shown(status):
    proxy = status(where="tcp://127.0.0.1:0")
    for target in ("/sessions", "/refusals"):
        answer = http_client.ask(proxy.status, target)
        assert answer.status == 403 and b"'sessions'" in answer.body
    assert http_client.ask(proxy.status, "/status").status == 200


def test_from_other_addresses_nothing_is_shown(status):
    proxy = status(where="tcp://127.0.0.1:0 from 127.0.0.8/29")
    assert peers.end_of_visit(proxy.status) == "RESET"
    proxy.wait_log(r"127.0.0.1:\d+: closed at once, the status is not shown to that address")
    asking = peers.dial(proxy.status, source="127.0.0.9")
    asking.sendall(HEAD + b"\r\n")
    assert http_client.status_of(peers.read_all(asking)) == 200


def test_nobody_gets_there_through_the_proxy(status):
    proxy = status("--allow", "to *")
    assert socks4.refused(proxy.address, proxy.status[1]) == socks4.REJECTED
    proxy.wait_log("the proxy itself listens there")


@pytest.mark.parametrize("host, code", [
    ("127.0.0.1", 200), ("127.0.0.1:1", 200), ("192.0.2.7", 200), ("[::1]:80", 200), ("LocalHost:8080", 200),
    ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("evil.localhost", 403),
    ("", 403), ("localhost.", 403), (" 127.0.0.1\t", 200), ("x" * 300, 403),
])
def test_the_host_that_is_named(status, host, code):
    message = f"GET /status HTTP/1.1\r\nHost:{host}\r\n\r\n".encode()
    assert http_client.status_of(http_client.raw(status().status, message)) == code


def test_a_name_of_the_configuration(status, dns):
    dns.zone["here.example"] = Name(a=["127.0.0.1"])
    proxy = status(*dns.option, where="tcp://here.example:0")
    for host, code in (("here.example", 200), ("HERE.example:99", 200), ("there.example", 403)):
        assert http_client.ask(proxy.status, "/status", Host=host).status == code


@pytest.mark.parametrize("site, code", [("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403), ("x", 403)])
def test_for_another_site_nothing_is_answered(status, site, code):
    assert http_client.ask(status().status, "/status", Sec_Fetch_Site=site).status == code


# ---- Otherwise than they should ----

@pytest.mark.parametrize("message, code", [
    (b"GET /status HTTP/1.1\r\n\r\n", 403),
    (b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    (HEAD + b" folded\r\n\r\n", 400),
    (HEAD + b"no colon\r\n\r\n", 400),
    (HEAD + b"Blank : 1\r\n\r\n", 400),
    (HEAD + b"X: \0\r\n\r\n", 400),
    (HEAD + b"X: \r1\r\n\r\n", 400),
    (b"GET /status\r\n\r\n", 400),
    (b"GET  HTTP/1.1\r\n\r\n", 400),
    (b"GET http://127.0.0.1/status HTTP/1.1\r\n\r\n", 400),
    (b"GET /status HTTP/2.0\r\n\r\n", 400),
    (b"\x04\x01\x00\x50\x7f\x00\x00\x01me\0\n", 400),
    (b"GET /" + b"a" * 95 + b" HTTP/1.1\r\n\r\n", 414),
    (b"GET /" + b"a" * 900 + b" HTTP/1.1\r\n\r\n", 414),
    (b"GET /" + b"a" * 2000, 431),
    (HEAD + b"Cookie: " + b"c" * 2000 + b"\r\n\r\n", 431),
    (HEAD + b"X: 1\r\n" * 400 + b"\r\n", 431),
    (b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    (b"GET /statusx HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    (b"POST /status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n\r\n" + b"b" * 9000, 405),
    (b"BREW /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405),
    (b"POST /end?session=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405),
    (HEAD + b"Cookie: " + b"c" * 900 + b"\r\n\r\n", 200),
    (b"\r\n" + HEAD.replace(b"\r", b"") + b"\n", 200),
])
def test_bad_requests_are_answered(status, message, code):
    proxy = status()
    client, end = socks4.session(proxy.address, peers.listener())
    data = http_client.raw(proxy.status, message)
    assert http_client.status_of(data) == code
    if code != 200:
        head, body = data.split(b"\r\n\r\n")
        assert int(re.search(rb"Content-Length: (\d+)", head).group(1)) == len(body) > 8, "a word why"
    client.sendall(b"still here")
    assert peers.read_exactly(end, 10) == b"still here"


def test_a_head_byte_by_byte(status):
    proxy = status()
    data = http_client.raw(proxy.status, HEAD + b"\r\n", pause=lambda: peers.closed(proxy.address))
    assert http_client.status_of(data) == 200 and data.endswith(b"}\n\r\n0\r\n\r\n")


def test_head_and_http_1_0(status):
    proxy = status()
    answer = http_client.ask(proxy.status, "/metrics", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.head["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    old = http_client.raw(proxy.status, b"GET /status HTTP/1.0\r\nHost: localhost\r\n\r\n")
    head, body = old.split(b"\r\n\r\n", 1)
    assert b"chunked" not in head and body.startswith(b'{"v":1,') and body.endswith(b"}\n")


def test_a_head_that_never_ends(status):
    slow = peers.dial(status().status)
    slow.sendall(HEAD)
    assert http_client.status_of(peers.read_all(slow)) == 408


def test_the_silent_are_evicted_for_who_asks(status, tmp_path):
    control = str(tmp_path / "control")
    proxy = status("--control", control)
    silent = [peers.dial(proxy.status) for _ in range(12)]
    begun = time.monotonic()
    assert http_client.ask(proxy.status, "/status").status == 200
    took = time.monotonic() - begun
    assert took < 5, "six times the 250 ms that two have together, and not six times 5 s"
    assert all(peers.end_of(one) == "RESET" for one in silent[:10])
    held = [peers.dial(proxy.status) for _ in range(2)]
    assert http_client.get_json(control, "/status")["v"] == 1
    for one in held:
        one.sendall(HEAD + b"\r\n")
        assert http_client.status_of(peers.read_all(one)) == 200, "nobody waited for its place"


def test_who_never_reads_is_closed_and_the_next_one_served(anklet, namespace):
    ns = namespace()
    subprocess.run(ns.command("sh", "-c", "echo 4096 4096 4096 >/proc/sys/net/ipv4/tcp_wmem"), timeout=30, check=True)
    proxy = anklet("--status", "tcp://127.0.0.1:0 sessions", ns=ns)
    place, server = proxy.addresses(2)[1], peers.listener(ns=ns)
    held = [socks4.session(proxy.address, server, userid=b"u" * 255, ns=ns) for _ in range(250)]
    stuck = []
    for _ in range(2):
        stuck.append(peers.new_socket(socket.AF_INET, ns=ns))
        stuck[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        stuck[-1].connect(place)
        stuck[-1].sendall(HEAD.replace(b"/status", b"/sessions?limit=512") + b"\r\n")
    asking = peers.dial(place, ns=ns)
    asking.sendall(HEAD + b"\r\n")
    assert b'"relay":250' in peers.read_all(asking)
    assert all(peers.is_broken(one) for one in stuck)
    client, end = held[0]
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"


def test_hundreds_ask_at_once(status):
    proxy = status()
    asking = [peers.dial(proxy.status) for _ in range(100)]
    for one in asking:
        one.sendall(HEAD + b"\r\n")
    for one in asking:
        assert http_client.status_of(peers.read_all(one)) == 200
        one.close()
    before = proxy.descriptors()
    assert socks4.serves(proxy.address) and peers.until(lambda: proxy.descriptors() <= before)


def test_nothing_is_allocated(status):
    program_without = os.environ.get("ANKLET_NO_MALLOC", str(program.ROOT / "build" / "anklet_no_malloc"))
    proxy = status(program=program_without)
    client = socks4.session(proxy.address, peers.listener(), userid=b"me")
    for target in ("/status", "/metrics", "/sessions", "/refusals", "/nothing"):
        assert http_client.ask(proxy.status, target).status in (200, 404)
    assert client


def test_a_place_that_is_taken(status):
    taken = peers.port_of(peers.listener())
    done = program.run("-l", "127.0.0.1:0", "--status", f"tcp://127.0.0.1:{taken}")
    assert done.returncode == 1 and f"cannot listen on tcp://127.0.0.1:{taken}: it is in use" in done.stderr
