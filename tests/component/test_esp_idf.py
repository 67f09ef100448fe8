"""
anklet as a component of ESP-IDF, without ESP-IDF: what its build would be told, and the component with
its example built and run over lwIP's unix port, with stand-ins for the SDK.

LWIP is where lwIP's source lies.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "esp-idf"
STAND_IN = ROOT / "tests" / "component" / "esp_idf"
LWIP = pathlib.Path(os.environ.get("LWIP", ROOT / "build" / "deps" / "lwip")).resolve()

pytestmark = pytest.mark.skipif(shutil.which("cmake") is None, reason="needs cmake")


def run(*command, **more):
    return subprocess.run([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240, **more)


# ---- What is asked of the SDK ----

def evaluated(*symbols):
    done = run("cmake", *(f"-D{symbol}=y" for symbol in symbols), f"-DROOT={ROOT}", "-P", STAND_IN / "list.cmake")
    assert done.returncode == 0, done.stdout
    lines = (line[3:].partition(" ") for line in done.stdout.splitlines() if line.startswith("-- "))
    return {word: rest.split(";") if rest else [] for word, _, rest in lines}


def in_makefile(variable):
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = run("make", "-s", "--no-print-directory", "TLS=none", f"--eval=say: ; @echo $({variable})", "say",
               env=plain)
    assert done.returncode == 0, done.stdout
    return done.stdout.split()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("six", [False, True])
def test_the_sources_are_those_of_the_makefile(six, tls):
    asked = evaluated("ESP_PLATFORM", "CONFIG_ANKLET_NAMES", *(["CONFIG_ANKLET_TLS"] if tls else []),
                      *(["CONFIG_LWIP_IPV6"] if six else []))
    sources = [str(pathlib.Path(path).relative_to(ROOT)) for path in asked["SRCS"]]
    own = [str(path.relative_to(ROOT)) for path in (ROOT / "port" / "esp-idf").glob("*.c")]
    port = [source for source in in_makefile("lwip_sockets_port") if not source.startswith("tests/")]
    assert sorted(sources) == sorted(in_makefile("CORE") + port + own + in_makefile("BSD_INET6" if six else "BSD_INET4") +
                                     in_makefile("PORT_LWIP_DUAL" if six else "PORT_LWIP_V4") +
                                     in_makefile("TLS_mbedtls" if tls else "TLS_none"))
    assert not asked["unknown"]


def test_every_directory_is_there():
    asked = evaluated("ESP_PLATFORM")
    for name in asked["INCLUDE_DIRS"] + asked["PRIV_INCLUDE_DIRS"]:
        assert (ROOT / name).is_dir()
    assert asked["REQUIRES"] == ["lwip"]
    assert asked["PRIV_REQUIRES"] == ["mbedtls"]


def test_without_the_sdk_it_says_so():
    done = run("cmake", f"-DROOT={ROOT}", "-P", STAND_IN / "list.cmake")
    assert done.returncode != 0
    assert "built with make" in done.stdout


def test_the_manifest_has_the_version():
    yaml = pytest.importorskip("yaml")
    manifest = yaml.safe_load((ROOT / "idf_component.yml").read_text())
    header = (ROOT / "include" / "anklet.h").read_text()
    assert manifest["version"] == re.search(r'ANKLET_VERSION "(.*)"', header).group(1)
    assert manifest["dependencies"]["idf"] == ">=5.1"


# ---- The component, built ----

SDK_SOCKETS = 10  # LWIP_MAX_SOCKETS, where nobody has said otherwise
README = (ROOT / "port" / "esp-idf" / "README.md").read_text()


def write_sdkconfig(directory, sizes):
    """sdkconfig.h as Kconfig writes it within ESP-IDF, from the example's defaults and what its menu was told."""
    kconfiglib = pytest.importorskip("kconfiglib")
    sdk = directory / "Kconfig"
    sdk.write_text(f'config IDF_CMAKE\n\tbool\n\tdefault y\nsource "{ROOT}/Kconfig"\n')
    kconfig = kconfiglib.Kconfig(str(sdk), warn=False)
    kconfig.load_config(str(EXAMPLE / "sdkconfig.defaults"))
    for name, value in sizes.items():
        assert kconfig.syms[name].set_value(value) and kconfig.syms[name].str_value == value, name
    kconfig.write_autoconf(str(directory / "sdkconfig.h"))


def build(directory, sockets, six=True, **sizes):
    write_sdkconfig(directory, sizes)
    done = run("cmake", "-S", STAND_IN, "-B", directory, f"-DSDKCONFIG={directory}", f"-DLWIP={LWIP}",
               f"-DSOCKETS={sockets}", f"-DIPV6={'y' if six else ''}")
    assert done.returncode == 0, done.stdout
    return run("cmake", "--build", directory, "-j", "2")


def serves(directory, left, sockets):
    done = run(directory / "program")
    assert done.returncode == 0, done.stdout
    assert "said: hello" in done.stdout
    assert f"{left} of lwIP's {sockets} sockets are left to the application" in done.stdout


needs_lwip = pytest.mark.skipif(not LWIP.is_dir(), reason="needs lwIP's source: make check-component")


@needs_lwip
@pytest.mark.parametrize("six", [True, False])
def test_the_example_serves_with_the_defaults_of_the_sdk(tmp_path, six):
    done = build(tmp_path, SDK_SOCKETS, six)
    assert done.returncode == 0, done.stdout
    serves(tmp_path, 0, SDK_SOCKETS)


@needs_lwip
def test_five_clients(tmp_path):
    done = build(tmp_path, 16, ANKLET_SESSIONS="5", ANKLET_LOOKUPS="2")
    assert done.returncode == 0, done.stdout
    serves(tmp_path, 1, 16)


def test_what_five_clients_take_is_what_is_written():
    for text in README, (EXAMPLE / "sdkconfig.defaults").read_text():
        for words in "LWIP_MAX_SOCKETS=16", "ANKLET_SESSIONS=5", "ANKLET_LOOKUPS=2":
            assert words in text


@needs_lwip
def test_too_few_sockets_are_refused_with_the_name_of_the_option(tmp_path):
    done = build(tmp_path, SDK_SOCKETS - 1)
    assert done.returncode != 0
    assert f"LWIP_MAX_SOCKETS (MEMP_NUM_NETCONN of lwIP) is {SDK_SOCKETS - 1}, and" in done.stdout
