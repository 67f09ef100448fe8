"""Clients that speak TLS to a board: openssl s_client, which nobody here wrote, by its standard input and output."""
import os
import select
import subprocess
import time

import peers
import socks4

LIMIT = 25.0  # seconds: a handshake takes long on such a board, which has a limit of 30 s for it


class Client:
    """A TLS connection to address; ns: from that namespace. options: s_client's own."""

    def __init__(self, address, *options, ns=None, source=None):
        command = ["openssl", "s_client", "-connect", f"{address[0]}:{address[1]}", "-quiet", "-no_ign_eof",
                   "-nocommands", *(["-bind", f"{source}:0"] if source else []), *map(str, options)]
        # Without a buffer: what select() tells is then all there is.
        self.process = subprocess.Popen(ns.command(*command) if ns else command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        peers.opened.append(self)

    def sendall(self, data):
        """Sends what the pipe takes; a client that reads nothing back may need a thread for more."""
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view):]

    def recv(self, count, limit=LIMIT):
        """Up to count bytes; b"" at the end of the connection."""
        assert select.select([self.process.stdout], [], [], limit)[0], f"nothing came in {limit} s"
        return os.read(self.process.stdout.fileno(), count)

    def silent_for(self, seconds):
        return not select.select([self.process.stdout], [], [], seconds)[0]

    def end(self):
        """Sends close_notify."""
        self.process.stdin.close()

    def failure(self):
        """What s_client says when it has ended by itself, which it must."""
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError("s_client goes on") from None
        assert self.process.returncode != 0, "s_client has no complaint"
        return self.process.stderr.read().decode("latin-1")

    def close(self):
        self.process.kill()
        self.process.wait(LIMIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def ask(client, *args, early=b"", **more):
    """Sends a SOCKS request by TLS: the reply."""
    client.sendall(socks4.request(*args, **more) + early)
    return socks4.read_reply(client)


def connect(client, *args, **more):
    reply = ask(client, *args, **more)
    assert reply.cd == socks4.GRANTED, f"{reply}"
    return client


def until_ended(client):
    """Reads to the end of the connection, with a limit."""
    end = time.monotonic() + LIMIT
    while client.recv(65536):
        assert time.monotonic() < end, "it does not end"
