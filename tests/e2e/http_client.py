"""HTTP as the tests ask for the status: through Python's own client, and byte by byte."""
import http.client
import json
import re
import socket
from collections import namedtuple

import peers

Answer = namedtuple("Answer", "status head body")


class OverPath(http.client.HTTPConnection):
    """A connection to a socket with a path."""

    def __init__(self, path):
        super().__init__("localhost", timeout=peers.LIMIT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(peers.LIMIT)
        self.sock.connect(self.path)


def ask(where, target, method="GET", **fields):
    """Asks at (host, port) or a path. What is cut short is an error."""
    over = OverPath(where) if isinstance(where, str) else http.client.HTTPConnection(*where, timeout=peers.LIMIT)
    over.request(method, target, headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = over.getresponse()
    body = answer.read()
    over.close()
    return Answer(answer.status, answer.headers, body)


def get_json(where, target):
    answer = ask(where, target)
    assert answer.status == 200, answer
    assert answer.body.isascii()
    return json.loads(answer.body)


def raw(address, message, pause=None):
    """Sends a request as it stands, in pieces of a byte with that call between them if there is one: all that comes."""
    sock = peers.dial(address)
    for piece in (message,) if pause is None else (bytes([byte]) for byte in message):
        sock.sendall(piece)
        if pause:
            pause()
    data = peers.read_all(sock)
    sock.close()
    return data


def status_of(data):
    return int(re.match(rb"HTTP/1\.1 (\d+) ", data).group(1))
