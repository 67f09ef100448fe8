"""
What TLS costs: the proxy takes it from the client and passes it on in the clear. The client is Python's ssl, so look
at the processor time of the proxy; how fast it all goes is limited by the client as well.
"""
import contextlib
import socket
import ssl
import struct
import time

import certificates
import load
import modes
import tls_peers
from load import Broken
from modes import Row

VERSIONS = ("1.2", "1.3")
CIPHER = "ECDHE-ECDSA-AES256-GCM-SHA384"  # 1.3 takes AES-256-GCM by itself
HELD = 200
PATIENCE = 20


def dial(bench, running, ctx, session=None):
    sock = socket.create_connection(("127.0.0.1", running.port), PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return ctx.wrap_socket(sock, server_hostname=certificates.NAME, session=session)
    except (OSError, ValueError) as failure:
        sock.close()
        raise Broken(f"handshake: {failure}") from failure


def context(bench, version):
    ctx = tls_peers.client_context(bench.authority, version=version)
    ctx.set_ciphers(CIPHER)
    return ctx


def hang_up(tls):
    """Says close_notify and does not wait for the other one's."""
    with contextlib.suppress(OSError, ValueError):
        tls.settimeout(0)
        tls.unwrap()
    tls.close()


def read_exactly(tls, count):
    data = b""
    while len(data) < count:
        piece = tls.recv(count - len(data))
        if not piece:
            raise Broken(f"ended after {len(data)} of {count} bytes")
        data += piece
    return data


def say(tls):
    """A message there and back."""
    message = load.first_message("e")
    tls.sendall(message)
    if read_exactly(tls, len(message)) != message:
        raise Broken("bytes differ in an answer")


def swallowed(tls, mib, verify):
    """The server swallows, and says how much it was and whether it was right."""
    tls.sendall(load.first_message("s", mib * load.MIB, verify, run=1))
    block = bytes(load.MIB)
    for number in range(mib):
        if verify:
            block = load.block(load.seed(1, down=False), number * load.MIB)
        tls.sendall(block)
    received, wrong = struct.unpack("@Qq", read_exactly(tls, 16))
    if received != mib * load.MIB or wrong >= 0:
        raise Broken(f"bytes differ: {received} of {mib * load.MIB} arrived, wrong from offset {wrong}")


def poured(tls, mib, verify):
    tls.sendall(load.first_message("p", mib * load.MIB, verify, run=1))
    space = bytearray(load.MIB)
    for number in range(mib):
        rest = memoryview(space)
        while rest:
            count = tls.recv_into(rest)
            if count == 0:
                raise Broken(f"ended in MiB {number} of {mib}")
            rest = rest[count:]
        if verify and space != load.block(load.seed(1, down=True), number * load.MIB):
            raise Broken(f"bytes differ, down, in MiB {number}")


def bulk(version, way):
    def sample(bench, running):
        tls = dial(bench, running, context(bench, version))
        begun = time.monotonic()
        try:
            move = swallowed if way == "up" else poured
            _, cpu = modes.cpu_during(running, lambda: move(tls, bench.tls_mib, bench.verify))
        except OSError as failure:
            raise Broken(str(failure)) from failure
        finally:
            took = time.monotonic() - begun
            hang_up(tls)
        gigabytes = bench.tls_mib * load.MIB / 1e9
        return modes.with_cpu({"GB/s": gigabytes / took}, "CPU s/GB", cpu, gigabytes)

    return Row(f"TLS {version}, bulk {way}", sample, seconds=1.5)


def handshakes(version, resumed):
    def sample(bench, running):
        ctx, end = context(bench, version), time.monotonic() + bench.seconds
        first = dial(bench, running, ctx)
        say(first)
        session = first.session
        hang_up(first)

        def run():
            nonlocal session
            count = 0
            while time.monotonic() < end or count == 0:
                tls = dial(bench, running, ctx, session if resumed else None)
                say(tls)
                if tls.session_reused != resumed:
                    raise Broken(f"session_reused is {tls.session_reused}")
                session = tls.session  # each of 1.3 is for one use
                hang_up(tls)
                count += 1
            return count

        begun = time.monotonic()
        try:
            count, cpu = modes.cpu_during(running, run)
        except OSError as failure:
            raise Broken(str(failure)) from failure
        return modes.with_cpu({"a second": count / (time.monotonic() - begun)}, "CPU us", cpu, count / 1e6)

    return Row(f"TLS {version}, {'resumed' if resumed else 'full'} handshakes", sample)


def memory(version):
    def sample(bench, subject):
        running, sessions, ctx = bench.start(subject), [], context(bench, version)
        try:
            for number in range(HELD + 1):
                sessions.append(dial(bench, running, ctx))
                say(sessions[-1])
                if number == 0:  # what the first one brings with it is not a session's
                    running.settle()
                    before = running.pss()
            running.settle()
            return {"KiB a session": (running.pss() - before) / HELD}
        except OSError as failure:
            raise Broken(str(failure)) from failure
        finally:
            for tls in sessions:
                tls.close()
            running.close()

    return Row(f"TLS {version}, memory", sample, fresh=True, repeats=3, seconds=2.0)


def rows():
    return [*(bulk(version, way) for version in VERSIONS for way in ("up", "down")),
            *(handshakes(version, resumed) for version in VERSIONS for resumed in (False, True)),
            *(memory(version) for version in VERSIONS)]


def authority(directory):
    """An authority's certificate, and one of a server with its key, as files."""
    good = certificates.Authority(directory / "authority", "Bench CA")
    return str(good.cert), good.issue(certificates.NAME, [f"DNS:{certificates.NAME}"]).both


