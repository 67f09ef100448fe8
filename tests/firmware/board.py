"""Boards under QEMU: starts an image with settings and a seed of the test's, and reads its serial line."""
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import socket
import subprocess
import time

import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = pathlib.Path(os.environ.get("IMAGES", ROOT / "build"))
BUILD = os.environ.get("BUILD", "build")  # as make calls it, that builds an image for a test
BOARDS = ("lm3s6965evb", "mps2-an385")
COMPILED = ("lm3s6965evb-compiled", "lm3s6965evb-many")  # which reads no text: there is an image for each
LOGS_NO_FIGURES = ("lm3s6965evb-many",)
TLS_BOARDS = ("lm3s6965evb-tls", "mps2-an385")
START_LIMIT = 60.0
STACK_PAINT = b"\xa5" * 4  # startup.c's
STACK_RESERVE = 256  # never used in any test: an interrupt at the worst moment takes less than a hundred
PORT = 1080
MAC = "52:54:00:12:34:56"
SEED = bytes(range(1, 33))  # fine for a test that guesses nothing
FAULTS = re.compile(r"^fault|terminate|hard fault", re.MULTILINE)


def tool(name):
    """A program of tools/ as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "tools" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


seed_blob, settings_blob, files_blob = tool("seed").blob, tool("settings").blob, tool("files").blob


def make(*words):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", "--no-print-directory", *words], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)


def symbols(image):
    out = subprocess.run(["arm-none-eabi-nm", image], check=True, stdout=subprocess.PIPE, text=True, timeout=30)
    return {row[2]: int(row[0], 16) for row in map(str.split, out.stdout.splitlines()) if len(row) == 3}


def machine(name):
    """What QEMU calls it."""
    return re.sub("-(tls|compiled|many)$", "", name)


def sessions(name):
    """How many sessions the image of a board has."""
    text = (ROOT / "configs" / f"{name.removesuffix('-compiled')}.h").read_text()
    return int(re.search(r"CONFIG_ANKLET_SESSIONS (\d+)", text).group(1))


compiled_images = {}


def compiled_image(name, directory, config, network):
    """The image of a board that has these settings, or with None its own."""
    if (name, config, network) not in compiled_images:
        words = [f"BOARD={name.removesuffix('-compiled')}", "SETTINGS=compiled", f"BUILD={BUILD}"]
        if config is not None:
            (directory / "anklet.conf").write_text(config)
            (directory / "network.conf").write_text(network)
            words.append(f"SETTINGS_DIR={directory}")
        done = make(*words, f"{BUILD}/{name}/anklet.elf")
        assert done.returncode == 0, done.stdout
        compiled_images[name, config, network] = (IMAGES / name / "anklet.elf").read_bytes()
    image = directory / f"anklet-{time.monotonic_ns()}.elf"
    image.write_bytes(compiled_images[name, config, network])
    return image


class Board:
    """
    A running board. nic: QEMU's -nic; ns: a network namespace to run it in; config and network:
    texts for the flash, None for those that are built in; settings, files and seed: blobs, None for none.
    A board that reads no text has an image built for those of config and network.
    """

    def __init__(self, name, directory, nic, *, ns=None, config=None, network=None, settings=None,
                 files=None, seed=seed_blob(SEED), image="anklet.elf", more=()):
        self.name, self.log_path = name, directory / f"serial-{time.monotonic_ns()}.log"
        if name in COMPILED:
            self.image = compiled_image(name, directory, config, network)
        else:
            self.image = IMAGES / name / image
        self.symbols, self.stack_path = symbols(self.image), directory / f"stack-{time.monotonic_ns()}.bin"
        self.expected_fault = False
        if config is not None and name not in COMPILED:
            settings = settings_blob(network.encode(), config.encode())
        command = ["qemu-system-arm", "-M", machine(name), "-kernel", str(self.image), "-nic", nic, "-no-reboot",
                   "-display", "none", "-monitor", "stdio", "-serial", f"file:{self.log_path}", *more]
        for what, place, blob in (("seed", "linked_noinit", seed), ("settings", "linked_settings", settings),
                                  ("files", "linked_files", files)):
            if blob is not None:
                path = directory / f"{what}-{time.monotonic_ns()}.bin"
                path.write_bytes(blob)
                command += ["-device", f"loader,file={path},addr={self.symbols[place]:#x},force-raw=on"]
        self.process = subprocess.Popen(ns.command(*command) if ns else command, stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.pid = self.process.pid

    @property
    def log(self):
        try:
            return self.log_path.read_text("latin-1").replace("\r", "")
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, limit=START_LIMIT):
        """Waits until the log holds the pattern: the match."""
        end = time.monotonic() + limit
        while True:
            match = re.search(pattern, self.log, re.MULTILINE)
            if match:
                return match
            assert time.monotonic() < end, f"no {pattern!r} in the log:\n{self.log}"
            time.sleep(0.02)

    def figures(self):
        """The last figures that it logged: {name: (now, most, all)}."""
        line = re.findall(r"figures: (.*)\n", self.log)[-1]  # the last may not be whole yet
        return {name: tuple(map(int, numbers.split("/")))
                for name, numbers in re.findall(r"(\w+) (\d+(?:/\d+)+)", line)}

    def stop(self):
        """Ends it, and has QEMU leave the stack as it is then. What QEMU said."""
        bottom, top = (self.symbols[f"linked_stack_{end}"] for end in ("bottom", "top"))
        try:
            return self.process.communicate(f'stop\nmemsave {bottom} {top - bottom} "{self.stack_path}"\nquit\n'.encode(),
                                            timeout=60)[1].decode("latin-1")
        finally:
            self.process.kill()
            self.process.wait(60)

    def stack(self):
        """How many bytes of the stack were ever used, and how many there are. Once it has stopped."""
        stack = self.stack_path.read_bytes()
        words = [stack[at:at + 4] for at in range(0, len(stack), 4)]
        unused = next((at for at, word in enumerate(words) if word != STACK_PAINT), len(words))
        return len(stack) - 4 * unused, len(stack)

    def finish(self):
        """At the end of a test: it must still run, have said nothing of a fault, and never been near its stack's end."""
        alive = self.process.poll() is None
        errors = self.stop()
        print(self.log, errors)
        if not self.expected_fault:
            assert alive, f"QEMU ended by itself:\n{self.log}\n{errors}"
            assert not FAULTS.search(self.log), self.log
            used, size = self.stack()
            print(f"stack {used}/{size}")
            if stacks := os.environ.get("STACKS"):
                with open(stacks, "a", encoding="ascii") as file:
                    print(self.name, used, size, file=file)
            assert 0 < used <= size - STACK_RESERVE, f"the stack's {size} bytes: {used} were used"


class Debugger:
    """As much of GDB's remote protocol as it takes to put a processor somewhere else."""

    def __init__(self, path):
        assert peers.until(path.exists)
        self.sock = peers.keep(socket.socket(socket.AF_UNIX))
        self.sock.connect(str(path))
        self.unread = b""
        self.ask("?")

    def send(self, text):
        self.sock.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())

    def ask(self, text):
        """The answer. That the processor stopped is told by itself, too, and may come before it."""
        self.send(text)
        while True:
            match = re.search(rb"\$([^#]*)#..", self.unread)
            if not match:
                data = self.sock.recv(4096)
                assert data, "QEMU closed the debugger's connection"
                self.unread += data
                continue
            self.unread = self.unread[match.end():]
            self.sock.sendall(b"+")
            answer = match.group(1).decode()
            if text == "?" or not answer.startswith("T"):
                return answer

    def jump(self, address):
        """Sets the program counter, register 15, and lets it run."""
        registers = self.ask("g")
        assert self.ask("G" + registers[:15 * 8] + address.to_bytes(4, "little").hex() + registers[16 * 8:]) == "OK"
        self.send("c")

    def write(self, address, data):
        assert self.ask(f"M{address:x},{len(data):x}:{data.hex()}") == "OK"
