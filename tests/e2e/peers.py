"""Sockets of the peers around the proxy: clients, servers, and servers that do not answer.

Every wait has a limit, and every socket made here is closed at the end of its test.

Machines are slow at times, or stand still: nothing is held against the clock but what the program
must not do too early. That something goes on is shown by what is the case meanwhile, or by
bytes that come within LIMIT.
"""
import contextlib
import errno
import os
import select
import socket
import struct
import threading
import time

# Seconds that any single wait may take: less than the limits that sessions have by themselves (the
# shortest, on handshakes, is 30 s), or such a limit would do what a test waits for.
LIMIT = 25.0

opened, workers = [], []


class Worker(threading.Thread):
    """
    A thread that uses sockets of the test. It has to be over before they are closed: what it waits
    for next might be another file that has got the number, and that would stay open as long.
    """

    def __init__(self, target=None):
        super().__init__(target=target, daemon=True)
        workers.append(self)


def keep(sock):
    """Sets the limit of a socket, and has it closed when the test ends."""
    sock.settimeout(LIMIT)
    opened.append(sock)
    return sock


def close_all():
    """Has the workers' waits end first."""
    for one in opened if workers else ():
        if isinstance(one, socket.socket):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
    while workers:
        workers.pop().join(LIMIT)
    while opened:
        opened.pop().close()


def new_socket(family, kind=socket.SOCK_STREAM, ns=None):
    return keep(ns.socket(family, kind) if ns else socket.socket(family, kind))


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def listener(host="127.0.0.1", port=0, backlog=64, ns=None):
    sock = new_socket(family_of(host), ns=ns)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, port))
    sock.listen(backlog)
    return sock


def dial(address, source=None, ns=None):
    """Connects to (host, port), from the address source if one is given."""
    sock = new_socket(family_of(address[0]), ns=ns)
    if source:
        sock.bind((source, 0))
    sock.connect(address[:2])
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def port_of(sock):
    return sock.getsockname()[1]


def reserve(host="127.0.0.1", ns=None):
    """A port for somebody who takes a number: bound until the end of the test, not listening, so that only
    whoever sets SO_REUSEADDR, as every server does, gets it. At '::' nobody else has it at any address, of
    IPv4 either: a client's connection from 127.0.0.2, even one that was closed a minute ago, keeps its port from
    a server at '*'."""
    sock = new_socket(family_of(host), ns=ns)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, 0))
    return port_of(sock)


def closed(address, source=None):
    """Does nobody listen there any more?"""
    try:
        dial(address, source).close()
        return False
    except ConnectionResetError:
        return False  # it was waiting to be accepted
    except ConnectionRefusedError:
        return True


def accept(server):
    sock, _ = server.accept()
    return keep(sock)


def nobody(host="127.0.0.1"):
    """A port where nobody listens. It stays bound, so that nobody else takes it meanwhile."""
    sock = new_socket(family_of(host))
    sock.bind((host, 0))
    return port_of(sock)


def full_queue(server=None):
    """A listener that accepts no more: whoever connects to it stays pending. server: a bound socket. Its port."""
    server = server or listener()
    server.listen(0)
    address = server.getsockname()[:2]
    for _ in range(3):
        filler = new_socket(server.family)
        filler.setblocking(False)
        filler.connect_ex(address)
    probe = new_socket(server.family)
    probe.setblocking(False)
    probe.connect_ex(address)
    assert not select.select([], [probe], [], 0.3)[1], "the accept queue is not full"
    return address[1]


def read_exactly(sock, count):
    """Reads count bytes; fewer are an error that shows what came."""
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise EOFError(f"{len(data)} of {count} bytes, then EOF: {data[:64]!r}")
        data += piece
    return data


def read_all(sock):
    """Reads up to the EOF."""
    pieces = []
    while True:
        piece = sock.recv(65536)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def readable(sock, seconds):
    """Does anything arrive on sock in that time, its end included?"""
    return bool(select.select([sock], [], [], seconds)[0])


def silent_for(sock, seconds):
    """Does nothing at all arrive on sock for so long, not even its end?"""
    return not select.select([sock], [], [], seconds)[0]


