"""A network of the tests' own for programs and boards that bring their own network stack."""
import itertools
import os
import shutil
import subprocess

import pytest

import netns


def found(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


numbers = itertools.count()


@pytest.fixture
def network():
    """A namespace with five hosts, 192.168.77.1 to .5, on a TAP for whatever has lwIP."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces and TAPs need root")
    if not found("ip"):
        pytest.skip("'ip' (iproute2) is missing")
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("/dev/net/tun is missing: no TAP can be made")
    made = None
    try:
        made = netns.Namespace()
        made.tap = f"tap{os.getpid() % 10000}x{next(numbers)}"
        made.ip("tuntap", "add", "dev", made.tap, "mode", "tap")
        for host in range(1, 6):
            made.ip("address", "add", f"192.168.77.{host}/24", "dev", made.tap)
        made.ip("link", "set", made.tap, "up")
    except subprocess.CalledProcessError as failure:
        if made:
            made.remove()
        pytest.skip(f"no network namespace with a TAP can be made here: {failure}")
    yield made
    made.remove()
