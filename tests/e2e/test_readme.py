"""
The uses of encryption that README.md shows, with its commands as they stand there.

Hosts of our own have the names and addresses that it mentions; each has its /etc/hosts, and
trusts the certificates of the tests as a system trusts those of the world.
"""
import pathlib
import re
import shlex
import subprocess

import pytest

import daemons
import peers
import program
import web_server

pytestmark = pytest.mark.usefixtures("with_tls")

README = (program.ROOT / "README.md").read_text()
NEAR, FAR, OUTSIDE, WORLD = "192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2"
MAIL = "mail.example.com"


def commands(title):
    """The blocks of commands below a heading: a list of lists of lines."""
    section = re.search(rf"^### {re.escape(title)}$(.*?)^##", README, re.MULTILINE | re.DOTALL).group(1)
    blocks = re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in blocks]


class Box:
    """A host with a directory, in which README's commands are run."""

    def __init__(self, ns, directory, anklet, names):
        directory.mkdir()
        self.ns, self.dir, self.start = ns, directory, anklet
        ns.file("hosts", "".join(f"{address} {name}\n" for name, address in names.items()))
        ns.file("resolv.conf", "")
        ns.file("nsswitch.conf", "hosts: files\n")

    def trust(self, ca):
        """What the system's list of authorities is on this host."""
        (self.ns.etc / "ssl" / "certs").mkdir(parents=True)
        self.ns.file("ssl/certs/ca-certificates.crt", pathlib.Path(ca).read_text())

    def anklet(self, line):
        """build/anklet with the arguments of that line."""
        words = shlex.split(line)
        assert words[0] == "build/anklet"
        return self.start(*words[1:], ns=self.ns, listen=False, wrapper=["env", "-C", str(self.dir)])

    def run(self, line):
        done = subprocess.run(self.ns.command("sh", "-c", line), cwd=self.dir, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert done.returncode == 0, f"{line}: {done.returncode} {done.stderr.decode()}"
        return done.stdout


def test_a_tunnel_between_two_boxes(namespace, anklet, tool, tmp_path):
    for name in ("openssl", "curl"):
        tool(name)
    hosts = [namespace() for _ in range(3)]
    hosts[0].wire(hosts[1], [f"{NEAR}/24"], [f"{FAR}/24"])
    hosts[1].wire(hosts[2], [f"{OUTSIDE}/24"], [f"{WORLD}/24"])
    near = Box(hosts[0], tmp_path / "near", anklet, {"far.example.com": FAR})
    far = Box(hosts[1], tmp_path / "far", anklet, {"www.example.com": WORLD})
    web = peers.keep_server(web_server.WebServer(WORLD, 80, hosts[2]))
    (make_far, start_far), (make_near, start_near, ask) = commands("A tunnel between two boxes")
    far.run(make_far)
    near.run(make_near)
    (far.dir / "near.pem").write_text((near.dir / "near.pem").read_text())
    (near.dir / "far.pem").write_text((far.dir / "far.pem").read_text())
    tunnel = far.anklet(start_far)
    near.anklet(start_near)
    assert near.run(ask) == web.page
    tunnel.wait_log("connect www.example.com:80")


@pytest.fixture
def mail(namespace, anklet, certs, tool, tmp_path):
    """A box, and a host with mail for it: (the box, the dovecot)."""
    mine, theirs = namespace(), namespace()
    mine.wire(theirs, [f"{NEAR}/24"], [f"{FAR}/24"])
    box = Box(mine, tmp_path / "box", anklet, {MAIL: FAR})
    box.trust(certs.ca)
    tool("curl")
    ports = dict(zip(daemons.SERVICES, (143, 993, 110, 995, 587)))
    return box, daemons.Dovecot(tool("dovecot"), tmp_path, certs.mail, ports, theirs, FAR)


def test_mail_over_imaps(mail):
    box, _ = mail
    (start, read), = commands("Mail over IMAPS, read by a program that knows no TLS")
    box.anklet(start)
    assert box.run(read).replace(b"\r\n", b"\n").decode() == daemons.MAIL


def test_mail_to_a_submission_server(mail):
    box, dovecot = mail
    (start, send), = commands("Mail to a submission server that wants STARTTLS")
    (box.dir / "mail.txt").write_text("Subject: from the readme\r\n\r\nIt arrives.\r\n")
    box.anklet(start)
    box.run(send)
    assert peers.until(lambda: any(b"It arrives." in mail for mail in dovecot.sink.mails))


def test_nothing_is_sent_where_the_certificate_is_unknown(mail, certs):
    """The same commands on a host that does not trust the server's authority."""
    box, dovecot = mail
    box.ns.file("ssl/certs/ca-certificates.crt", pathlib.Path(certs.other_ca).read_text())
    (start, read), = commands("Mail over IMAPS, read by a program that knows no TLS")
    proxy = box.anklet(start)
    with pytest.raises(AssertionError, match="curl"):
        box.run(read)
    proxy.wait_log("refused with 91.*not issued by a trusted authority")
