"""
relay.py FAULT PORT TARGET: passes on to TARGET what comes to PORT, with a fault, for the bench must see each:

none   passes on everything as it is
flip   one bit, once
lose   some bytes, once
swap   two blocks, once
double a block, once
short  one bit of every short message from TARGET
die    ends after some bytes
refuse closes every connection
"""
import os
import socket
import sys
import threading

BLOCK = 16384  # a message of the bench is shorter, so faults are in bulk


def spoilt(fault, data):
    """What is passed on of data, which is long."""
    if fault == "flip":
        return data[:1000] + bytes([data[1000] ^ 1]) + data[1001:]
    if fault == "lose":
        return data[:1000] + data[1008:]
    if fault == "swap":
        return data[4096:8192] + data[:4096] + data[8192:]
    if fault == "double":
        return data[:4096] + data
    if fault == "die":
        os._exit(3)
    return data


def pass_on(fault, source, to, from_target):
    long = 0
    try:
        while data := source.recv(4 * BLOCK):
            if fault == "short" and from_target and len(data) < BLOCK:
                data = data[:-1] + bytes([data[-1] ^ 1])
            if len(data) >= BLOCK:
                long += 1
                if long == 2:  # the first has the bench's header in it
                    data = spoilt(fault, data)
            to.sendall(data)
    except OSError:
        pass
    for sock in (source, to):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main(fault, port, target):
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=256)
    while True:
        client, _ = listener.accept()
        if fault == "refuse":
            client.close()
            continue
        server = socket.create_connection(("127.0.0.1", int(target)))
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for ways in ((client, server, False), (server, client, True)):
            threading.Thread(target=pass_on, args=(fault, *ways), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
