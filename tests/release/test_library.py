"""make install-lib: what is installed, whose names are in it, and that programs run with it that know nothing else."""
import contextlib
import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest
from commands import ROOT, VERSION, done, run

FILES = {"lib/libanklet.a", "lib/pkgconfig/anklet.pc", "include/anklet.h", "include/anklet_config.h",
         "include/anklet_loop.h"}
PAGE = b"a page of more than nothing\n" * 4000
LIMIT = 20


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"needs {program}")


def files(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="session")
def prefix(built, place):
    """Where it is installed, in a directory with a blank in its name."""
    directory = place / "a library"
    done("make", "-j2", "TLS=none", "install-lib", f"PREFIX={directory}", cwd=built)
    return directory


@pytest.fixture(scope="session")
def flags(prefix):
    """flags(*packages): what pkg-config says of anklet and these."""
    needs("pkg-config")

    def call(*packages):
        said = done("pkg-config", "--cflags", "--libs", "anklet", *packages,
                    env={"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")})
        return [word.replace("\\", "") for word in re.findall(r"(?:\\.|\S)+", said)]
    return call


@pytest.fixture(scope="session")
def in_cpp(flags, place):
    """tests/release/loop.cc, with the headers as another compiler sees them."""
    needs("g++")
    done("g++", "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", place / "loop",
         ROOT / "tests/release/loop.cc", *flags(), cwd=place)
    return place / "loop"


def example(flags, place, name, package):
    if run("pkg-config", "--exists", package).returncode != 0:
        pytest.skip(f"needs {package}")
    source = ROOT / "examples" / name / f"{name.replace('-', '_')}.c"
    done("cc", "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", place / name, source, *flags(package),
         cwd=place)
    return place / name


@pytest.fixture(scope="session")
def in_libuv(flags, place):
    return example(flags, place, "embed-libuv", "libuv")


@pytest.fixture(scope="session")
def in_glib(flags, place):
    return example(flags, place, "embed-glib", "glib-2.0")


