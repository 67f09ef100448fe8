"""Much data through a session: who sends it, who receives it, and whether it is the same."""
import contextlib
import hashlib
import os
import select
import socket
import ssl
import subprocess
import sys
import time

import certificates
import peers
import socks4
import tls_peers

MIB = 1 << 20
BLOCK = os.urandom(MIB)


class Sender(peers.Worker):
    """Sends so many MiB, no two of them the same, then EOF."""

    def __init__(self, sock, mib, block=BLOCK):
        super().__init__()
        self.sock, self.mib, self.block, self.hash = sock, mib, block, hashlib.sha256()
        self.start()

    def run(self):
        block = bytearray(self.block)
        for number in range(self.mib):
            block[:4] = number.to_bytes(4, "big")
            self.hash.update(block)
            self.sock.sendall(block)
        self.sock.shutdown(1)


class Receiver(peers.Worker):
    """Receives up to the EOF, at most so many bytes at a time, with a pause after each."""

    def __init__(self, sock, pause=0, most=MIB):
        super().__init__()
        self.sock, self.pause, self.most = sock, pause, most
        self.count, self.hash, self.failure = 0, hashlib.sha256(), None
        self.start()

    def run(self):
        try:
            while True:
                data = self.sock.recv(self.most)
                if not data:
                    return
                self.count += len(data)
                self.hash.update(data)
                if self.pause:
                    time.sleep(self.pause)
        except (OSError, EOFError) as failure:
            self.failure = failure


def both_ways(client, end, up, down, limit=120):
    """So many MiB from the client to the other end and back, both at the same time."""
    for sock in (client, end):
        sock.settimeout(limit)
    ways = [(Sender(client, up), Receiver(end), up), (Sender(end, down), Receiver(client), down)]
    for sender, receiver, mib in ways:
        receiver.join(limit)
        assert not receiver.is_alive() and receiver.failure is None, receiver.failure
        sender.join(peers.LIMIT)
        assert receiver.count == mib * MIB
        assert receiver.hash.digest() == sender.hash.digest()



# ---- Both at the same time over TLS, which takes a process for each end: Python's threads hold each other up ----

class Duplex:
    """So many MiB, then close_notify; and everything up to the peer's."""

    def __init__(self, tls, mib):
        self.tls, self.mib = tls, mib
        self.sent, self.got, self.count = hashlib.sha256(), hashlib.sha256(), 0

    def pump(self):
        block, number, waiting, ended = bytearray(BLOCK), 0, memoryview(b""), False
        self.tls.sock.setblocking(False)
        while not (ended and number > self.mib and not waiting):
            if not waiting:
                self.next(block, number)
                number += 1
                waiting = memoryview(self.tls.outgoing.read())
            reads, writes, _ = select.select([] if ended else [self.tls], [self.tls] if waiting else [], [], 30)
            if writes:
                with contextlib.suppress(BlockingIOError):
                    waiting = waiting[self.tls.sock.send(waiting):]
            if reads:
                ended = self.receive()
            elif not writes:
                raise TimeoutError("nothing moves")

    def next(self, block, number):
        if number < self.mib:
            block[:4] = number.to_bytes(4, "big")
            self.sent.update(block)
            self.tls.ssl.write(block)
        elif number == self.mib:
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.ssl.unwrap()

    def receive(self):
        """True: close_notify has come."""
        data = self.tls.sock.recv(65536)
        if not data:
            raise EOFError("no close_notify")
        self.tls.incoming.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            while True:
                data = self.tls.recv_now()
                if not data:
                    return True
                self.count += len(data)
                self.got.update(data)
        return False


class End:
    """A Duplex in a process of its own, over a socket that is connected. request: what a client says first."""

    def __init__(self, sock, mib, ca="", pair=("", ""), request=b""):
        self.mib = mib
        self.process = subprocess.Popen([sys.executable, __file__, str(sock.fileno()), str(mib), ca, *pair[:2],
                                         request.hex()], pass_fds=[sock.fileno()], stdout=subprocess.PIPE, text=True)
        peers.keep_server(self)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def result(self, limit):
        """Bytes received, and the hashes of what was sent and received."""
        out, _ = self.process.communicate(timeout=limit)
        assert self.process.returncode == 0
        count, sent, got = out.split()
        return int(count), sent, got


def main(fd, mib, ca, cert, key, request):
    sock = peers.keep(socket.socket(fileno=int(fd)))
    if cert:
        tls = tls_peers.Tls(sock, tls_peers.server_context(certificates.Pair(cert, key, "")), server=True)
    else:
        tls = tls_peers.Tls(sock, tls_peers.client_context(ca), name=certificates.NAME)
        tls.sendall(bytes.fromhex(request))
        assert socks4.read_reply(tls).cd == socks4.GRANTED
    end = Duplex(tls, int(mib))
    end.pump()
    print(end.count, end.sent.hexdigest(), end.got.hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
