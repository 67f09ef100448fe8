"""The load: build/bench/load, which is both ends; bench/load.c says which orders there are."""
import array
import json
import os
import select
import struct
import subprocess

MIB = 1 << 20
HEADER = struct.Struct("@IBBHIIQ")  # struct header of load.h
MAGIC, MESSAGE, FACTOR, MASK = 0x64616F6C, 64, 0x9E3779B97F4A7C15, (1 << 64) - 1


class Broken(Exception):
    """What was measured did not do what it is for; the text says how."""


class Unable(Broken):
    """It cannot be measured here, which is nobody's fault."""


class Load:
    """The running generator. .port is its server's, on 127.0.0.1."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.left = b""
        self.port = int(self.line(10))

    def line(self, limit):
        """The next line of output."""
        while b"\n" not in self.left:
            if not select.select([self.process.stdout], [], [], limit)[0]:
                raise RuntimeError(f"the load does not answer for {limit} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise RuntimeError("the load has ended")
            self.left += data
        line, self.left = self.left.split(b"\n", 1)
        return line.decode()

    def order(self, *words, limit=60):
        """Carries it out: its answer."""
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        answer = json.loads(self.line(limit))
        if "error" in answer:
            raise Broken(answer["error"])
        return answer

    def via(self, protocol, port):
        """How the server is reached. Anything but SOCKS is a fixed way to it."""
        self.order("via", protocol if protocol.startswith("socks") else "direct", port)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


# ---- The same protocol for clients that are written here: TLS ----

def first_message(kind, count=0, verify=False, run=0):
    head = HEADER.pack(MAGIC, ord(kind), verify, 0, run, 0, count)
    return head + bytes(MESSAGE - len(head))


def seed(run, down):
    return (run << 8 | int(down)) << 33


def block(of, offset):
    """A MiB of the pattern; see load_pattern.c. Both ends are of this machine, with its order of bytes."""
    begin = (of + offset // 8) * FACTOR & MASK
    return array.array("Q", (begin + i * FACTOR & MASK for i in range(MIB // 8))).tobytes()
