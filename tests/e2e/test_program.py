"""The program: its command line, its messages, its log, signals, rights, and what it asks of the system."""
import os
import pathlib
import re
import signal
import subprocess

import pytest

import peers
import program
import socks4
from dns_server import Name

USAGE, CONFIG = 2, 78


@pytest.fixture
def server():
    return peers.listener()


# ---- Command line ----

def keywords(what="list"):
    done = subprocess.run([program.ROOT / "tools/keywords", what], stdout=subprocess.PIPE, text=True, timeout=60,
                          check=True)
    return done.stdout


# Of each keyword its name, its value, and what it is for.
KEYWORDS = [(row[0], row[-3], row[-2]) for row in (line.split("\t") for line in keywords().splitlines())]


def test_help():
    """Every keyword that is built in, with what it is for; no line is wider than a terminal."""
    done = program.run("--help")
    assert done.returncode == 0 and done.stderr == ""
    for word in ("-c, --config", "-t, --check", "-l WHERE", "-h, --help", "-V, --version"):
        assert word in done.stdout
    assert len(KEYWORDS) >= 18
    for name, value, words in KEYWORDS:
        if name != "ca" or "--ca" in done.stdout:  # it may be built without TLS
            assert re.search(rf"^  --{name} {re.escape(value)} +{re.escape(words)}$", done.stdout, re.MULTILINE), name
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_names_every_option(shell, tool):
    text = keywords(shell)
    for name in [name for name, _, _ in KEYWORDS] + ["config", "check", "help", "version"]:
        assert re.search(rf"--{name}\b", text), name
    for command in ("user", "status", "sessions", "top", "reload", "end", "log"):
        assert re.search(rf"['( ]{command} ", text), command
    assert subprocess.run([tool(shell), "-n"], input=text, text=True, timeout=60).returncode == 0


@pytest.mark.parametrize("words, completed", [
    (["--li"], {"--listen", "--limit-handshake", "--limit-establish", "--limit-idle", "--limit-half-closed",
                "--limit-datagrams", "--limit-client", "--limit-log", "--limit-user", "--limit-rate",
                "--limit-rate-total", "--limit-new"}),
    (["--log", ""], {"error", "warning", "refused", "info", "debug"}),
    (["--log", "=", "in"], {"info"}),
    (["-t", "--bind-"], {"--bind-ports", "--bind-address"}),
    (["--listen", ""], set()),
    (["st"], {"status"}),
    (["re"], {"reload"}),
    (["us"], {"user"}),
    (["log", "w"], {"warning"}),
])
def test_bash_completes(words, completed, tool, tmp_path):
    file = tmp_path / "anklet"
    file.write_text(keywords("bash"))
    script = f'. {file}; COMP_WORDS=(anklet "$@"); COMP_CWORD=$#; _anklet; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run([tool("bash"), "-c", script, "bash", *words], stdout=subprocess.PIPE, text=True, timeout=60,
                          check=True)
    assert set(done.stdout.split()) == completed


def test_the_manual_has_every_keyword():
    """A list that 'make keywords' writes, and of each what it does."""
    page = (program.ROOT / "docs/anklet.conf.5").read_text()
    assert keywords("manual") in page
    for name, _, _ in KEYWORDS:
        assert re.search(rf"^\.(It )?Cm {name}\b(?!.* Ta )", page, re.MULTILINE), name


def test_version():
    done = program.run("--version")
    text = (program.ROOT / "include" / "anklet.h").read_text()
    version = re.search(r'#define ANKLET_VERSION "(.*)"', text).group(1)
    assert done.returncode == 0 and re.fullmatch(rf"anklet {re.escape(version)}\n", done.stdout)


def test_t_prints_what_would_be_in_force():
    done = program.run("-t", "--listen", "127.0.0.1", "--allow", "bind from 127.0.0.1 to *:20-21 any-peer",
                       "--limit-idle", "5m")
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "listen tcp://127.0.0.1:1080" in lines
    assert any(re.match(r"limit-idle 5m", line) for line in lines)
    assert any(line.startswith("allow bind from 127.0.0.1") and "20-21" in line for line in lines)


