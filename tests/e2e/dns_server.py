"""A small name server for tests: UDP and TCP on one port, answers by script, and every failure we want.

    server = DnsServer()
    server.zone["web.example.test"] = Name(a=["127.0.0.1"], aaaa=["::1"])

What is not in the zone does not exist. Names are compared without regard to case.
"""
import heapq
import itertools
import select
import socket
import struct
import threading
import time
from collections import namedtuple
from dataclasses import dataclass, field

import peers

TYPE_A, TYPE_CNAME, TYPE_AAAA = 1, 5, 28
TYPES = {TYPE_A: "A", TYPE_CNAME: "CNAME", TYPE_AAAA: "AAAA"}
NXDOMAIN = 3

Query = namedtuple("Query", "name type transport id port")


@dataclass
class Name:
    a: list = field(default_factory=list)
    aaaa: list = field(default_factory=list)
    cname: str = ""        # an alias, whose own entry gives the addresses
    ttl: int = 0
    rcode: int = 0
    silent: bool = False   # no answer at all
    truncate: bool = False  # UDP answers are cut (TC): only TCP has them
    delay: dict = field(default_factory=dict)  # {"AAAA": seconds}
    forge: str = ""        # before the answer a wrong one, with another "id" or "question"
    forged_a: str = "127.0.0.66"  # what the wrong one says


def encode_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def decode_question(message):
    """The name and type of a query's question, and the question's bytes."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    kind, = struct.unpack_from("!H", message, at + 1)
    return ".".join(labels).lower(), kind, message[12:at + 5]


def record(owner, kind, ttl, data):
    return encode_name(owner) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def addresses(owner, entry, kind):
    if kind == TYPE_A:
        return [record(owner, kind, entry.ttl, socket.inet_aton(ip)) for ip in entry.a]
    if kind == TYPE_AAAA:
        return [record(owner, kind, entry.ttl, socket.inet_pton(socket.AF_INET6, ip)) for ip in entry.aaaa]
    return []


def message(number, question, rcode, answers, truncated=False):
    flags = 0x8180 | rcode | (0x0200 if truncated else 0)
    return struct.pack("!HHHHHH", number, flags, 1, len(answers), 0, 0) + question + b"".join(answers)


class DnsServer:
    """scope: of a link-local address, the number of its interface."""

    def __init__(self, host="127.0.0.1", port=0, ns=None, scope=0):
        self.zone, self.queries = {}, []
        self.later, self.order = [], itertools.count()
        self.tcp, self.udp = self.bind(host, port, ns, scope)
        self.address = self.udp.getsockname()[:2]
        self.option = ("--dns", f"{host}:{self.address[1]}")
        self.stopping, self.stop_end = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def bind(self, host, port, ns, scope):
        make, family = ns.socket if ns else socket.socket, peers.family_of(host)
        for _ in range(50):
            tcp, udp = make(family, socket.SOCK_STREAM), make(family, socket.SOCK_DGRAM)
            try:
                tcp.bind((host, port, 0, scope) if scope else (host, port))
                udp.bind(tcp.getsockname())
                tcp.listen(16)
                return tcp, udp
            except OSError:
                tcp.close()
                udp.close()
        raise RuntimeError("no port is free for UDP and TCP")

    def asked(self, name, kind=None):
        """The queries for a name, of one type if it is given."""
        return [q for q in self.queries if q.name == name and kind in (None, q.type)]

    def run(self):
        while True:
            wait = max(0, self.later[0][0] - time.monotonic()) if self.later else 1
            ready, _, _ = select.select([self.tcp, self.udp, self.stopping], [], [], wait)
            if self.stopping in ready:
                return
            if self.udp in ready:
                self.serve_udp()
            if self.tcp in ready:
                self.serve_tcp()
            while self.later and self.later[0][0] <= time.monotonic():
                heapq.heappop(self.later)[2]()

    def serve_udp(self):
        data, peer = self.udp.recvfrom(4096)
        self.answer(data, "udp", peer[1], lambda answer: self.udp.sendto(answer, peer))

    def serve_tcp(self):
        sock, peer = self.tcp.accept()
        sock.settimeout(peers.LIMIT)
        try:
            while True:  # until the other one ends
                size, = struct.unpack("!H", sock.recv(2, socket.MSG_WAITALL))
                data = sock.recv(size, socket.MSG_WAITALL)
                self.answer(data, "tcp", peer[1],
                            lambda answer: sock.sendall(struct.pack("!H", len(answer)) + answer))
        except (OSError, struct.error):
            pass
        sock.close()

    def answer(self, data, transport, port, send):
        try:
            number, = struct.unpack_from("!H", data)
            name, kind, question = decode_question(data)
        except (IndexError, struct.error):
            return  # no query: not answered, and not recorded
        self.queries.append(Query(name, TYPES.get(kind, kind), transport, number, port))
        entry = self.zone.get(name, Name(rcode=NXDOMAIN))
        if entry.silent:
            return
        self.forge(entry, number, name, kind, send)
        answers, owner, target = [], name, entry
        if entry.cname:
            answers, owner = [record(name, TYPE_CNAME, entry.ttl, encode_name(entry.cname))], entry.cname
            target = self.zone.get(owner, Name())
        answers += addresses(owner, target, kind)
        cut = entry.truncate and transport == "udp"
        reply = message(number, question, entry.rcode, [] if cut else answers, cut)
        self.at(entry.delay.get(TYPES.get(kind), 0), lambda: send(reply))

    def forge(self, entry, number, name, kind, send):
        if kind != TYPE_A or not entry.forge:
            return
        asked = encode_name("other.example.test" if entry.forge == "question" else name)
        wrong_id = number ^ 1 if entry.forge == "id" else number
        lie = [record(name, TYPE_A, 60, socket.inet_aton(entry.forged_a))]
        send(message(wrong_id, asked + struct.pack("!HH", TYPE_A, 1), 0, lie))

    def at(self, seconds, call):
        if seconds == 0:
            return call()
        heapq.heappush(self.later, (time.monotonic() + seconds, next(self.order), call))

    def close(self):
        self.stop_end.close()
        self.thread.join(peers.LIMIT)
        for sock in (self.tcp, self.udp, self.stopping):
            sock.close()
