"""Without a network: 'make run' says so and goes on without TLS; whatever else is wrong with what it fetches ends it."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNAVAILABLE = 69
OFFLINE = "Err:1 http://deb.example/debian trixie InRelease\n  Temporary failure resolving 'deb.example'\nE: Failed"
FORGED = "W: GPG error: the following signatures were invalid\nE: The repository is not signed."


def call(*command, **more):
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, **more)


@pytest.fixture
def apt(tmp_path):
    """An environment in which apt-get says this and fails."""
    for what in ("mirror", "keyring"):
        if call("tools/debian", what).returncode != 0:
            pytest.skip(f"tools/debian knows no {what} here")

    def says(text):
        bin = tmp_path / "bin"
        bin.mkdir()
        (bin / "apt-get").write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit 100\n")
        (bin / "apt-get").chmod(0o755)
        return dict(os.environ, PATH=f"{bin}:{os.environ['PATH']}", MAKEFLAGS="")

    return says


@pytest.mark.parametrize("text, status", [
    (OFFLINE, UNAVAILABLE), ("E: Could not connect to deb.example:80 (192.0.2.1), connection timed out", UNAVAILABLE),
    ("  Could not resolve 'deb.example'", UNAVAILABLE), ("  Connection failed [IP: 192.0.2.1 80]", UNAVAILABLE),
    ("  Cannot initiate the connection to deb.example:80 (2001:db8::1). - connect (101: Network is unreachable)",
     UNAVAILABLE), (FORGED, 1)])
def test_get_source_says_whether_the_mirror_can_be_reached(apt, tmp_path, text, status):
    done = call("tools/get_source", "mbedtls", tmp_path / "deps" / "mbedtls", env=apt(text))
    assert done.returncode == status, done.stdout
    assert ("cannot reach the mirror http" in done.stdout) == (status == UNAVAILABLE)
    assert "no version" not in done.stdout


@pytest.mark.parametrize("text, options, goes_on", [
    (OFFLINE, ["or_without=yes"], True), (OFFLINE, ["or_without=yes", "TLS=mbedtls"], False), (OFFLINE, [], False),
    (FORGED, ["or_without=yes"], False)])
def test_make_goes_on_without_tls(apt, tmp_path, text, options, goes_on):
    """What 'make run' does for TLS before it builds the program."""
    done = call("make", f"DEPS={tmp_path}/deps", "tls_source", *options, env=apt(text))
    if done.returncode == 0 and not done.stdout:
        pytest.skip("the system has Mbed TLS: nothing is fetched")
    assert (done.returncode == 0) == goes_on, done.stdout
    assert ("goes on without TLS" in done.stdout) == goes_on
