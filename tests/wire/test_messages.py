"""Messages: what goes through, and what a bad peer gets."""

import math

import pytest

from runtime.core.fault import ConfigFault
from runtime.wire.fault import RefusedFault, WireFault
from runtime.wire.messages import (
    decode,
    decode_reply,
    decode_request,
    encode,
    encode_error,
    encode_request,
    encode_result,
)


def test_encode_when_numbers_are_not_finite_then_strings() -> None:
    told = {"a": [math.nan, (1.5, math.inf)], "b": {"c": -math.inf}, "d": True}
    assert decode(encode(told)) == {"a": ["NaN", [1.5, "Infinity"]], "b": {"c": "-Infinity"}, "d": True}


def test_request_when_encoded_then_decodes_to_the_same() -> None:
    assert decode_request(encode_request(3, "read", {"names": ["a.*"]})) == {
        "v": 1,
        "id": 3,
        "op": "read",
        "names": ["a.*"],
    }


def test_reply_when_ok_then_id_and_result() -> None:
    assert decode_reply(encode_result("x", {"a": 1})) == ("x", {"a": 1})


def test_reply_when_fault_then_the_gateways_words() -> None:
    answered, fault = decode_reply(encode_error(9, ConfigFault("no tag x", where="x", mend="did you mean y?")))
    assert answered == 9
    assert isinstance(fault, RefusedFault)
    assert (fault.what, fault.where, fault.mend) == ("no tag x", "x", "did you mean y?")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"[" * 100_000, "not JSON"),
        (b'{"id":1,"op":"status"}', "protocol version None, this side speaks 1"),
        (b'{"v":2,"id":1,"op":"status"}', "protocol version 2"),
        (b'{"v":1,"id":1}', "without `op`"),
        (b'{"v":1,"op":5}', "without `op`"),
    ],
)
def test_decode_request_when_message_is_bad_then_wire_fault(raw: bytes, says: str) -> None:
    with pytest.raises(WireFault, match=says):
        decode_request(raw)


@pytest.mark.parametrize("raw", [b'{"v":1,"id":1}', b'{"v":1,"ok":true}', b'{"v":1,"ok":false,"error":"x"}'])
def test_decode_reply_when_neither_result_nor_error_then_wire_fault(raw: bytes) -> None:
    with pytest.raises(WireFault, match="neither result nor error"):
        decode_reply(raw)
