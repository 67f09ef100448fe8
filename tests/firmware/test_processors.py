"""Other processors, and boards from folders outside this tree: what somebody begins with who has another one."""
import os
import pathlib
import shutil
import subprocess

import pytest

import peers
import socks4
from board import Board, settings_blob

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "port" / "lwip" / "boards"
HERE = "10.0.2.2"  # this host, as a board sees it
PROCESSORS = {
    "cortex-m0plus": ("arm-none-eabi-", "-mcpu=cortex-m0plus -mthumb"),
    "cortex-m33": ("arm-none-eabi-", "-mcpu=cortex-m33 -mthumb"),
    "rv32imac": ("riscv64-unknown-elf-", "-march=rv32imac -mabi=ilp32 -isystem /usr/include/newlib"),
}
# What of the folder of mps2-an385 is otherwise on boards of its kind.
BOARDS = {
    "mps2-an386": ("cortex-m4", {}),
    "mps2-an500": ("cortex-m7", {"chip_registers.h": {"(0x4020": "(0xA000"}}),  # where the LAN9118 is
    # With TrustZone: all of it is secure, where memory and peripherals have addresses of their own.
    "mps2-an505": ("cortex-m33", {
        "chip_registers.h": {"(0x4020": "(0x5200", "(0x40004": "(0x50200", "WATCHDOG 0x40008000": "WATCHDOG 0x50081000",
                             "HZ 25000000u": "HZ 20000000u", "IRQS 32": "IRQS 64", "NIC_IRQ 13": "NIC_IRQ 48"},
        "memory.ld": {"0x00000000": "0x10000000", "0x00300000": "0x10300000", "0x003FF000": "0x103FF000",
                      "0x20000000": "0x38000000", "0x203FFFC0": "0x383FFFC0"}}),
}


def make(*words):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "--no-print-directory", f"-j{os.cpu_count()}", "WERROR=1", *words], cwd=ROOT, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=900)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("name", PROCESSORS)
def test_the_core_and_the_port_compile_for(name, tmp_path):
    cross, cpu = PROCESSORS[name]
    if not shutil.which(f"{cross}gcc"):
        pytest.skip(f"'{cross}gcc' is not installed")
    make("BOARD=lm3s6965evb", f"CROSS={cross}", f"FIRMWARE_CPU={cpu}", f"BUILD={tmp_path}", "portable_objects")
    assert (tmp_path / "lm3s6965evb" / "port" / "lwip" / "stream.o").exists()


def copied(name, to):
    """The folder of mps2-an385, with what that other board has of its own. Without TLS, for time's sake."""
    cpu, differences = BOARDS[name]
    shutil.copytree(TREE / "mps2-an385", to)
    (to / "board.mk").write_text(f"FIRMWARE_CPU = -mcpu={cpu} -mthumb\n")
    for file, words in differences.items():
        text = (to / file).read_text()
        for old, new in words.items():
            assert old in text, old
            text = text.replace(old, new)
        (to / file).write_text(text)
    sizes = (ROOT / "configs" / "lm3s6965evb.h").read_text()
    (to / "configuration.h").write_text("#define CONFIG_ANKLET_LWIP_RING 2920\n" + sizes)


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_from_a_copied_folder_serves(name, tmp_path):
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if not shutil.which(tool):
            pytest.skip(f"'{tool}' is not installed")
    copied(name, tmp_path / name)
    make(f"BOARD_DIR={tmp_path / name}", f"BUILD={tmp_path / 'build'}", "images")
    port = peers.reserve()
    board = Board(name, tmp_path, f"user,hostfwd=tcp:127.0.0.1:{port}-:1080",
                  settings=settings_blob(b"mac 52:54:00:12:34:56\naddress dhcp\n", b"listen 0.0.0.0:1080\n"),
                  image=tmp_path / "build" / name / "anklet.elf")
    try:
        board.wait_log(r"address 10\.0\.2\.15$")
        server = peers.echo_server()
        client = socks4.connect(("127.0.0.1", port), server.port, HERE, early=b"early")
        assert peers.read_exactly(client, 5) == b"early"
        data = os.urandom(65536)
        peers.Worker(lambda: client.sendall(data)).start()
        assert peers.read_exactly(client, len(data)) == data
    finally:
        peers.close_all()
        board.finish()
