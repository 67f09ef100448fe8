"""Browsers: what a page of theirs asks for, by name and by address, comes through the proxy."""
import http.server
import os
import re
import subprocess

import pytest

import daemons
import peers
import web_server
from dns_server import DnsServer, Name

NAME = "www.example.test"
IPV4, IPV6 = "192.0.2.1", "2001:db8::1"

# Its text comes back, so it has been there whole; what it shows is asked for by address.
PAGE = """<!doctype html><p id="text">behind the proxy</p>
<script>fetch("/read?" + document.getElementById("text").textContent)</script>
<img src="http://{ipv4}:{port}/ipv4"><img src="http://[{ipv6}]:{port}/ipv6">
"""
ASKED = {f"{NAME} /", f"{NAME} /read?behind%20the%20proxy", f"{IPV4} /ipv4", f"[{IPV6}] /ipv6"}


class Site(web_server.WebServer6):
    """PAGE, whatever is asked for; .asked: by whom and for what it was."""

    def __init__(self, ns):
        self.asked = set()
        super().__init__("::", ns)

    def finish_request(self, request, client_address):
        Asked(request, client_address, self)


class Asked(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = PAGE.format(ipv4=IPV4, ipv6=IPV6, port=self.server.port).encode()
        self.server.asked.add(f"{self.headers['Host'].rpartition(':')[0]} {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *args):
        pass


def chromium(program, profile, port, url):
    return [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            f"--user-data-dir={profile}", f"--proxy-server=socks5://127.0.0.1:{port}", url]


PREFERENCES = """
user_pref("network.proxy.type", 1);
user_pref("network.proxy.socks", "127.0.0.1");
user_pref("network.proxy.socks_port", {port});
user_pref("network.proxy.socks_version", 5);
user_pref("network.proxy.socks_remote_dns", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
"""


def firefox(program, profile, port, url):
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES.format(port=port))
    return [program, "--headless", "--no-remote", "--profile", str(profile), url]


@pytest.fixture
def host(namespace):
    """A host that reaches nobody: browsers call their makers. Both addresses are its own, and it has no name server."""
    ns = namespace()
    ns.ip("address", "add", f"{IPV4}/32", "dev", "lo")
    try:
        ns.ip("address", "add", f"{IPV6}/128", "dev", "lo", "nodad")
    except subprocess.CalledProcessError:
        pytest.skip("there is no IPv6 here")
    ns.file("resolv.conf", "")
    return ns


@pytest.mark.parametrize("name, command", [("chromium", chromium), ("firefox-esr", firefox)], ids=["chromium", "firefox"])
def test_a_page(anklet, host, tool, tmp_path, name, command):
    """The name is known to the proxy alone. Connections that are left before they are used are no news."""
    program, site = tool(name), peers.keep_server(Site(host))
    dns = peers.keep_server(DnsServer(ns=host))
    dns.zone[NAME] = Name(a=[IPV4])
    proxy = anklet(*dns.option, ns=host)
    daemons.Daemon(command(program, tmp_path / "profile", proxy.port, f"http://{NAME}:{site.port}/"), host,
                   env={**os.environ, "HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": "disabled:"})
    assert peers.until(lambda: ASKED <= site.asked, 120, 0.1), site.asked
    for asked in (NAME, IPV4, IPV6):  # without brackets: both send even an address as a name
        proxy.wait_log(rf"connect {re.escape(asked)}:{site.port}: granted")
    assert "warning" not in proxy.log
