"""The page of the status, as a browser that nobody sees shows it: wide, as on a tablet and as on a phone."""
import base64
import gzip
import hashlib
import json
import os
import re
import socket
import struct
import subprocess
import urllib.request

import pytest

import http_client
import peers
import program
import socks4

WIDTHS = (1280, 768, 360)


class Browser:
    """A headless Chromium, by its DevTools protocol: a WebSocket, of which the tests need the little that is here."""

    def __init__(self, path, directory):
        self.process = subprocess.Popen(
            [path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-port=0", f"--user-data-dir={directory}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.sock, self.number, self.events, self.data = None, 0, [], b""
        try:
            file = directory / "DevToolsActivePort"
            assert peers.until(lambda: file.exists() and file.read_text().count("\n") == 1, limit=120)
            port = int(file.read_text().split()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=60) as pages:
                page = next(one for one in json.load(pages) if one["type"] == "page")
            self.connect(port, page["webSocketDebuggerUrl"].split(str(port), 1)[1])
        except BaseException:
            self.close()
            raise

    def connect(self, port, path):
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.data:
            self.data += self.sock.recv(4096)
        self.data = self.data.split(b"\r\n\r\n", 1)[1]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def take(self, count):
        while len(self.data) < count:
            piece = self.sock.recv(65536)
            assert piece, "the browser has ended"
            self.data += piece
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def message(self):
        whole = b""
        while True:
            first, length = self.take(2)
            if length == 126:
                length = struct.unpack("!H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self.take(8))[0]
            whole += self.take(length)
            if first & 0x80:
                return json.loads(whole)

    def call(self, method, **params):
        """Calls and waits for its result; what happens meanwhile goes to events."""
        self.number += 1
        data = json.dumps({"id": self.number, "method": method, "params": params}).encode()
        self.sock.sendall(struct.pack("!BBHI", 0x81, 0x80 | 126, len(data), 0) + data)
        while True:
            message = self.message()
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, expression, limit=60):
        holds = f"(()=>{{try{{return !!({expression})}}catch(e){{return false}}}})()"  # of a page that is still being loaded
        assert peers.until(lambda: self.value(holds), limit, 0.2), (expression, self.value("document.body?.innerText"))

    def complaints(self):
        return [event for event in self.events
                if event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled") or
                (event["method"] == "Log.entryAdded" and "favicon" not in json.dumps(event) and
                 "403" not in event["params"]["entry"]["text"])]

    def close(self):
        if self.sock:
            self.sock.close()
        self.process.kill()
        self.process.wait(60)


@pytest.fixture
def browser(tool, tmp_path):
    directory = tmp_path / "profile"
    directory.mkdir()
    one = Browser(tool("chromium"), directory)
    yield one
    one.close()


@pytest.fixture
def page(anklet):
    proxy = anklet("--status", "tcp://127.0.0.1:0 sessions", "--deny", "to 127.0.0.9", "--allow", "to *")
    proxy.status = proxy.addresses(2)[1]
    proxy.url = f"http://127.0.0.1:{proxy.status[1]}/"
    return proxy


def test_it_is_small_and_runs_nothing_else(page):
    answer = http_client.ask(page.status, "/")
    assert answer.head["Content-Encoding"] == "gzip" and len(answer.body) <= 3072
    text = gzip.decompress(answer.body)
    assert text == (program.ROOT / "src" / "proxy" / "page.html").read_bytes()
    policy = answer.head["Content-Security-Policy"]
    for tag in (b"script", b"style"):
        (inside,) = re.findall(b"<%b>(.*?)</%b>" % (tag, tag), text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside).digest()).decode()
        assert f"{tag.decode()}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ") and policy.endswith("frame-ancestors 'none'")
    assert b"innerHTML" not in text and b"http:" not in text and b"https:" not in text


def test_who_uses_how_much(page, browser):
    """Live, with names that would be markup, and what was refused; the browser has nothing to complain of."""
    browser.call("Page.navigate", url=page.url)
    server = peers.listener()
    client, end = socks4.session(page.address, server, userid=b"<img src=x onerror=alert(1)>")
    assert socks4.refused(page.address, 80, "127.0.0.9") == socks4.REJECTED
    browser.wait("document.querySelectorAll('#s tr').length==2&&document.querySelectorAll('#d').length==1")
    browser.wait("H.length>0")
    end.sendall(b"d" * 3_000_000)
    peers.read_exactly(client, 3_000_000)
    browser.wait("document.querySelector('#c tr:nth-child(2) td:nth-child(5)').textContent=='3.0 MB'")
    browser.wait("document.querySelector('#d').getAttribute('d').includes('L')")
    shown = browser.value("document.body.innerText")
    assert "<img src=x onerror=alert(1)>" in shown and "denied by rule 1" in shown and "127.0.0.9:80" in shown
    assert browser.value("document.images.length") == 0
    client.close()
    end.close()
    browser.wait("document.querySelector('#s tr:nth-child(2) td').textContent=='none'")
    assert browser.value("document.querySelector('#c tr:nth-child(2) td:nth-child(5)').textContent") == "3.0 MB"
    assert browser.complaints() == []


def test_when_the_program_does_not_answer(page, browser):
    browser.call("Page.navigate", url=page.url)
    browser.wait("document.querySelectorAll('#t div').length==6")
    page.signal(15)
    page.wait()
    browser.wait("document.body.className=='stale'&&document.body.innerText.includes('does not answer')")


def test_without_clients(anklet, browser):
    proxy = anklet("--status", "tcp://localhost:0")
    place = proxy.addresses(2)[1]
    browser.call("Page.navigate", url=f"http://localhost:{place[1]}/")
    browser.wait("document.body.innerText.includes(\"when the status line of the configuration has 'sessions'\")")
    browser.wait("H.length>0")
    assert browser.complaints() == []


CONTRAST = """(()=>{const c=x=>getComputedStyle(x).color.match(/\\d+/g).map(v=>(v/=255)<=.03928?v/12.92:((v+.055)/1.055)**2.4),
l=([r,g,b])=>.2126*r+.7152*g+.0722*b,back=l(getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(v=>(v/=255)<=.03928?v/12.92:((v+.055)/1.055)**2.4));
return Math.min(...[...document.querySelectorAll('h1,h2,span,b,#t div,td,th')].map(e=>{const f=l(c(e));return(Math.max(f,back)+.05)/(Math.min(f,back)+.05)}))})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_can_be_read(page, browser, width, scheme):
    """Nothing is wider than the screen, the numbers are large and the colours far enough apart."""
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 800)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Page.navigate", url=page.url)
    held = socks4.session(page.address, peers.listener(), userid=b"somebody.with.a.rather.long.name" * 3)
    browser.wait("document.querySelectorAll('#s tr').length==2")
    assert browser.value("document.documentElement.scrollWidth") <= width and held
    assert browser.value("parseFloat(getComputedStyle(document.querySelector('#t b')).fontSize)") >= 32
    assert browser.value("parseFloat(getComputedStyle(document.querySelector('#s td')).fontSize)") >= 14
    assert browser.value(CONTRAST) >= 4.5
    dark = browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    assert dark == (scheme == "dark")
    assert browser.complaints() == []
    if os.environ.get("PAGE_PICTURES"):
        picture = browser.call("Page.captureScreenshot")["data"]
        with open(f"{os.environ['PAGE_PICTURES']}/{width}-{scheme}.png", "wb") as file:
            file.write(base64.b64decode(picture))
