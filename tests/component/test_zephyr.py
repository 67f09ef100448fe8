"""
anklet as a module of Zephyr, without Zephyr: what its build would be told, and its Kconfig.

The C code is tested beside this, over this host's sockets (zephyr/test_port.c and the contract
tests); BUILD is where that was built.
"""
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULE = ROOT / "port" / "zephyr"
STAND_IN = ROOT / "tests" / "component" / "zephyr"
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build" / "zephyr"))
LIMIT = 10


def run(*command, **more):
    return subprocess.run([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, **more)


# ---- module.yml ----

def test_module_names_what_is_there():
    yaml = pytest.importorskip("yaml")
    module = yaml.safe_load((ROOT / "zephyr" / "module.yml").read_text())
    assert module["name"] == "anklet"
    assert (ROOT / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert ROOT / module["build"]["cmake"] == MODULE
    assert (ROOT / module["build"]["kconfig"]).is_file()


# ---- CMakeLists.txt ----

def evaluated(lists, *symbols):
    """What the file asks for with these symbols on: {word: [the rest of each line]}."""
    done = run("cmake", *(f"-D{symbol}=y" for symbol in symbols), f"-DLISTS={lists}", "-P", STAND_IN / "zephyr.cmake")
    said = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest)
    return done, said


def sources(said):
    return [str(pathlib.Path(path).relative_to(ROOT)) for path in said["source"]]


def in_makefile(words):
    return run("make", "-s", "--no-print-directory", "TLS=none", f"--eval=say: ; @echo '{words}'", "say").stdout


@pytest.fixture(scope="module")
def listed():
    """What the Makefile takes: core and port, without TLS, with TLS."""
    words = "$(CORE) $(filter-out tests/%,$(zephyr_port)) $(BSD_INET6) : $(TLS_none) : $(TLS_mbedtls)"
    return [part.split() for part in in_makefile(words).split(":")]


WITH_NAMES = ("CONFIG_ANKLET", "CONFIG_ANKLET_NAMES", "CONFIG_ANKLET_PORT_BSD", "CONFIG_DNS_RESOLVER", "CONFIG_NET_IPV6")


def test_nothing_is_built_unless_asked_for():
    done, said = evaluated(MODULE / "CMakeLists.txt")
    assert done.returncode == 0 and said == {}


def test_sources_are_the_makefiles(listed):
    common, without_tls, _ = listed
    done, said = evaluated(MODULE / "CMakeLists.txt", *WITH_NAMES)
    assert done.returncode == 0, done.stderr
    assert sorted(sources(said)) == sorted(common + without_tls)
    assert len(common) > 40 and said["library"] == ["anklet"]
    assert all((ROOT / source).is_file() for source in sources(said))


def test_sources_with_tls(listed):
    common, _, with_tls = listed
    done, said = evaluated(MODULE / "CMakeLists.txt", *WITH_NAMES,
                           "CONFIG_ANKLET_TLS", "CONFIG_MBEDTLS")
    assert done.returncode == 0, done.stderr
    assert sorted(sources(said)) == sorted(common + with_tls)
    assert "mbedTLS" in said["link"]


def test_sources_without_ipv6(listed):
    common, without_tls, _ = listed
    done, said = evaluated(MODULE / "CMakeLists.txt", *WITH_NAMES[:-1])
    assert done.returncode == 0, done.stderr
    assert set(common + without_tls) ^ set(sources(said)) == {"port/bsd/inet6.c", "port/bsd/inet6_none.c"}


@pytest.mark.parametrize("symbols, complaint", [
    (["CONFIG_ANKLET", "CONFIG_ANKLET_PORT_BSD", "CONFIG_ANKLET_TLS"], "MBEDTLS"),
    (["CONFIG_ANKLET", "CONFIG_ANKLET_PORT_LWIP"], "ANKLET_PORT_BSD"),
])
def test_what_cannot_be_built_is_said(symbols, complaint):
    done, _ = evaluated(MODULE / "CMakeLists.txt", *symbols)
    assert done.returncode != 0 and complaint in done.stderr


def test_directories_are_those_of_the_compilation():
    """In the order in which this test's own compilation has them; and the system is said."""
    _, said = evaluated(MODULE / "CMakeLists.txt", "CONFIG_ANKLET", "CONFIG_ANKLET_PORT_BSD")
    assert said["interface"] == ["anklet_headers"]
    directories = [line.split() for line in said["include"]]
    assert {(target, scope) for target, scope, _ in directories} == {("anklet_headers", "INTERFACE")}
    flags = in_makefile("$(ZEPHYR_FLAGS)")
    assert [str(pathlib.Path(path).relative_to(ROOT)) for *_, path in directories] == \
        re.findall(r"-I(include|src|port\S*)", flags)
    assert said["link"] == ["anklet_headers"]
    assert said["define"] == ["anklet_headers INTERFACE ANKLET_SYSTEM=zephyr"] and "-DANKLET_SYSTEM=zephyr" in flags


def test_sample_links_what_the_module_offers():
    text = (MODULE / "sample" / "CMakeLists.txt").read_text()
    assert "find_package(Zephyr REQUIRED" in text and "target_link_libraries(app PRIVATE anklet_headers)" in text
    module = re.search(r"EXTRA_MODULES \$\{CMAKE_CURRENT_SOURCE_DIR\}/(\S+)\)", text).group(1)
    assert (MODULE / "sample" / module).resolve() == ROOT


# ---- Kconfig ----

def shared_symbols():
    return set(re.findall(r"^\s*config (ANKLET_\w+)", (ROOT / "Kconfig").read_text(), re.M))


def test_kconfiglib_reads_every_symbol(monkeypatch):
    kconfiglib = pytest.importorskip("kconfiglib")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("srctree", str(ROOT))
    kconf = kconfiglib.Kconfig(str(STAND_IN / "Kconfig"), warn_to_stderr=False)
    assert kconf.warnings == []
    assert shared_symbols() | {"ANKLET"} == {name for name, symbol in kconf.syms.items()
                                             if name.startswith("ANKLET") and symbol.nodes}
    assert not any(name.startswith("ANKLET") and not symbol.nodes for name, symbol in kconf.syms.items())


def written(text):
    return set(re.findall(r"^(?:# )?CONFIG_(ANKLET\w*)[ =]", text, re.M))


def test_kconfig_conf_writes_the_same(tmp_path, monkeypatch):
    """The other parser, which does not know rsource, on the same configuration: every value is the same."""
    tool = shutil.which("kconfig-conf")
    if not tool:
        pytest.skip("needs kconfig-conf (kconfig-frontends-nox)")
    kconfiglib = pytest.importorskip("kconfiglib")
    wrapper = (MODULE / "Kconfig").read_text()
    assert wrapper.count('rsource "../../Kconfig"') == 1
    (tmp_path / "wrapper").write_text(wrapper.replace('rsource "../../Kconfig"', f'source "{ROOT}/Kconfig"'))
    stand_in = (STAND_IN / "Kconfig").read_text()
    (tmp_path / "Kconfig").write_text(stand_in.replace("port/zephyr/Kconfig", f"{tmp_path}/wrapper"))
    (tmp_path / ".config").write_text((MODULE / "sample" / "prj.conf").read_text())
    done = subprocess.run([tool, "--olddefconfig", "Kconfig"], cwd=tmp_path, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert done.returncode == 0 and "warning" not in done.stdout, done.stdout
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("srctree", str(ROOT))
    kconf = kconfiglib.Kconfig(str(STAND_IN / "Kconfig"), warn_to_stderr=False)
    kconf.load_config(str(MODULE / "sample" / "prj.conf"))
    kconf.write_config(str(tmp_path / "ours"))

    def values(text):
        return {line for line in text.splitlines() if "CONFIG_" in line}

    assert values((tmp_path / "ours").read_text()) == values((tmp_path / ".config").read_text())


def test_wrapper_waits_for_what_it_needs(tmp_path, monkeypatch):
    """Without one of what it depends on there is no anklet, and none of its symbols in the header."""
    conf = (MODULE / "sample" / "prj.conf").read_text()
    needs = re.search(r"depends on (.*)", (MODULE / "Kconfig").read_text()).group(1).split(" && ")
    assert set(needs) == {"NET_TCP", "NET_UDP", "NET_IPV4", "NET_SOCKETS", "POSIX_API"}
    for need in needs:
        (tmp_path / "conf").write_text(conf.replace(f"CONFIG_{need}=y", f"CONFIG_{need}=n"))
        done = run(STAND_IN / "configure", "--any", tmp_path / "header.h", tmp_path / "conf")
        assert done.returncode == 0, done.stderr
        assert "ANKLET" not in (tmp_path / "header.h").read_text()


def test_sample_says_nothing_that_is_not_taken(tmp_path):
    """A symbol that nobody knows, and a value that is not in force, are errors."""
    conf = (MODULE / "sample" / "prj.conf").read_text()
    assert run(STAND_IN / "configure", tmp_path / "header.h", MODULE / "sample" / "prj.conf").returncode == 0
    for line, complaint in (("CONFIG_ANKLET_NO_SUCH=y", "ANKLET_NO_SUCH"), ("CONFIG_ANKLET_SESSIONS=0", "ANKLET_SESSIONS")):
        (tmp_path / "conf").write_text(conf + line + "\n")
        done = run(STAND_IN / "configure", tmp_path / "header.h", tmp_path / "conf")
        assert done.returncode != 0 and complaint in done.stderr


def test_sample_has_buffers_for_every_window():
    """What nobody reads stops nobody else: each connection of a session can fill its windows, and some are left."""
    text = (MODULE / "sample" / "prj.conf").read_text()
    value = {name: int(number) for name, number in re.findall(r"^CONFIG_(\w+)=(\d+)$", text, re.M)}
    for way, window in ("RX", "RECV"), ("TX", "SEND"):
        pieces = -(-value[f"NET_TCP_MAX_{window}_WINDOW_SIZE"] // value["NET_BUF_DATA_SIZE"])
        assert value[f"NET_BUF_{way}_COUNT"] >= 2 * value["ANKLET_SESSIONS"] * pieces + 36
        assert value[f"NET_PKT_{way}_COUNT"] >= 2 * value["ANKLET_SESSIONS"] * 2 + 14


# ---- The sample, on this host's sockets ----

def talk(sample):
    """Starts it, and asks for what its rules do not permit: refused with 91."""
    process = subprocess.Popen([sample], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + LIMIT
    try:
        while True:
            assert process.poll() is None and time.monotonic() < end
            try:
                with socket.create_connection(("127.0.0.1", 1080), timeout=LIMIT) as client:
                    client.sendall(struct.pack("!BBH4sB", 4, 1, 80, socket.inet_aton("127.0.0.1"), 0))
                    assert client.recv(8)[:2] == bytes([0, 91])
                    assert process.stdout.readline() == "3 of Zephyr's 26 sockets are left to the application\n"
                    return
            except ConnectionRefusedError:
                time.sleep(0.01)
    finally:
        process.kill()
        process.wait(LIMIT)


def test_sample_serves():
    """With its own sizes and configuration, at the port that it names: in a network of its own."""
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("a network namespace takes root, unshare and ip")
    done = run("unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, __file__,
               BUILD / "sample" / "sample")
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    talk(sys.argv[1])
