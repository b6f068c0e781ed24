"""The waiting client: what it says when nobody answers, and that it takes no late answer for its own."""

import fcntl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from runtime.wire.client import Client
from runtime.wire.endpoints import Endpoints, endpoints
from runtime.wire.fault import NoAnswerFault, RefusedFault
from runtime.wire.messages import decode, encode_error, encode_result

Router = zmq.Socket[bytes]


@pytest.fixture
def where(tmp_path: Path) -> Endpoints:
    return endpoints(tmp_path)


@pytest.fixture
def router() -> Iterator[Router]:
    """A gateway's request socket, not yet bound."""
    context: zmq.Context[Router] = zmq.Context()
    socket: Router = context.socket(zmq.ROUTER)
    yield socket
    socket.close(linger=0)
    context.term()


def test_request_when_no_controller_runs_then_says_which_and_how_to_start_it(where: Endpoints) -> None:
    with Client(where, site="demo", timeout_ms=20) as client, pytest.raises(NoAnswerFault) as caught:
        client.request("status")
    assert "site 'demo'" in caught.value.what
    assert "no controller runs" in caught.value.what
    assert caught.value.mend == "start it: voltscan run SITE.toml"


def test_request_when_controller_runs_without_gateway_then_says_that(where: Endpoints) -> None:
    with (where.run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with Client(where, site="demo", timeout_ms=20) as client, pytest.raises(NoAnswerFault, match="its gateway"):
            client.request("status")


def test_request_when_gateway_comes_later_then_no_old_request_is_delivered(where: Endpoints, router: Router) -> None:
    with Client(where, timeout_ms=20) as client:
        with pytest.raises(NoAnswerFault):
            client.request("command")
        router.bind(where.request)
        answering = threading.Thread(target=_answer, args=(router, 1))
        answering.start()
        assert client.request("second", timeout_ms=5_000) == {"op": "second"}
        answering.join()
        assert router.poll(50) == 0


def test_request_when_a_late_answer_comes_then_it_is_not_taken_for_the_next(where: Endpoints, router: Router) -> None:
    router.bind(where.request)
    with Client(where, timeout_ms=200) as client:
        with pytest.raises(NoAnswerFault):
            client.request("slow")
        answering = threading.Thread(target=_answer, args=(router, 2))  # the late one first
        answering.start()
        assert client.request("quick", timeout_ms=5_000) == {"op": "quick"}
        answering.join()


def test_request_when_refused_then_the_gateways_words(where: Endpoints, router: Router) -> None:
    router.bind(where.request)
    answering = threading.Thread(target=_refuse, args=(router,))
    answering.start()
    with Client(where, timeout_ms=5_000) as client, pytest.raises(RefusedFault, match="no") as caught:
        client.request("anything")
    answering.join()
    assert caught.value.mend == "ask for less"


def _answer(router: Router, count: int) -> None:
    for _ in range(count):
        route, raw = router.recv_multipart()
        message = decode(raw)
        router.send_multipart([route, encode_result(message["id"], {"op": message["op"]})])


def _refuse(router: Router) -> None:
    route, raw = router.recv_multipart()
    router.send_multipart([route, encode_error(decode(raw)["id"], RefusedFault("no", mend="ask for less"))])
