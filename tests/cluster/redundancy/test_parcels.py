"""Parcels between the controllers of a pair: what is packed is unpacked, and nobody's bytes raise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.cluster.pair.frame import FrameAck, Need, Standing, State, make_frame
from runtime.cluster.redundancy.parcels import Label, message_of, parcel_of, relay_content, relay_parcel
from runtime.cluster.transport.codec import Parcel, decode, encode

STATE = State(scan_no=5, plc_now_ns=50, applied_index=2, memory=b"m" * 500)
MESSAGES = (
    make_frame(STATE, None, term=3, version=9, life=1),
    FrameAck(term=3, scan_no=5, need=Need.WHOLE, life=1),
    Standing(source="a", life=1, term=3, state_term=2, scan_no=4, version=9, links_lost=(1 << 64) - 1),
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_message_when_sent_as_a_parcel_then_arrives_as_it_was(message):
    (parcel,) = decode(encode(parcel_of(message, source="a", target="b")))
    assert isinstance(parcel, Parcel)
    assert message_of(parcel) == message


def test_relay_when_sent_as_a_parcel_then_arrives_as_it_was_and_is_no_message():
    parcel = relay_parcel({"do": "relayed", "id": 4, "content": {"x": 1.5}}, source="a", target="b")
    assert relay_content(parcel) == {"do": "relayed", "id": 4, "content": {"x": 1.5}}
    assert message_of(parcel) is None


@given(st.integers(0, 255), st.binary(max_size=200))
def test_parcel_when_its_content_is_anything_then_it_is_nothing_or_a_message(label, content):
    parcel = Parcel(source="b", target="a", term=1, label=label, content=content)
    message_of(parcel)
    assert relay_content(parcel) is None or label == Label.RELAY


@pytest.mark.parametrize("content", [b"{}", b'{"source":1}', b"[]", b"null", b'{"life":"x"}'])
def test_standing_when_a_field_is_missing_then_it_is_none(content):
    assert message_of(Parcel(source="b", target="a", term=1, label=Label.STANDING, content=content)) is None
