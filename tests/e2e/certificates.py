"""Certificates for the tests, made with the openssl command: one authority, and whoever is not to be trusted."""
import pathlib
import subprocess
from collections import namedtuple

NAME = "server.example.test"  # of the server's certificate
OTHER_NAME = "elsewhere.example.test"
WILD = "*.wild.example.test"
ADDRESS = "127.0.0.1"

# cert holds the whole chain that is to be sent, both the key as well, for programs that want one file.
Pair = namedtuple("Pair", "cert key both")

CA_CONFIG = """
[ca]
default_ca = tests
[tests]
new_certs_dir = {dir}
database = {dir}/index
serial = {dir}/serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[leaf]
basicConstraints = critical, CA:FALSE
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


class Authority:
    """A certification authority in a directory of its own. .cert is what those who trust it are given."""

    def __init__(self, directory, name):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir()
        self.cert, self.key = self.dir / "ca.pem", self.dir / "ca.key"
        self.config = self.dir / "openssl.cnf"
        self.config.write_text(CA_CONFIG.format(dir=self.dir))
        (self.dir / "index").touch()
        (self.dir / "serial").write_text("1000\n")
        self_signed(self.config, self.cert, self.key, name, "authority")

    def issue(self, name, names=(), dates=("20200101000000Z", "20491231235959Z"), **key):
        """A certificate for these subjectAltNames ("DNS:...", "IP:..."), good between the dates."""
        stem = self.dir / f"{len(list(self.dir.glob('*.key')))}"
        cert, own, asked = stem.with_suffix(".crt"), stem.with_suffix(".key"), stem.with_suffix(".csr")
        make_key(own, **key)
        extension = ["-addext", "subjectAltName=" + ",".join(names)] if names else []
        openssl("req", "-new", "-config", self.config, "-key", own, "-out", asked, "-subj", f"/CN={name}",
                *extension)
        openssl("ca", "-config", self.config, "-batch", "-notext", "-cert", self.cert, "-keyfile", self.key,
                "-in", asked, "-out", cert, "-startdate", dates[0], "-enddate", dates[1],
                "-extensions", "leaf")
        return pair(cert, own)


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30, text=True)
    assert done.returncode == 0, f"openssl {args[0]}: {done.stdout}"


def make_key(path, rsa=0):
    kind = ("RSA", "-pkeyopt", f"rsa_keygen_bits:{rsa}") if rsa else ("EC", "-pkeyopt",
                                                                    "ec_paramgen_curve:P-256")
    openssl("genpkey", "-algorithm", *kind, "-out", path)


def self_signed(config, cert, key, name, section, *more):
    make_key(key)
    openssl("req", "-x509", "-config", config, "-key", key, "-out", cert, "-days", "3650", "-subj",
            f"/CN={name}", "-extensions", section, *more)


def pair(cert, key):
    both = cert.with_suffix(".both")
    both.write_text(cert.read_text() + key.read_text())
    both.chmod(0o600)
    return Pair(str(cert), str(key), str(both))


class Certificates:
    """Everything there is. ca and other_ca are files; the rest are of the kind Pair."""

    def __init__(self, directory):
        good, other = Authority(directory / "good", "Good CA"), Authority(directory / "other", "Other CA")
        self.good = good
        sans = [f"DNS:{NAME}", f"DNS:{WILD}", f"IP:{ADDRESS}"]
        self.ca, self.other_ca = str(good.cert), str(other.cert)
        self.server = good.issue(NAME, sans)
        self.rsa_server = good.issue(NAME, sans, rsa=2048)
        self.long_rsa_server = good.issue(NAME, sans, rsa=4096)
        self.names_only = good.issue(NAME, sans[:2])
        self.other_name = good.issue(OTHER_NAME, [f"DNS:{OTHER_NAME}"])
        self.mail = good.issue("mail.example.com", ["DNS:mail.example.com"])
        self.expired = good.issue(NAME, sans, ("20200101000000Z", "20210101000000Z"))
        self.not_yet = good.issue(NAME, sans, ("20480101000000Z", "20490101000000Z"))
        self.unknown = other.issue(NAME, sans)
        self.client = good.issue("client")
        self.other_client = other.issue("stranger")
        alone = directory / "self.pem"
        self_signed(good.config, alone, directory / "self.key", NAME, "leaf", "-addext",
                    "subjectAltName=" + ",".join(sans))
        self.self_signed = pair(alone, directory / "self.key")
        self.psk_key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
        psk = directory / "psk"
        psk.write_text(f"sensor:{self.psk_key}\n")
        psk.chmod(0o600)
        self.psk = str(psk)