@pytest.fixture(params=["in_libuv", "in_glib"])
def in_a_loop(request):
    """An example in a loop of somebody's."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def page():
    """The port of a server with PAGE."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def running(program, *lines):
    """(process, port): the program, when it listens."""
    with subprocess.Popen([program, "listen 127.0.0.1:0", *lines], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        killer = threading.Timer(3 * LIMIT, process.kill)
        killer.start()
        try:
            first = process.stdout.readline()
            port = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", first)
            assert port, first
            yield process, int(port[1])
        finally:
            process.kill()
            killer.cancel()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def fetch(proxy, port, scheme="socks5h", more=()):
    needs("curl")
    done_by = subprocess.run(["curl", "-sS", "--noproxy", "", "-x", f"{scheme}://127.0.0.1:{proxy}", *more,
                              f"http://127.0.0.1:{port}/"], stdout=subprocess.PIPE, timeout=LIMIT, check=True)
    return done_by.stdout


def test_there_and_back(built, prefix):
    assert files(prefix) == FILES
    done("make", "TLS=none", "install-lib", f"DESTDIR={prefix}", "PREFIX=/usr", cwd=built)
    assert files(prefix / "usr") == FILES
    assert str(prefix) not in (prefix / "usr/lib/pkgconfig/anklet.pc").read_text()
    done("make", "uninstall", f"DESTDIR={prefix}", "PREFIX=/usr", cwd=built)
    assert files(prefix / "usr") == set()


def test_no_name_of_ours_is_in_the_way(prefix):
    """What a program sees of it begins with anklet_, and is all in the headers."""
    names = re.findall(r" [A-TV-Z] (\S+)$", done("nm", "--defined-only", prefix / "lib/libanklet.a"), re.M)
    assert "anklet_loop_init" in names
    headers = (prefix / "include/anklet.h").read_text() + (prefix / "include/anklet_loop.h").read_text()
    assert [name for name in names if not re.search(rf"\b{name}\(", headers) or not name.startswith("anklet_")] == []


def test_the_version(flags, prefix):
    assert done("pkg-config", "--modversion", "anklet",
                env={"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}) == f"{VERSION}\n"
    assert f"-I{prefix}/include" in flags()


def test_the_header_has_the_library_s_sizes(built, place):
    """Whatever the program itself is compiled with."""
    header = place / "sizes/library/anklet_config.h"
    done("make", "TLS=none", f"BUILD={place / 'sizes'}", "CPPFLAGS=-DCONFIG_ANKLET_SESSIONS=77", str(header), cwd=built)
    said = done("cc", "-E", "-P", "-DCONFIG_ANKLET_SESSIONS=3", "-include", header, "-x", "c", os.devnull, "-dM")
    assert sorted(re.findall(r"^#define CONFIG_ANKLET_(?:SESSIONS|TLS_STREAMS) .*$", said, re.M)) == [
        "#define CONFIG_ANKLET_SESSIONS 77", "#define CONFIG_ANKLET_TLS_STREAMS 0"]


def test_descriptors_one_by_one(in_cpp, page):
    """Many connections, one after the other and at once: numbers of descriptors come again and again."""
    with running(in_cpp) as (process, port):
        for _ in range(20):
            assert fetch(port, page) == PAGE
        together = [threading.Thread(target=fetch, args=(port, page, "socks4a")) for _ in range(20)]
        for thread in together:
            thread.start()
        for thread in together:
            thread.join()
        with pytest.raises(subprocess.CalledProcessError):
            fetch(port, 1)
        said, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, said
    assert len(re.findall(r"^log 2 session \d+ .*: closed, both sides ended", said, re.M)) == 40
    assert len(re.findall(r"^log 2 session \d+ .*: refused with ", said, re.M)) == 1
    assert said.endswith("\nit is over\n") and "FAILED" not in said


def test_a_loop(in_a_loop, page):
    with running(in_a_loop) as (process, port):
        assert fetch(port, page) == PAGE
        assert fetch(port, page, "socks4a") == PAGE
        said, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, said
    assert len(re.findall(r"^\d+ level 2: session \d+ .*: closed, both sides ended", said, re.M)) == 2


def test_a_loop_sleeps_while_there_is_nothing_to_do(in_a_loop):
    """With a client that is connected and silent, so that there is a limit, too."""
    with running(in_a_loop) as (process, port), socket.create_connection(("127.0.0.1", port)):
        time.sleep(0.5)
        before = cpu_seconds(process.pid)
        time.sleep(2)
        assert cpu_seconds(process.pid) - before < 0.2


def test_a_loop_tells_of_sessions_and_lets_them_end(in_a_loop, page):
    """A client that has not yet asked, and one that is relayed: until both are gone the program stays."""
    with running(in_a_loop) as (process, port), socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(LIMIT)
        client.sendall(b"\x04\x01" + page.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + b'fr"ed\0')
        assert client.recv(8, socket.MSG_WAITALL)[:2] == b"\0\x5a"
        process.stdin.write("\n")
        process.stdin.flush()
        lines = []
        while not lines or lines[-1] != "these are all\n":
            lines.append(process.stdout.readline())
        assert lines[-2] == f"session 1: connect 127.0.0.1:{page}, relay\n"
        process.stdin.close()
        while (line := process.stdout.readline()) != "stopping\n":
            assert line
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        assert process.poll() is None
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.0 200"
        client.close()
        process.stdout.read()
        assert process.wait(LIMIT) == 0


@pytest.mark.parametrize("program", ["in_cpp", "in_libuv", "in_glib"])
def test_it_says_why_it_cannot_start(program, request):
    path = request.getfixturevalue(program)
    with running(path) as (_, port):
        second = run(path, f"listen 127.0.0.1:{port}")
    assert second.returncode == 1
    assert f"127.0.0.1:{port}" in second.stdout and "it is in use." in second.stdout
    wrong = run(path, "alow to *")
    assert wrong.returncode == 1 and "LINE:1:1: " in wrong.stdout
    assert "cannot start" not in wrong.stdout  # nobody tried
