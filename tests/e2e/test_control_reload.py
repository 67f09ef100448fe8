"""Reloading by control: 'anklet reload' waits, says what came of it, and what belongs to the status stays or follows."""
import pytest

import http_client
import peers
import program
import socks4


@pytest.fixture
def running(anklet, tmp_path):
    """The program with a file for its configuration; write(text) puts more into it."""
    path, file = str(tmp_path / "control.sock"), tmp_path / "anklet.conf"
    place = peers.reserve()

    def write(more, control=path):
        file.write_text(f"listen tcp://127.0.0.1:{place}\ncontrol {control}\n{more}")

    write("")
    proxy = anklet("-c", str(file))
    proxy.wait_log("listening on control")
    proxy.path, proxy.write = path, write
    proxy.reload = lambda: program.run("reload", "-S", path)
    return proxy


def config(proxy):
    return http_client.get_json(proxy.path, "/status")["config"]


def test_good_and_bad_and_good_again(running):
    client, end = socks4.session(running.address, peers.listener())
    assert config(running)["generation"] == 1
    running.write("deny to 127.0.0.9\nallow to *\n")
    done = running.reload()
    assert (done.returncode, done.stdout, done.stderr) == (0, "configuration 2 is in force\n", "")
    assert socks4.refused(running.address, 80, "127.0.0.9") == socks4.REJECTED
    running.write("nonsense\n")
    done = running.reload()
    assert done.returncode == program.CONFIG and "stays as it was" in done.stderr
    running.wait_log("unknown keyword 'nonsense'")
    assert {"generation": 2, "reloads": 1, "failed": 1, "last_ok": False, "waiting": False}.items() <= config(running).items()
    running.write("")
    assert running.reload().stdout == "configuration 3 is in force\n"
    client.sendall(b"x")
    assert peers.read_exactly(end, 1) == b"x"


def test_the_place_of_the_status_follows(running):
    one, two = peers.reserve(), peers.reserve()
    running.write(f"status tcp://127.0.0.1:{one}\n")
    assert running.reload().returncode == 0
    assert http_client.ask(("127.0.0.1", one), "/sessions").status == 403
    running.write(f"status tcp://127.0.0.1:{one} sessions\n")
    assert running.reload().returncode == 0
    assert http_client.ask(("127.0.0.1", one), "/sessions").status == 200
    assert socks4.refused(running.address, one) == socks4.REJECTED
    running.write(f"status tcp://127.0.0.1:{two}\n")
    assert running.reload().returncode == 0
    assert http_client.ask(("127.0.0.1", two), "/status").status == 200
    assert peers.until(lambda: peers.closed(("127.0.0.1", one)))
    assert len(http_client.get_json(running.path, "/status")["listeners"]) == 1
    text = http_client.ask(("127.0.0.1", two), "/metrics").body
    assert b'anklet_config_reloads_total{result="ok"} 3\n' in text and b"anklet_config_last_reload_successful 1\n" in text


def test_control_cannot_be_changed(running, tmp_path):
    running.write("", control=str(tmp_path / "other.sock"))
    assert running.reload().returncode == program.CONFIG
    running.wait_log("control: it cannot be changed while the program runs")
    running.write("")
    assert running.reload().returncode == 0 and not (tmp_path / "other.sock").exists()
