"""The pictures in README.md: the page at three widths, and 'anklet top', while several clients are at work.

Each run takes them, and looks whether they are what a README can have; 'make pictures' puts them into docs/img.
"""
import base64
import html
import math
import os
import pathlib
import re
import shlex
import threading

import peers
import program
import socks4
from dns_server import Name
from test_page import Browser
from test_top import Terminal

MOST = 60_000  # bytes of each
IMAGES = program.ROOT / "docs" / "img"
PAGES = {"page-wide-light.webp": (1280, 820, "light"), "page-tablet-dark.webp": (768, 900, "dark"),
         "page-phone-light.webp": (360, 820, "light")}
NAMES = ("cdn.example.com", "imap.example.net", "www.example.org", "backup.example.com")

# The page looks every 2 seconds; ten times a second shows in a few what it shows after minutes.
FASTER = "{const s=setTimeout;window.setTimeout=(f,ms)=>s(f,ms/20)}"


class Traffic:
    """Sessions of three clients, and bytes that come and go as they do in an evening."""

    def __init__(self, proxy, names):
        self.over, self.at, self.sessions = threading.Event(), 0, []
        server = peers.listener()
        for i, (source, name) in enumerate([("127.0.0.20", 0), ("127.0.0.20", 2), ("127.0.0.21", 1), ("127.0.0.21", 3),
                                            ("127.0.0.35", 2)]):
            client = socks4.send(proxy.address, peers.port_of(server), name=names[name], userid=b"", source=source)
            end = peers.accept(server)
            assert socks4.read_reply(client).cd == socks4.GRANTED
            self.sessions.append((i, client, end))
        self.worker = threading.Thread(target=self.run, daemon=True)
        self.worker.start()

    def run(self):
        while not self.over.wait(0.05):
            self.at += 1
            for i, client, end in self.sessions:
                wave = max(0.0, math.sin(self.at / (23 + 9 * i) + i)) * (1 + 0.2 * math.sin(self.at * (3 + i)))
                for one, other, most in ((end, client, 90_000 >> i), (client, end, 60_000 if i == 3 else 900)):
                    count = int(most * max(0.0, wave))
                    one.sendall(b"x" * count)
                    peers.read_exactly(other, count)

    def end(self):
        self.over.set()
        self.worker.join(peers.LIMIT)


def drawn(text):
    """The screen of a terminal as a picture."""
    lines = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    width, height = 8.4 * max(map(len, lines)) + 24, 20 * len(lines) + 20
    rows = "".join(f'<tspan x="12" y="{26 + 20 * i}">{html.escape(line)}</tspan>\n' for i, line in enumerate(lines))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}">\n'
            '<rect width="100%" height="100%" rx="6" fill="#0d1117"/>\n'
            '<text fill="#e6edf3" font-family="ui-monospace,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="14" '
            f'xml:space="preserve">\n{rows}</text>\n</svg>\n')


def picture(browser, url, width, height, scheme):
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 400)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Page.navigate", url=url)
    browser.wait("H.length>=140", limit=120)
    return base64.b64decode(browser.call("Page.captureScreenshot", format="webp", quality=75)["data"])


def test_pictures(anklet, dns, tool, tmp_path):
    directory = pathlib.Path(os.environ.get("PICTURES") or tmp_path)
    for name in NAMES:
        dns.zone[name] = Name(a=["127.0.0.1"])
    path = str(tmp_path / "control.sock")
    proxy = anklet("--status", "tcp://127.0.0.1:0 sessions", "--control", path, "--deny", "to 127.0.0.9", "--allow", "to *",
                   *dns.option)
    url = f"http://127.0.0.1:{proxy.addresses(2)[1][1]}/"
    traffic = Traffic(proxy, NAMES)
    assert socks4.refused(proxy.address, 22, "127.0.0.9") == socks4.REJECTED
    assert socks4.refused(proxy.address, peers.nobody()) == socks4.REJECTED
    profile = tmp_path / "profile"
    profile.mkdir()
    browser = Browser(tool("chromium"), profile)
    terminal = Terminal(tool("tmux"), tmp_path, width=112, height=10)
    try:
        terminal.type(f"{shlex.quote(program.PATH)} top -S {path}", "Enter")
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=FASTER)
        for name, (width, height, scheme) in PAGES.items():
            (directory / name).write_bytes(picture(browser, url, width, height, scheme))
        terminal.wait(r"relay +[\d.]+k? +[1-9]")
        (directory / "top.svg").write_text(drawn(terminal.screen))
    finally:
        terminal.close()
        browser.close()
        traffic.end()
    sizes = {name: (directory / name).stat().st_size for name in (*PAGES, "top.svg")}
    assert all(1000 < size <= MOST for size in sizes.values()), sizes


def test_the_readme_shows_them():
    shown = set(re.findall(r"docs/img/([\w.-]+)", (program.ROOT / "README.md").read_text()))
    there = {file.name: file.stat().st_size for file in IMAGES.iterdir()}
    assert shown == set(there) == {*PAGES, "top.svg"}
    assert max(there.values()) <= MOST