def reset(sock):
    """Breaks the connection off with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def end_of(sock):
    """Reads to the end of the connection and names it: 'EOF' or 'RESET'."""
    try:
        read_all(sock)
        return "EOF"
    except ConnectionResetError:
        return "RESET"


def end_of_visit(address):
    """Connects, says nothing, and names the end; a reset may come before the connecting is done."""
    try:
        return end_of(dial(address))
    except ConnectionResetError:
        return "RESET"


def is_broken(sock, limit=LIMIT):
    """Has the connection been reset? Asked without reading or sending: an EOF alone is none."""
    poller = select.poll()
    poller.register(sock, 0)  # errors and hang-ups are always reported
    return bool(poller.poll(limit * 1000))


def stuff(sock):
    """Sends until the peer and all between take no more."""
    sock.setblocking(False)
    stuck = 0
    while stuck < 4:
        try:
            sock.send(b"z" * 65536)
            stuck = 0
        except BlockingIOError:
            stuck += 1
            time.sleep(0.05)
    sock.settimeout(LIMIT)


def until(condition, limit=LIMIT, step=0.02):
    """Waits until condition() holds; False when the limit has passed."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def in_time(attempt, limit, tries=20):
    """
    The result of attempt(), which must succeed if it takes less than limit, a limit of the program's.
    When it takes longer a failure says nothing: the machine stood still, and it is made again.
    """
    for _ in range(tries):
        begun = time.monotonic()
        try:
            return attempt()
        except (AssertionError, EOFError, OSError):
            if time.monotonic() - begun < limit:
                raise
    raise AssertionError(f"this machine never got through in {limit} s")


class EchoServer:
    """Sends back what it receives, and passes an EOF back as an EOF; one thread for all clients."""

    def __init__(self, host="127.0.0.1", port=0, ns=None):
        self.listener = listener(host, port, 1024, ns)
        self.address = self.listener.getsockname()[:2]
        self.port = self.address[1]
        self.accepted = 0
        self.stopping, self.stop_end = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        poller = select.poll()
        socks = {self.listener.fileno(): self.listener, self.stopping.fileno(): self.stopping}
        for fd in socks:
            poller.register(fd, select.POLLIN)
        while True:
            for fd, event in poller.poll(1000):
                if fd == self.stopping.fileno() or (fd == self.listener.fileno() and event & select.POLLHUP):
                    return self.end(socks)
                if fd == self.listener.fileno():
                    sock, _ = self.listener.accept()
                    sock.settimeout(LIMIT)
                    socks[sock.fileno()] = sock
                    poller.register(sock.fileno(), select.POLLIN)
                    self.accepted += 1
                elif not self.serve(socks[fd]):
                    poller.unregister(fd)
                    socks.pop(fd).close()

    def serve(self, sock):
        try:
            data = sock.recv(65536)
            sock.sendall(data)
            return bool(data)
        except OSError:
            return False

    def end(self, socks):
        for sock in socks.values():
            sock.close()

    def close(self):
        self.stop_end.close()
        self.thread.join(LIMIT)


def echo_server(host="127.0.0.1", port=0, ns=None):
    return keep_server(EchoServer(host, port, ns))


def keep_server(server):
    """Has a server with a close() of its own closed when the test ends."""
    opened.append(server)
    return server


def same_port(*hosts):
    """A port that is free on all of these addresses; the sockets that hold it, bound but not listening."""
    for _ in range(50):
        socks = [new_socket(family_of(host)) for host in hosts]
        try:
            port = 0
            for sock, host in zip(socks, hosts):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if sock.family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.bind((host, port))
                port = port_of(sock)
            return port, socks
        except OSError as failure:
            if failure.errno != errno.EADDRINUSE:
                raise
            for sock in socks:
                sock.close()
    raise RuntimeError(f"no port is free on all of {hosts}")


def descriptors(pid):
    """How many descriptors a process has open, but for pipes and an epoll set, which it keeps once it needed them."""
    count = 0
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed since
            count += not os.readlink(entry.path).startswith(("pipe:", "anon_inode:[eventpoll]"))
    return count


def cpu_seconds(pid):
    """The processor time a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
