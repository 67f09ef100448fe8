"""A wire between a TAP and QEMU's network by datagrams, which loses, doubles and delays frames by chance."""
import fcntl
import os
import random
import select
import socket
import struct
import threading

import netns

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def open_tap(ns):
    """The descriptor of the namespace's TAP, whose other end is then ours."""
    made = []

    def enter():
        with open(f"/run/netns/{ns.name}") as file:
            assert netns.libc.setns(file.fileno(), netns.CLONE_NEWNET) == 0
        fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", ns.tap.encode(), IFF_TAP | IFF_NO_PI))
        made.append(fd)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(30)
    return made[0]


class Wire:
    """lost, doubled, delayed: of a hundred frames. .nic is what QEMU is to be started with, in the namespace:
    what joins the two are datagrams on its loopback, where nobody else takes a port."""

    def __init__(self, ns, lost, doubled, delayed, seed=1):
        self.tap, self.chance = open_tap(ns), random.Random(seed)
        self.lost, self.doubled, self.delayed = lost, doubled, delayed
        self.counts = {"passed": 0, "lost": 0, "doubled": 0, "delayed": 0}
        self.late = []
        self.socket = ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        with ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.peer = probe.getsockname()
        self.nic = f"socket,udp=127.0.0.1:{self.socket.getsockname()[1]},localaddr=127.0.0.1:{self.peer[1]}"
        self.stopping, self.stop_end = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            ready, _, _ = select.select([self.tap, self.socket, self.stopping], [], [], 0.005)
            if self.stopping in ready:
                return
            if not ready:
                self.release()
            if self.tap in ready:
                self.carry(os.read(self.tap, 2048), lambda frame: self.socket.sendto(frame, self.peer))
            if self.socket in ready:
                self.carry(self.socket.recv(2048), lambda frame: os.write(self.tap, frame))

    def release(self):
        while self.late:
            send, frame = self.late.pop(0)
            send(frame)

    def carry(self, frame, send):
        dice = self.chance.random() * 100
        if dice < self.lost:
            self.counts["lost"] += 1
            return
        dice -= self.lost
        if dice < self.delayed:
            self.counts["delayed"] += 1
            self.late.append((send, frame))
            return
        dice -= self.delayed
        self.counts["passed"] += 1
        send(frame)
        if dice < self.doubled:
            self.counts["doubled"] += 1
            send(frame)
        if len(self.late) > 2:
            self.release()

    def close(self):
        self.stop_end.close()
        self.thread.join(30)
        os.close(self.tap)
        self.socket.close()
        self.stopping.close()
