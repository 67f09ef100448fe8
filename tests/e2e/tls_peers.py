"""
TLS peers of the tests: Python's ssl over a socket, one byte at a time if need be, and openssl s_client.

ssl.SSLSocket hides what these tests are about: whether an end came with close_notify, what
stood on the wire, and a direction that ends alone.
"""
import contextlib
import os
import select
import socket
import ssl
import subprocess

import peers
import socks4
from certificates import NAME

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Truncated(EOFError):
    """The connection ended without close_notify."""


def context(kind, pair, ca, version, alpn):
    made = ssl.SSLContext(kind)
    if pair:
        made.load_cert_chain(pair.cert, pair.key)
    if ca:
        made.load_verify_locations(ca)
    if version:
        made.minimum_version = made.maximum_version = VERSIONS[version]
    if alpn:
        made.set_alpn_protocols(alpn)
    return made


def client_context(ca=None, pair=None, version=None, alpn=()):
    """Of a client that trusts ca; None: whoever answers."""
    made = context(ssl.PROTOCOL_TLS_CLIENT, pair, ca, version, alpn)
    if not ca:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def server_context(pair, ca=None, version=None, alpn=()):
    """Of a server; with ca it wants a certificate of its clients."""
    made = context(ssl.PROTOCOL_TLS_SERVER, pair, ca, version, alpn)
    if ca:
        made.verify_mode = ssl.CERT_REQUIRED
    return made


class Tls:
    """
    One connection, with the calls of a socket. recv() gives b"" for close_notify, and raises
    Truncated when there was none. .raw is all that came over the wire.
    """

    def __init__(self, sock, ctx, server=False, name=None, session=None, handshake=True):
        self.sock, self.raw = sock, b""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = ctx.wrap_bio(self.incoming, self.outgoing, server_side=server,
                                server_hostname=None if server else name, session=session)
        if handshake:
            self.handshake()

    def fileno(self):
        return self.sock.fileno()

    def flush(self):
        self.sock.sendall(self.outgoing.read())

    def fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise Truncated("no close_notify")
        self.raw += data
        self.incoming.write(data)

    def call(self, function, *args):
        while True:
            try:
                result = function(*args)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                self.fill()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    self.flush()  # the alert
                raise

    def handshake(self):
        self.call(self.ssl.do_handshake)

    def sendall(self, data):
        view = memoryview(data)
        while view:
            view = view[self.call(self.ssl.write, view[:65536]):]

    def recv(self, count):
        try:
            return self.call(self.ssl.read, count)
        except ssl.SSLZeroReturnError:  # or b"", when we have sent no close_notify yet
            return b""

    def recv_now(self):
        """Of what has come already: b"" for close_notify, SSLWantReadError when it is used up."""
        try:
            return self.ssl.read(65536)
        except ssl.SSLZeroReturnError:
            return b""

    def end(self):
        """close_notify; the connection stays open."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.ssl.unwrap()
        self.flush()

    def close(self):
        self.sock.close()


def end_of(tls):
    """Reads to the end and names it: 'EOF' for close_notify, 'CUT' without one, or 'RESET'."""
    try:
        peers.read_all(tls)
        return "EOF"
    except Truncated:
        return "CUT"
    except ConnectionResetError:
        return "RESET"


def dial(address, ctx, name=NAME, **more):
    return Tls(peers.dial(address), ctx, name=name, **more)


def connect(proxy, ctx, *args, name=NAME, session=None, early=b"", **more):
    """A granted session through a listener with TLS; the arguments are those of socks4.request()."""
    tls = dial(proxy, ctx, name, session=session)
    tls.sendall(socks4.request(*args, **more) + early)
    reply = socks4.read_reply(tls)
    assert reply.cd == socks4.GRANTED, f"{reply}"
    return tls


def accept(server, ctx, **more):
    """Whoever connects to the listener, with the handshake done."""
    return Tls(peers.accept(server), ctx, server=True, **more)


class Failed:
    """A server's view of a handshake that did not succeed: .raw, all that came, and .why."""

    def __init__(self, server, ctx):
        tls = accept(server, ctx, handshake=False)
        self.why = None
        try:
            tls.handshake()
            tls.recv(65536)
        except (ssl.SSLError, Truncated, ConnectionResetError) as failure:
            self.why = failure
        with contextlib.suppress(OSError):
            tls.raw += peers.read_all(tls.sock)
        self.raw = tls.raw
        tls.close()


class EchoServer(peers.Worker):
    """Sends back what it receives over TLS; one connection at a time. .resumed says of each whether it was."""

    def __init__(self, ctx, host="127.0.0.1"):
        super().__init__()
        self.ctx, self.listener = ctx, peers.listener(host)
        self.port, self.resumed, self.failures = peers.port_of(self.listener), [], []
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                sock = peers.accept(self.listener)
                try:
                    tls = Tls(sock, self.ctx, server=True)
                    self.resumed.append(bool(tls.ssl.session_reused))
                    self.serve(tls)
                except (OSError, EOFError) as failure:
                    self.failures.append(failure)
                sock.close()

    def serve(self, tls):
        while True:
            data = tls.recv(65536)
            if not data:
                return tls.end()
            tls.sendall(data)


class SClient:
    """openssl s_client, with the calls of a socket; .said is what it says on stderr, when it has ended."""

    def __init__(self, program, address, *options, quiet=True):
        command = [program, "s_client", "-connect", f"{address[0]}:{address[1]}", *options]
        self.process = subprocess.Popen(command + (["-quiet"] if quiet else []), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        peers.keep_server(self)

    def sendall(self, data):
        self.process.stdin.write(data)

    def recv(self, count):
        if not select.select([self.process.stdout], [], [], peers.LIMIT)[0]:
            raise socket.timeout("nothing from s_client")
        return os.read(self.process.stdout.fileno(), count)

    def finish(self):
        """Its end, with no more input: exit status, output, and what it said."""
        out, said = self.process.communicate(timeout=peers.LIMIT)
        return self.process.returncode, out, said.decode("latin-1")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(peers.LIMIT)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
