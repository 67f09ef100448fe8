"""
Servers of the distribution, each started from a configuration of the test's own in a directory of its own:
stunnel, dovecot (IMAP, POP3, SMTP submission), danted, sshd with ssh -D, dnsmasq and unbound.

Each stays in the foreground and is ended by its process id.
"""
import contextlib
import os
import pathlib
import pwd
import re
import signal
import subprocess
import threading
import time

import peers
import tls_peers

USER, PASSWORD = "me", "secret"  # as in README.md


class Daemon:
    """A running program with its output. It is ended when the test ends, by the signal 'ending'."""

    def __init__(self, command, ns=None, stdin=subprocess.DEVNULL, ending=signal.SIGTERM, **more):
        self.command = [str(word) for word in command]
        self.output, self.changed, self.over = b"", threading.Condition(), False
        self.process = subprocess.Popen(ns.command(*self.command) if ns else self.command, stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
                                        start_new_session=True, **more)
        self.ending = ending
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()
        peers.keep_server(self)

    def collect(self):
        while True:
            data = os.read(self.process.stdout.fileno(), 65536)
            with self.changed:
                self.output += data
                self.over = not data
                self.changed.notify_all()
            if not data:
                return

    @property
    def text(self):
        return self.output.decode("latin-1")

    def wait_text(self, pattern, limit=peers.LIMIT):
        """Waits until the output holds the pattern: the match."""
        end = time.monotonic() + limit
        with self.changed:
            while True:
                match = re.search(pattern, self.text)
                if match:
                    return match
                left = end - time.monotonic()
                assert left > 0 and not self.over, f"{self.command}: no {pattern!r} in\n{self.text}"
                self.changed.wait(left)

    def listens(self, address, ns=None):
        """Waits until it does."""

        def there():
            assert self.process.poll() is None, f"{self.command} ended:\n{self.text}"
            with contextlib.suppress(ConnectionRefusedError):
                peers.dial(address, ns=ns).close()
                return True

        assert peers.until(there, 30, 0.05), f"{self.command} does not listen:\n{self.text}"
        return self

    def end(self, limit=peers.LIMIT):
        """Waits for its end: the exit status."""
        status = self.process.wait(limit)
        self.reader.join(limit)
        return status

    def signal_all(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def close(self):
        """It leads a session of its own, so whatever it has started ends with it."""
        self.signal_all(self.ending)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(peers.LIMIT)
        self.signal_all(signal.SIGKILL)
        self.process.wait(peers.LIMIT)
        self.reader.join(peers.LIMIT)
        print(f"---- {self.command[0]}\n{self.text[-4000:]}")
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


# ---- stunnel ----

def stunnel(program, directory, accept, target, client=False, options=(), ns=None):
    """
    stunnel between a port of ours and target, both (host, port): it listens at accept. client: it speaks TLS
    to the target, else to those who connect. options: further lines for the service.
    """
    config = pathlib.Path(directory) / f"stunnel-{accept[1]}.conf"
    config.write_text("\n".join([
        "foreground = yes", "pid =", "debug = info", "syslog = no", "[service]",
        f"client = {'yes' if client else 'no'}", f"accept = {accept[0]}:{accept[1]}",
        f"connect = {target[0]}:{target[1]}", "TIMEOUTclose = 2", *options]) + "\n")
    return Daemon([program, config], ns).listens(accept, ns)


# ---- openssl s_server ----

def s_server(program, pair, *options):
    """(the daemon, its port). It shows what it receives, and ends when its input does."""
    port = peers.reserve()
    daemon = Daemon([program, "s_server", "-accept", f"127.0.0.1:{port}", "-cert", pair.cert, "-key", pair.key,
                     *options], stdin=subprocess.PIPE)
    daemon.wait_text("ACCEPT")
    return daemon, port


# ---- dovecot ----

# What every version reads alike, and what 2.4 has other words for.
DOVECOT = """
{words}
base_dir = {dir}/run
state_dir = {dir}/state
log_path = /dev/stderr
protocols = imap pop3 submission
listen = {host}
ssl = required
auth_mechanisms = plain login
first_valid_uid = 1
submission_relay_host = {host}
submission_relay_port = {relay}
submission_relay_trusted = no
service imap-login {{
  inet_listener imap {{
    port = {ports[imap]}
  }}
  inet_listener imaps {{
    port = {ports[imaps]}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {ports[pop3]}
  }}
  inet_listener pop3s {{
    port = {ports[pop3s]}
    ssl = yes
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = {ports[smtp]}
  }}
}}
"""

DOVECOT_2_3 = """
ssl_cert = <{pair.cert}
ssl_key = <{pair.key}
mail_location = maildir:{dir}/mail
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={dir}/mail
}}
"""

DOVECOT_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = {pair.cert}
ssl_server_key_file = {pair.key}
mail_driver = maildir
mail_path = {dir}/mail
passdb passwd-file {{
  passwd_file_path = {dir}/users
}}
userdb static {{
  fields {{
    uid = dovecot
    gid = dovecot
    home = {dir}/mail
  }}
}}
"""

MAIL = "From: writer@example.test\nTo: reader@example.test\nSubject: hello\n\nThe text of the mail.\n"
SERVICES = ("imap", "imaps", "pop3", "pop3s", "smtp")


class Dovecot:
    """
    IMAP, POP3 and SMTP submission, which ask for STARTTLS, IMAP and POP3 with TLS at once. .ports are by
    SERVICES. USER has one MAIL; what is submitted goes to a relay of ours: .sink.
    """

    def __init__(self, program, directory, pair, ports=None, ns=None, host="127.0.0.1"):
        self.dir = pathlib.Path(directory) / "dovecot"
        for name in ("new", "cur", "tmp"):
            (self.dir / "mail" / name).mkdir(parents=True)
        (self.dir / "mail" / "new" / "1.only.host").write_text(MAIL)
        (self.dir / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        self.open_to("dovecot")
        self.sink = MailSink(host, ns)
        self.ports = ports or {name: peers.reserve(host) for name in SERVICES}
        config = self.dir / "dovecot.conf"
        words = (DOVECOT_2_4 if self.version(program) >= (2, 4) else DOVECOT_2_3).format(dir=self.dir, pair=pair)
        config.write_text(DOVECOT.format(dir=self.dir, words=words, ports=self.ports, host=host,
                                         relay=self.sink.port))
        self.daemon = Daemon([program, "-F", "-c", config], ns, ending=signal.SIGKILL)
        for port in self.ports.values():
            self.daemon.listens((host, port), ns)
        assert peers.until(lambda: self.lets_in(host, ns), 60, 0.1), self.daemon.text

    @staticmethod
    def version(program):
        """The first two numbers of '2.4.1-4 (7d8c0e5759)'."""
        shown = subprocess.run([program, "--version"], check=True, timeout=30, stdout=subprocess.PIPE, text=True).stdout
        return tuple(int(number) for number in shown.split(".")[:2])

    def lets_in(self, host, ns):
        """Does its part that knows the users answer yet?"""
        with contextlib.suppress(OSError, EOFError):
            sock = peers.dial((host, self.ports["imaps"]), ns=ns)
            with tls_peers.client_context().wrap_socket(sock) as tls:
                tls.sendall(f'a login {USER} "{PASSWORD}"\r\n'.encode())
                lines = tls.makefile("rb")
                return any(line.startswith(b"a OK") for line in iter(lines.readline, b""))
        return False

    def open_to(self, user):
        """The mail is the user's, who has to get to it: pytest's directories are for their owner alone."""
        entry = pwd.getpwnam(user)
        for path in [self.dir / "mail", *(self.dir / "mail").rglob("*")]:
            os.chown(path, entry.pw_uid, entry.pw_gid)
        for path in (self.dir, *self.dir.parents):
            if path.stat().st_mode & 0o001 == 0:
                path.chmod(path.stat().st_mode | 0o011)


class MailSink(peers.Worker):
    """The next mail server: takes every mail, without TLS. .mails: what came, whole."""

    def __init__(self, host="127.0.0.1", ns=None):
        super().__init__()
        self.listener = peers.listener(host, ns=ns)
        self.port = peers.port_of(self.listener)
        self.mails = []
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                sock = peers.accept(self.listener)
                with contextlib.suppress(OSError):
                    self.serve(sock, sock.makefile("rb"))
                sock.close()

    def serve(self, sock, lines):
        sock.sendall(b"220 sink.example.test ESMTP\r\n")
        for line in lines:
            verb = line[:4].upper()
            if verb == b"DATA":
                sock.sendall(b"354 go ahead\r\n")
                mail = b""
                for text in lines:
                    if text == b".\r\n":
                        break
                    mail += text
                self.mails.append(mail)
            sock.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 sink.example.test\r\n")
            if verb == b"QUIT":
                return


# ---- SOCKS servers, to be next hops ----

DANTED = """
logoutput: stderr
internal: {host} port = {port}
external: {host}
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
timeout.connect: 30
client pass {{
  from: 0.0.0.0/0 to: 0.0.0.0/0
}}
socks pass {{
  from: 0.0.0.0/0 to: 0.0.0.0/0
  command: connect bind bindreply
  proxyprotocol: socks_v4 socks_v5
}}
"""


def danted(program, directory, host="127.0.0.1", port=None, ns=None):
    """A SOCKS4 and 5 server with CONNECT and BIND: (the daemon, its address)."""
    address = (host, port or peers.reserve(host))
    config = pathlib.Path(directory) / f"danted-{address[1]}.conf"
    config.write_text(DANTED.format(host=host, port=address[1]))
    daemon = Daemon([program, "-f", config, "-p", config.with_suffix(".pid"), "-N", "1"], ns)
    return daemon.listens(address, ns), address


SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {dir}/host
AuthorizedKeysFile {dir}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
AllowTcpForwarding yes
LogLevel ERROR
"""


def sshd(tool, directory):
    """Its port on this host, and the key of whom it lets in."""
    directory = pathlib.Path(directory)
    for name in ("host", "user"):
        subprocess.run([tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", directory / name],
                       check=True, timeout=30)
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on it
    port = peers.reserve()
    config = directory / "sshd.conf"
    config.write_text(SSHD.format(port=port, dir=directory))
    Daemon([tool("sshd"), "-D", "-e", "-f", config]).listens(("127.0.0.1", port))
    return port, directory / "user"


def ssh(tool, port, key):
    """The command for a client of that sshd, but for the host and what to do there."""
    return [tool("ssh"), "-F", "none", "-i", key, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-p", str(port)]


def ssh_dynamic(tool, directory):
    """A SOCKS4 and 4A server without BIND: ssh -D, to an sshd on this host. Its address."""
    command, at = ssh(tool, *sshd(tool, directory)), ("127.0.0.1", peers.reserve())
    Daemon([*command, "-N", "-D", f"{at[0]}:{at[1]}", "-o", "ExitOnForwardFailure=yes", "127.0.0.1"]).listens(at)
    return at


# ---- Name servers ----

# What both serve as their own: the zone example.test, with addresses and aliases.
ZONE_TTL = 300
NEGATIVE_TTL = 60  # of unbound's SOA: as long as 'no such name' may be kept


def dnsmasq(program, directory, records, host="127.0.0.1", ns=None, port=53):
    """dnsmasq with a zone of its own: records are (name, 'A', 'AAAA' or 'CNAME', value)."""
    records = list(records)
    hosts = pathlib.Path(directory) / f"dnsmasq-{host}.hosts"
    hosts.write_text("".join(f"{value} {name}\n" for name, kind, value in records if kind != "CNAME"))
    aliases = [f"--cname={name},{value}" for name, kind, value in records if kind == "CNAME"]
    return Daemon([program, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                   f"--addn-hosts={hosts}", f"--listen-address={host}", "--bind-interfaces", f"--port={port}",
                   "--local=/test/", f"--local-ttl={ZONE_TTL}", "--log-queries", "--log-facility=-",
                   "--user=root", *aliases], ns).listens((host, port), ns)


UNBOUND = """
server:
  directory: "{dir}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  log-queries: yes
  do-daemonize: no
  do-not-query-localhost: no
  num-threads: 1
  interface: {host}@{port}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  module-config: "iterator"
  local-zone: "test." nodefault
  {options}
auth-zone:
  name: "example.test."
  zonefile: "{zone}"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
remote-control:
  control-enable: no
"""


def unbound(program, directory, records, host="127.0.0.1", ns=None, port=53, options=""):
    """unbound, which resolves from a zone file of ours, as it would from the zone's own servers."""
    zone = pathlib.Path(directory) / f"unbound-{host}.zone"
    lines = ["$ORIGIN example.test.", f"$TTL {ZONE_TTL}",
             f"@ SOA ns.example.test. root.example.test. 1 3600 600 86400 {NEGATIVE_TTL}", "@ NS ns.example.test.",
             "ns A 127.0.0.1"]
    lines += [f"{name}. {kind} {value}{'.' if kind == 'CNAME' else ''}" for name, kind, value in records]
    zone.write_text("\n".join(lines) + "\n")
    config = zone.with_suffix(".conf")
    config.write_text(UNBOUND.format(dir=directory, host=host, port=port, zone=zone, options=options))
    return Daemon([program, "-d", "-c", config], ns).listens((host, port), ns)
