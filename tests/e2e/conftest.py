"""Fixtures of the end-to-end tests: the program, name servers, network namespaces.

ANKLET names the program (default: build/anklet), ANKLET_NO_MALLOC a variant of
it that aborts when memory is allocated after the start. ANKLET_EMULATOR is set
where ANKLET is a script that runs the program under that emulator.
"""
import os
import resource
import shutil
import subprocess

import pytest

import certificates
import daemons
import emulated
import netns
import peers
import program
import web_server
from dns_server import DnsServer, Name


def pytest_configure(config):
    """The tests hold both ends of several hundred sessions at once."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def pytest_collection_modifyitems(items):
    for item in items:
        reason = emulated.reason(item.originalname)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def sockets():
    """Closes what a test opened."""
    yield
    peers.close_all()


@pytest.fixture
def anklet(sockets):
    """start(*args, ...): see program.Anklet. Every one started must survive the test and end in order."""
    started = []

    def start(*args, **more):
        started.append(program.Anklet(*args, **more))
        return started[-1]

    yield start
    peers.close_all()
    failures = []
    for one in started:
        try:
            one.finish()
        except (AssertionError, subprocess.TimeoutExpired) as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def dns(sockets):
    """A name server of our own on loopback; .option is how the program is told."""
    server = DnsServer()
    yield server
    server.close()


@pytest.fixture
def names(dns):
    """The name server, with the names of the certificates: all are this host."""
    for name in (certificates.NAME, certificates.OTHER_NAME, certificates.WILD.replace("*", "any")):
        dns.zone[name] = Name(a=["127.0.0.1"])
    return dns


@pytest.fixture
def namespace():
    """make(): a network namespace. Skips where that takes rights we do not have."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not shutil.which("ip"):
        pytest.skip("'ip' (iproute2) is missing")
    made = []

    def make():
        try:
            made.append(netns.Namespace())
        except subprocess.CalledProcessError as failure:
            pytest.skip(f"no network namespace can be made here: {failure}")
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def host(request):
    """A host of its own with reno, where that can be had: bbr paces even loopback. Else this one."""
    if os.geteuid() != 0:
        return None
    ns = request.getfixturevalue("namespace")()
    subprocess.run(ns.command("sh", "-c", "echo reno >/proc/sys/net/ipv4/tcp_congestion_control"), timeout=30)
    return ns


@pytest.fixture
def tool():
    """find(name): the path of a program of the distribution, or a skip that says what is missing."""

    def find(name):
        path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not path:
            pytest.skip(f"'{name}' is not installed")
        return path

    return find


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    """Certificates, good and bad: see certificates.Certificates."""
    if not shutil.which("openssl"):
        pytest.skip("'openssl' is not installed")
    return certificates.Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def with_tls():
    """The program must have been built with TLS."""
    if "is disabled" in program.run("-t", "--route", "to * tls verify=none").stderr:
        pytest.skip("the program is built without TLS")


@pytest.fixture
def web(sockets):
    """A web server on 127.0.0.1: .port, .page."""
    return peers.keep_server(web_server.WebServer())


@pytest.fixture
def dovecot(tool, tmp_path, certs, sockets):
    """A mail server: see daemons.Dovecot."""
    if os.geteuid() != 0:
        pytest.skip("dovecot needs root")
    return daemons.Dovecot(tool("dovecot"), tmp_path, certs.server)
