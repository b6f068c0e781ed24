"""A compiled body: what a call of it does with frame, arguments and result."""

from collections.abc import Sequence

from runtime.core.elementary import Value
from runtime.lang.interp.activation import Activation, Runner, Spot
from runtime.lang.interp.header import Header
from runtime.lang.ir import Body
from runtime.lang.machine import Buffer


class Function:
    """A body ready to be called; each call has a frame of its own."""

    def __init__(self, body: Body, block: Runner, memory: Buffer, header: Header) -> None:
        self._body = body
        self._block = block
        self._memory = memory
        self._header = header

    def call(self, values: Sequence[Value], refs: tuple[Spot, ...], instance: Spot | None = None) -> Value:
        """Call a FUNCTION, or a METHOD on an instance; one without result gives FALSE."""
        body = self._body
        frame = bytearray(body.frame)
        for parameter, value in zip(body.values, values, strict=True):
            parameter.type.pack_into(frame, parameter.offset, value)
        buffer, offset = instance or (frame, 0)
        self._run(Activation(buffer, offset, frame, refs))
        if body.result is None:
            return False
        return body.result.unpack(self._memory if body.result_is_static else frame, body.result_offset)

    def run(self, buffer: Buffer, offset: int, refs: tuple[Spot, ...]) -> None:
        """Run a PROGRAM or FUNCTION_BLOCK on the instance at `offset` of `buffer`."""
        self._run(Activation(buffer, offset, bytearray(self._body.frame), refs))

    def _run(self, activation: Activation) -> None:
        """Faults are those of this instance; after a cut nobody asks whose they are, until the next task."""
        header = self._header
        caller = header.instance
        header.instance = activation.offset if activation.buffer is self._memory else 0
        self._block(activation)
        header.instance = caller
