"""A TCP server for what played devices say: one task a connection, bounded, ended with the server."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from runtime.core.fault import ConfigFault
from runtime.drivers.modbus.server import CLIENT

CONNECTIONS_MAX = 32
"""Connections at once; one more is closed at once."""
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ready = Callable[[str], None]
"""Called once clients can come, with the address, for people."""


async def serve_streams(host: str, port: int, talk: Talk, ready: Ready) -> None:
    """Have `talk` speak with each client until cancelled. Raises ConfigFault when the address cannot be had."""
    talks: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        CLIENT.set(":".join(str(part) for part in writer.get_extra_info("peername", ())[:2]))
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            await talk(reader, writer)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(talks) >= CONNECTIONS_MAX:
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(meet(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    try:
        server = await asyncio.start_server(accept, host, port)
    except OSError as error:
        raise ConfigFault(
            f"played devices cannot be reached: {error.strerror or error}",
            where=f"{host}:{port}",
            mend="end whoever listens there, or change the address of the link",
        ) from error
    try:
        ready(f"{host}:{server.sockets[0].getsockname()[1]}")
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()