def test_t_reads_what_it_prints(tmp_path):
    first = program.run("-t", "--allow", "connect to *.example.test:80,443 user fred ident", "--deny", "to ::1",
                        "--dns", "127.0.0.1:5353", "--bind-ports", "2000-2010", "--limit-client", "9")
    file = tmp_path / "printed.conf"
    file.write_text(first.stdout)
    second = program.run("-t", "-c", str(file))
    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    assert first.stdout == second.stdout


@pytest.mark.parametrize("args", [["--no-such-thing"], ["-c"], ["surplus"], ["-Z"], ["--listen"]])
def test_wrong_usage(args):
    done = program.run(*args)
    assert done.returncode == USAGE and done.stdout == ""
    assert done.stderr.strip()


@pytest.mark.parametrize("args, hint", [
    (["--port", "1081"], "write -l ADDRESS:PORT, or -l PORT for clients on this host"), (["-p", "1081"], "write -l "),
    (["-d"], "write nothing: "), (["--daemon"], "write nothing: "), (["-v"], "write --log debug"),
    (["--lisen", "*"], "did you mean --listen?"), (["--surplus"], "")])
def test_options_of_others(args, hint):
    done = program.run(*args)
    assert done.returncode == USAGE and "there is no option " + args[0] in done.stderr and hint in done.stderr


@pytest.mark.parametrize("args", [["statsu"], ["-l", "127.0.0.1:0", "status"]])
def test_a_word_that_nobody_takes(args):
    done = program.run(*args)
    assert done.returncode == USAGE
    assert f'what is "{args[-1]}"? A command comes first, a listener after -l, a file after -c,' in done.stderr


def test_a_port_alone_listens_on_this_host():
    done = program.run("-t", "-l", "1081")
    assert done.returncode == 0 and "listen tcp://127.0.0.1:1081\n" in done.stdout


def test_listeners_that_exclude_each_other():
    done = program.run("-t", "-l", "*:1080", "-l", "127.0.0.1:1080")
    assert done.returncode == CONFIG and "'127.0.0.1:1080' is taken by an earlier listen" in done.stderr


@pytest.mark.parametrize("args", [["--listen", "127.0.0.1:99999"], ["--limit-idle", "soon"],
                                  ["--allow", "from nowhere/33"], ["--bind-ports", "9-2"]])
def test_wrong_configuration(args):
    done = program.run("-t", *args)
    assert done.returncode == CONFIG
    assert args[0].strip("-") in done.stderr and "^" in done.stderr


def test_an_option_is_one_line():
    """Whoever passes on a value from elsewhere gets no second line out of it."""
    done = program.run("-t", "--log=info\nallow to *")
    assert (done.returncode, done.stdout) == (CONFIG, "")
    assert "--log: a line end is in the value" in done.stderr


def test_all_errors_are_shown_with_line_and_caret(tmp_path):
    file = tmp_path / "bad.conf"
    file.write_text("listen tcp://127.0.0.1:1080\nlisten 127.0.0.1:99999\n# fine\nallwo connect\n")
    done = program.run("-c", str(file))
    assert done.returncode == CONFIG
    assert f"{file}:2:" in done.stderr and f"{file}:4:" in done.stderr
    lines = done.stderr.splitlines()
    shown = next(i for i, line in enumerate(lines) if line.endswith("listen 127.0.0.1:99999"))
    caret = lines[shown + 1]
    assert caret.strip(" \t^~") == "" and caret.index("^") - lines[shown].index("listen") in (17, 7)
    assert "allow" in done.stderr.split(f"{file}:4:")[1], "what would be right"


def test_a_file_that_is_missing(tmp_path):
    done = program.run("-c", str(tmp_path / "none.conf"))
    assert done.returncode == CONFIG and "none.conf" in done.stderr


@pytest.mark.parametrize("secure", [False, True])
def test_a_port_in_use_names_its_holder(request, secure):
    holder = peers.listener()
    place = f"127.0.0.1:{peers.port_of(holder)}"
    if secure:
        request.getfixturevalue("with_tls")
        pair = request.getfixturevalue("certs").server
        place = f"tls://{place}?cert={pair.cert}&key={pair.key}"
    done = program.run("--listen", place)
    assert done.returncode == 1
    assert place in done.stderr
    if os.path.exists("/proc/self/fd"):
        name = pathlib.Path("/proc/self/comm").read_text().strip()
        assert str(os.getpid()) in done.stderr and name in done.stderr


