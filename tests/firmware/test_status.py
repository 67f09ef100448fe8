"""The status and its page, from a board that has them: no more than what is asked for at one address of TCP."""
import gzip
import http.client
import json

import peers
import pytest
import socks4

HERE = "10.0.2.2"
NETWORK = "mac 52:54:00:12:34:56\naddress dhcp\n"
CONFIG = "listen 0.0.0.0:1080\nstatus tcp://0.0.0.0:1081 sessions from 10.0.2.0/24\nlog debug\n"
WITH_STATUS = pytest.mark.parametrize("name", ["mps2-an385"], indirect=True)


def get(board, path, **headers):
    asking = http.client.HTTPConnection(*board.other, timeout=peers.LIMIT)
    asking.request("GET", path, headers=headers)
    answer = asking.getresponse()
    body = answer.read()
    asking.close()
    return answer, body


@WITH_STATUS
def test_the_page_and_what_it_asks_for(user):
    board = user(other_port=1081, config=CONFIG, network=NETWORK)
    answer, body = get(board, "/")
    assert answer.status == 200 and answer.headers["Content-Encoding"] == "gzip"
    assert b"<script>" in gzip.decompress(body)
    for path in ("/status", "/sessions", "/refusals"):
        answer, body = get(board, path)
        assert answer.status == 200 and json.loads(body)["v"] == 1, path
    assert b"anklet_sessions" in get(board, "/metrics")[1]


@WITH_STATUS
def test_a_session_is_seen(user):
    """Bytes are counted while they are passed on."""
    board = user(other_port=1081, config=CONFIG, network=NETWORK)
    server = peers.listener()
    client = socks4.connect(board.address, peers.port_of(server), HERE)
    end = peers.accept(server)
    client.sendall(b"ping")
    assert peers.read_exactly(end, 4) == b"ping"
    session, = json.loads(get(board, "/sessions")[1])["list"]
    assert (session["up"], session["down"]) == (4, 0)


@WITH_STATUS
def test_whoever_asks_wrongly_harms_nobody(user):
    board = user(other_port=1081, config=CONFIG, network=NETWORK)
    assert get(board, "/frog")[0].status == 404
    assert get(board, "/status", Host="frog.test")[0].status == 403
    silent = peers.dial(board.other)
    assert get(board, "/status")[0].status == 200
    silent.close()
