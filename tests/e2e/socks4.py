"""The messages of SOCKS4 and SOCKS4A, written once more for the tests and independent of the program."""
import socket
import struct
from collections import namedtuple

import peers

CONNECT, BIND = 1, 2
GRANTED, REJECTED, NO_IDENTD, OTHER_USERID = 90, 91, 92, 93

Reply = namedtuple("Reply", "vn cd port ip")


def request(port, host="127.0.0.1", userid=b"", name=None, cd=CONNECT, vn=4):
    """A request. With a name it is a 4A request, and host is of no use."""
    if name is not None:
        host = "0.0.0.1"
    message = struct.pack("!BBH", vn, cd, port) + socket.inet_aton(host) + userid + b"\0"
    if name is not None:
        message += (name if isinstance(name, bytes) else name.encode()) + b"\0"
    return message


def read_reply(sock):
    vn, cd, port, ip = struct.unpack("!BBH4s", peers.read_exactly(sock, 8))
    return Reply(vn, cd, port, socket.inet_ntoa(ip))


def send(proxy, *args, source=None, ns=None, early=b"", **more):
    """Connects to the proxy (host, port) and sends a request, early data after it; the socket."""
    sock = peers.dial(proxy, source, ns)
    sock.sendall(request(*args, **more) + early)
    return sock


def ask(proxy, *args, **more):
    """As send(), and reads the reply: the socket and the reply."""
    sock = send(proxy, *args, **more)
    return sock, read_reply(sock)


def connect(proxy, *args, **more):
    """As ask(), when the request must be granted: the socket."""
    sock, reply = ask(proxy, *args, **more)
    assert reply.cd == GRANTED, f"{reply}"
    return sock


def refused(proxy, *args, **more):
    """As ask(), when the request must be refused and the connection closed in order: the reply's code."""
    sock, reply = ask(proxy, *args, **more)
    assert reply.cd != GRANTED, f"{reply}"
    assert reply.vn == 0
    assert peers.read_all(sock) == b"", "bytes after a refusal"
    sock.close()
    return reply.cd


def session(proxy, server, **more):
    """A granted session with a listener of ours: the client's end and the server's end."""
    client = connect(proxy, peers.port_of(server), **more)
    return client, peers.accept(server)


def serves(proxy, **more):
    """Is a session granted, and does it pass bytes on? With a server of its own."""
    try:
        client, end = session(proxy, peers.listener(), **more)
    except (AssertionError, EOFError, ConnectionError):
        return False
    client.sendall(b"x")
    passed = peers.read_exactly(end, 1) == b"x"
    client.close()
    end.close()
    return passed
