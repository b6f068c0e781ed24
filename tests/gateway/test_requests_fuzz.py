"""Any client may send anything: the gateway refuses it in words and lives on. Seeded; a failure names its seed."""

import contextlib
import random
from typing import Any

from runtime.wire.fault import RefusedFault
from tests.gateway.standin import PROGRAM_X, Controller, scanning, serving

OPS = ("hello", "status", "tags", "read", "write", "force", "unforce", "forces", "command", "stats", "events")
FIELDS = ("name", "names", "value", "client", "seq", "ttl_ms", "since", "all", "variables")
TEXTS = (
    "",
    "*",
    "meter_1.p_kw",
    "mode",
    PROGRAM_X,
    "cell[1].mv",
    "pcs_1.enable",
    "T#5s",
    "16#FF",
    "NaN",
    "\ud800",
    "(?",
)


def anything(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(9 if depth < 2 else 7)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.choice([0, 1, -1, 2**31, 2**63, 2**64, -(2**70), 10**400])
    if kind == 2:
        return chance.choice([0.0, 1.5, -1e308, 1e39])
    if kind <= 6:
        return chance.choice(TEXTS)
    if kind == 7:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(3))]
    return {chance.choice(FIELDS): anything(chance, depth + 1) for _ in range(chance.randrange(3))}


async def test_requests_when_fields_are_anything_then_answered_or_refused(controller: Controller) -> None:
    async with scanning(controller), serving(controller) as client:
        for seed in range(400):
            chance = random.Random(seed)
            fields = {name: anything(chance) for name in FIELDS if chance.random() < 0.7}
            fields["ttl_ms"] = chance.choice([1, 30, fields.get("ttl_ms")])
            with contextlib.suppress(RefusedFault):
                await client.request(chance.choice(OPS), **fields)
        assert (await client.request("hello"))["site"] == "tested"