def test_start_up_says_where_who_and_how(anklet):
    one = anklet("--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0")
    addresses = one.addresses(2)
    assert [host for host, _ in addresses] == ["127.0.0.1", "127.0.0.2"]
    one.wait_log("curl ")
    one.wait_log("loopback")


def test_standard_descriptors_that_are_closed(anklet, server):
    """Else a connection would get their numbers, and the log would go to a client."""
    port = peers.reserve()
    one = anklet("--listen", f"127.0.0.1:{port}", "--log", "debug", stderr=subprocess.DEVNULL,
                 wrapper=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
    one.address = "127.0.0.1", port
    assert peers.until(lambda: not peers.closed(one.address))
    client, end = socks4.session(one.address, server)
    end.sendall(b"this only")
    end.close()
    assert peers.read_all(client) == b"this only"


# ---- Where it listens ----

def test_without_configuration(anklet, namespace):
    """On the loopback addresses of both families, port 1080."""
    ns = namespace()
    one = anklet("--log", "info", listen=False, ns=ns)
    assert one.addresses(2) == [("127.0.0.1", 1080), ("::1", 1080)]
    server = peers.listener(ns=ns)
    for address in one.addresses(2):
        socks4.session(address, server, ns=ns)


def test_without_ipv6(anklet, namespace):
    """What nobody asked for may be missing."""
    ns = namespace()
    ns.ip("address", "del", "::1/128", "dev", "lo")
    one = anklet(listen=False, ns=ns)
    one.wait_log(r"warning: not listening on \[::1\]:1080")
    assert one.address == ("127.0.0.1", 1080)


@pytest.mark.parametrize("at, bits", [("192.0.2.7", 32), ("2001:db8::7", 128)])
def test_an_address_that_comes_later(anklet, namespace, at, bits):
    """As a router's does that is starting."""
    ns = namespace()
    host = f"[{at}]" if ":" in at else at
    one = anklet("--listen", f"{host}:1080", "--forward", f"udp://{host}:5353 udp://127.0.0.1:53",
                 "--allow", "to 127.0.0.1", ns=ns)
    one.wait_log(rf"warning: listening on {re.escape(host)}:1080, an address that this host does not have yet")
    one.wait_log(rf"warning: listening on {re.escape(host)}:5353, an address that this host does not have yet")
    server = peers.listener(ns=ns)
    with pytest.raises(OSError):
        socks4.session((at, 1080), server, ns=ns)
    ns.ip("address", "add", f"{at}/{bits}", "dev", "lo", *["nodad"] * (":" in at))
    socks4.session((at, 1080), server, ns=ns)


def at_any_port(anklet, host):
    """Listens at every address of that. A port that the kernel gives for one of them may be a client's at another."""
    for _ in range(5):
        one = anklet("--listen", host + ":0")
        if not re.search("warning: not listening on .*: it is in use", one.log):
            break
    return one


def test_every_address(anklet, server):
    one = at_any_port(anklet, "*")
    (v4, port), (v6, same) = one.addresses(2)
    assert (v4, v6) == ("0.0.0.0", "::") and port == same
    for host in ("127.0.0.1", "127.0.0.3", "::1"):
        socks4.session((host, port), server)


def test_a_name_to_listen_on(anklet, server):
    """Every address of it, at one port."""
    one = at_any_port(anklet, "localhost")
    (v6, port), (v4, same) = one.addresses(2)
    assert (v6, v4) == ("::1", "127.0.0.1") and port == same
    for host in (v6, v4):
        socks4.session((host, port), server)


def test_a_name_to_listen_on_where_there_is_no_ipv6(anklet, namespace):
    ns = namespace()
    subprocess.run(ns.command("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"), check=True, timeout=30)
    one = anklet("--listen", "localhost:0", ns=ns)
    one.wait_log(r"warning: .*\[::1\]")
    port = int(one.wait_log(r" listening on 127\.0\.0\.1:(\d+)").group(1))
    socks4.session(("127.0.0.1", port), peers.listener(ns=ns), ns=ns)


# ---- Rights ----

def test_user_gives_up_root(anklet, server):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    one = anklet("--user", "nobody")
    status = pathlib.Path(f"/proc/{one.pid}/status").read_text()
    uid, gid = (re.search(rf"^{name}:\t(.*)$", status, re.MULTILINE).group(1).split() for name in ("Uid", "Gid"))
    assert set(uid) == {"65534"} and len(set(gid)) == 1 and gid[0] != "0"
    assert "0" not in re.search(r"^Groups:(.*)$", status, re.MULTILINE).group(1).split()
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    client, end = socks4.session(one.address, server)
    client.sendall(b"unprivileged")
    assert peers.read_exactly(end, 12) == b"unprivileged"


@pytest.mark.parametrize("number", ["65534", "54321"])
def test_user_as_a_number(anklet, number):
    """nobody's, and one that nobody has."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    one = anklet("--user", number)
    status = pathlib.Path(f"/proc/{one.pid}/status").read_text()
    uid, gid = (re.search(rf"^{name}:\t(.*)$", status, re.MULTILINE).group(1).split() for name in ("Uid", "Gid"))
    assert set(uid) == {number} and "0" not in gid
    assert "0" not in re.search(r"^Groups:(.*)$", status, re.MULTILINE).group(1).split()


def test_a_user_that_does_not_exist():
    done = program.run("--listen", "127.0.0.1:0", "--user", "no-such-user-here")
    assert done.returncode in (1, CONFIG) and "no-such-user-here" in done.stderr


# ---- Signals ----

def test_term_drains(anklet, server):
    one = anklet()
    client, end = socks4.session(one.address, server)
    one.signal(signal.SIGTERM)
    assert peers.until(lambda: peers.closed(one.address)), "it still accepts"
    client.sendall(b"not yet")
    assert peers.read_exactly(end, 7) == b"not yet"
    end.sendall(b"bye")
    assert peers.read_exactly(client, 3) == b"bye"
    assert one.alive()
    client.close()
    end.close()
    assert one.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_int_and_quit_stop_at_once(anklet, server, number):
    one = anklet()
    client, end = socks4.session(one.address, server)
    waiting = peers.dial(one.address)
    one.signal(number)
    assert one.wait(peers.LIMIT) == 0
    assert peers.end_of(client) in ("EOF", "RESET") and peers.end_of(end) in ("EOF", "RESET")
    assert peers.end_of(waiting) in ("EOF", "RESET")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_int_and_quit_and_a_second_term_end_a_drain(anklet, server, number):
    one = anklet()
    socks4.session(one.address, server)
    one.signal(signal.SIGTERM)
    assert peers.until(lambda: peers.closed(one.address))
    assert one.alive()
    one.signal(number)
    assert one.wait(peers.LIMIT) == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_other_signals_end_nothing(anklet, server, number):
    """Neither while it serves nor while it drains, nor before it listens."""
    one = anklet()
    client, end = socks4.session(one.address, server)
    for stage in (b"serves", b"drains"):
        one.signal(number)
        client.sendall(stage)
        assert peers.read_exactly(end, len(stage)) == stage
        if stage == b"serves":
            assert socks4.serves(one.address)
            one.signal(signal.SIGTERM)
            assert peers.until(lambda: peers.closed(one.address))
    client.close()
    end.close()
    assert one.wait() == 0


def test_signals_before_it_listens_end_nothing(anklet, dns):
    """While it looks a name up at which it is to listen, which takes as long as the name server likes."""
    dns.zone["late.example.test"] = Name(silent=True)
    one = anklet("--listen", "late.example.test:0", *dns.option, stderr=subprocess.DEVNULL)
    assert peers.until(lambda: dns.asked("late.example.test"))
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        one.signal(number)
    assert one.wait() == 1


def test_the_port_is_free_again_at_once(anklet, server):
    one = anklet()
    socks4.session(one.address, server)
    one.signal(signal.SIGINT)
    one.wait(peers.LIMIT)
    again = anklet("--listen", f"127.0.0.1:{one.port}")
    socks4.session(again.address, server)


# ---- What it asks of the system ----

def test_strace_of_one_curl(anklet, tool, tmp_path, monkeypatch, web):
    """One process, one thread, and select() the only call that waits."""
    trace = tmp_path / "trace"
    strace = tool("strace")
    probe = subprocess.run([strace, "-o", "/dev/null", "true"], stderr=subprocess.PIPE, timeout=program.START_LIMIT)
    if probe.returncode != 0:
        pytest.skip(f"strace is not permitted here: {probe.stderr.decode().strip()}")
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")  # it cannot look for them while it is traced
    # A leak sanitizer cannot look while somebody traces.
    one = anklet(wrapper=[strace, "-E", "ASAN_OPTIONS=detect_leaks=0", "-D", "-f", "-o", str(trace)])
    done = subprocess.run([tool("curl"), "-s", "--noproxy", "", "--socks4a", f"127.0.0.1:{one.port}",
                           f"http://localhost:{web.port}/"], stdout=subprocess.PIPE, timeout=program.START_LIMIT)
    assert done.stdout == web.page
    one.signal(signal.SIGTERM)
    assert one.wait() == 0
    lines = trace.read_text().splitlines()
    assert {line.split()[0] for line in lines} == {str(one.pid)}, "more than one process or thread"
    calls = {re.match(r"\d+ +(\w+)\(", line).group(1) for line in lines if re.match(r"\d+ +\w+\(", line)}
    waits = {"poll", "ppoll", "epoll_wait", "epoll_pwait", "nanosleep", "clock_nanosleep", "futex", "wait4",
             "pause", "rt_sigtimedwait", "rt_sigsuspend", "io_uring_enter", "flock"}
    assert calls & {"select", "pselect6"}
    assert not [line for line in lines if re.match(r"\d+ +(%s)\(" % "|".join(waits), line)
                and not re.search(r"poll\(.*, 0\)", line)]
    assert not calls & {"clone", "clone3", "fork", "vfork"}
    blocking = [line for line in lines if re.search(r"\bsocket\(AF_INET.*SOCK_STREAM", line)
                and "SOCK_NONBLOCK" not in line]
    assert not blocking, "a socket that could block"


@pytest.fixture
def no_malloc():
    path = os.environ.get("ANKLET_NO_MALLOC")
    if not path:
        pytest.skip("ANKLET_NO_MALLOC names no variant of the program that watches its allocations")
    return path


def test_an_allocation_would_be_seen(no_malloc):
    """The variant allocates on purpose: what the next test relies on."""
    run = subprocess.run([no_malloc, "--listen", "127.0.0.1:0"], env=dict(os.environ, NO_MALLOC_PROVE="1"),
                         stderr=subprocess.PIPE, timeout=program.START_LIMIT)
    assert run.returncode == -signal.SIGABRT
    assert b"malloc was called after the start" in run.stderr


def test_nothing_is_allocated_after_the_start(anklet, dns, server, no_malloc):
    """A variant that aborts when it allocates: CONNECT, a name, BIND, refusals, log, and the end."""
    dns.zone["web.example.test"] = Name(a=["127.0.0.1"], aaaa=["::1"], truncate=True)
    one = anklet(*dns.option, "--log", "debug", "--allow", "connect user ident ident", "--allow", "to *",
                 program=no_malloc)
    for how in (dict(), dict(name="web.example.test"), dict(name="localhost"), dict(userid=b"a\r\n\xff")):
        client, end = socks4.session(one.address, server, **how)
        client.sendall(b"ping")
        assert peers.read_exactly(end, 4) == b"ping"
        peers.reset(client)
    client, reply = socks4.ask(one.address, 21, "127.0.0.5", cd=socks4.BIND)
    peers.dial((reply.ip, reply.port), "127.0.0.5")
    assert socks4.read_reply(client).cd == socks4.GRANTED
    socks4.refused(one.address, 80, cd=9)
    socks4.refused(one.address, 80, name="none.example.test")
    assert socks4.refused(one.address, 80, userid=b"ident") in (socks4.NO_IDENTD, socks4.OTHER_USERID)
