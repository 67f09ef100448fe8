"""The messages of SOCKS5 (RFC 1928, RFC 1929), written for the tests and independent of the program."""
import socket
import struct
from collections import namedtuple

import peers

CONNECT, BIND, ASSOCIATE = 1, 2, 3
(GRANTED, FAILED, DENIED, NO_NETWORK, NO_HOST, REFUSED, TIMEOUT, NO_COMMAND, NO_ADDRESS_TYPE) = range(9)
NONE, PASSWORD, UNACCEPTABLE = 0, 2, 255

Reply = namedtuple("Reply", "rep ip port raw")


def greeting(*methods):
    return bytes([5, len(methods), *methods])


def address(host=None, name=None):
    """ATYP and the address: a name as it is, or an address of either family."""
    if name is not None:
        name = name if isinstance(name, bytes) else name.encode()
        return bytes([3, len(name)]) + name
    family = peers.family_of(host)
    return (b"\4" if family == socket.AF_INET6 else b"\1") + socket.inet_pton(family, host)


def request(port, host="127.0.0.1", name=None, cmd=CONNECT, ver=5, rsv=0):
    return bytes([ver, cmd, rsv]) + address(host, name) + struct.pack("!H", port)


def read_method(sock):
    ver, method = peers.read_exactly(sock, 2)
    assert ver == 5
    return method


def read_reply(sock):
    head = peers.read_exactly(sock, 4)
    ver, rep, rsv, atyp = head
    assert ver == 5 and rsv == 0 and atyp in (1, 4), f"{head!r}"
    rest = peers.read_exactly(sock, 6 if atyp == 1 else 18)
    ip = socket.inet_ntop(socket.AF_INET if atyp == 1 else socket.AF_INET6, rest[:-2])
    return Reply(rep, ip, struct.unpack("!H", rest[-2:])[0], head + rest)


def open(proxy, *methods, source=None, ns=None):
    """Connects and greets; the socket and the method that was chosen."""
    sock = peers.dial(proxy, source, ns)
    sock.sendall(greeting(*(methods or (NONE,))))
    return sock, read_method(sock)


def ask(proxy, *args, source=None, ns=None, early=b"", **more):
    """The socket and the reply to a request, early data after it; with no password."""
    sock, method = open(proxy, source=source, ns=ns)
    assert method == NONE
    sock.sendall(request(*args, **more) + early)
    return sock, read_reply(sock)


def connect(proxy, *args, **more):
    sock, reply = ask(proxy, *args, **more)
    assert reply.rep == GRANTED, f"{reply}"
    return sock


def refused(proxy, *args, **more):
    """When the request must be refused in ten bytes, and the connection closed in order: REP."""
    sock, reply = ask(proxy, *args, **more)
    return reply.rep if is_refusal(sock, reply) else None


def is_refusal(sock, reply):
    assert reply.rep != GRANTED, f"{reply}"
    assert reply.raw[2:] == b"\0\1\0\0\0\0\0\0"
    assert peers.read_all(sock) == b"", "bytes after a refusal"
    sock.close()
    return True


def session(proxy, server, **more):
    """A granted session with a listener of ours: the client's end and the server's end."""
    client = connect(proxy, peers.port_of(server), **more)
    return client, peers.accept(server)
