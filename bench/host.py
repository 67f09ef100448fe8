"""What the bench needs of the system: a network of its own, processor time, memory, and who else is busy."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import socket
import struct
import time

CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1  # of Linux's headers
TICK = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count()
BUSY_SHARE = 0.05  # of all processors: from there on a sample counts as disturbed
SYSCTL = {
    "ipv4/tcp_congestion_control": "reno",  # bbr paces even loopback
    "ipv4/ip_local_port_range": "1024 65535",
    # Connections by the ten thousand: what waits for late segments must not fill the ports.
    "ipv4/tcp_max_tw_buckets": "1024",
}


def private_network():
    """
    Moves this process into a network namespace with nothing but loopback, which ends with the last process in
    it. Returns why not, or "".
    """
    if os.geteuid() != 0:
        return "not root"
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        return os.strerror(ctypes.get_errno())
    with socket.socket() as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    for name, value in SYSCTL.items():
        with contextlib.suppress(OSError):  # what counts is looked at afterwards
            pathlib.Path("/proc/sys/net", name).write_text(value)
    return ""


def congestion_control():
    return pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()


# ---- Processes ----

def stat(pid):
    """The fields of /proc/PID/stat from the third on, or None."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def tree(*roots):
    """These processes and all that descend from them."""
    children = {}
    for name in os.listdir("/proc"):
        fields = stat(name) if name.isdigit() else None
        if fields:
            children.setdefault(int(fields[1]), []).append(int(name))
    found, next_ones = [], list(roots)
    while next_ones:
        pid = next_ones.pop()
        found.append(pid)
        next_ones += children.get(pid, [])
    return found


def cpu(*roots):
    """
    Seconds of processor time that these processes, their descendants and those that ended have had. The process's own
    clock has nanoseconds, and counts threads that have ended; children that have ended are in ticks.
    """
    total = 0.0
    for pid in tree(*roots):
        fields = stat(pid)
        if fields:
            total += (int(fields[13]) + int(fields[14])) / TICK
            try:
                total += time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid() makes of it
            except OSError:
                total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def pss(*roots):
    """KiB that these processes and their descendants have for themselves, and their part of what is shared."""
    total = 0
    for pid in tree(*roots):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1))
    return total


# ---- Others ----

class Watch:
    """Processor time that others than this program had while something was measured."""

    def __init__(self):
        self.samples, self.disturbed, self.worst, self.where = 0, 0, 0.0, ""

    @staticmethod
    def total():
        """Processor time of everybody, but that of interrupts, which is nobody's; stolen time is somebody else's."""
        user, nice, system, _, _, _, _, steal = map(int, pathlib.Path("/proc/stat").read_text().split("\n")[0]
                                                   .split()[1:9])
        return (user + nice + system + steal) / TICK

    def measure(self, what, run):
        """run()'s result, and whether it was disturbed."""
        own, everybody, begun = cpu(os.getpid()), self.total(), time.monotonic()
        try:
            return run()
        finally:
            took = time.monotonic() - begun
            others = (self.total() - everybody) - (cpu(os.getpid()) - own)
            share = min(max(others, 0.0) / (took * CPUS), 1.0)
            self.samples += 1
            # What is counted in ticks says nothing of a moment.
            if share > BUSY_SHARE and others > 4 / TICK:
                self.disturbed += 1
                if share > self.worst:
                    self.worst, self.where = share, what

    def warning(self):
        """A sentence, or ""."""
        if not self.disturbed:
            return ""
        return (f"disturbed: {self.disturbed} of {self.samples} samples, by something else that used more than "
                f"{BUSY_SHARE:.0%} of this machine's processors, {self.worst:.0%} at worst ({self.where}): read the "
                "ratios of processor time, memory and what is counted, and nothing else")


def description():
    """This machine, in a few words."""
    model = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    system = os.uname()
    return {"processor": model.group(1) if model else system.machine, "processors": CPUS,
            "kernel": f"{system.sysname} {system.release} {system.machine}",
            "congestion control": congestion_control(), "date": time.strftime("%Y-%m-%d")}
