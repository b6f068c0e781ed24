"""The tags of the demo site as a table, without a compiler: what maps are checked against in these tests."""

from collections.abc import Iterable

from runtime.core.elementary import BOOL, LREAL, REAL, UDINT, UINT, USINT, Elementary
from runtime.core.tag import Tag, TagTable, Variable

Field = tuple[str, Elementary, str, tuple[tuple[str, int], ...]]


def plain(names: str, type_: Elementary = REAL) -> list[Field]:
    return [(name, type_, "", ()) for name in names.split()]


METER = plain("p_kw q_kvar u_l1_v u_l2_v u_l3_v i_l1_a i_l2_a i_l3_a f_hz e_import_kwh e_export_kwh")
INVERTER = [
    *plain("p_kw q_kvar s_kva f_hz u_l1_v u_l2_v u_l3_v i_l1_a i_l2_a i_l3_a dc_u_v dc_i_a t_igbt_c"),
    *plain("node_status", UINT),
    *plain("uc_error dsp_error", UDINT),
    *plain("running", BOOL),
    *plain("p_set_kw q_set_kvar"),
    *plain("heartbeat", UINT),
    *plain("start_cmd stop_cmd reset_cmd", BOOL),
]
RACK = [
    *plain("soc_pct soh_pct u_v i_a cell_u_min_mv cell_u_max_mv cell_t_min_c cell_t_max_c"),
    *plain("charge_i_max_a discharge_i_max_a charge_u_max_v discharge_u_min_v"),
    ("state", USINT, "RACK_STATE", (("STANDBY", 0), ("READY", 1), ("CONNECTED", 2), ("FAULT", 3))),
    *plain("alarm_bits", UINT),
    *plain("life", USINT),
    *plain("connect_cmd", BOOL),
    *plain("keep_alive", USINT),
]
RESULT = (("NONE", 0), ("ACCEPTED", 1), ("DONE", 2), ("REFUSED_RANGE", 3), ("REFUSED_STATE", 4))
ACK: list[Field] = [*plain("seq", UDINT), ("result", USINT, "COMMAND_RESULT", RESULT)]
MODE: list[Field] = [
    ("value", USINT, "CONTROL_MODE", (("PASSIVE", 0), ("SELF_CONSUMPTION", 1))),
    *plain("seq", UDINT),
]
COMMANDS: dict[str, Elementary] = {
    "seen": BOOL,
    "manual_power": REAL,
    "charge": REAL,
    "discharge": REAL,
    "hold": BOOL,
    "get_state": BOOL,
    "local_setpoint": REAL,
    "local_q": REAL,
    "local_heartbeat": UINT,
    "utility_exchange": REAL,
    "test_mode": BOOL,
    "test_power": REAL,
    "test_nudge": REAL,
    "exercise": USINT,
}
PLANT: list[Field] = [("value", USINT, "PLANT_REQUEST", (("NONE", 0), ("START", 1))), *plain("seq", UDINT)]
GLOBALS: dict[str, list[Field]] = {
    "grid_meter_1": METER,
    "pv_meter_1": METER,
    "inverter_1": INVERTER,
    "battery_1": RACK,
    "battery_2": RACK,
    "command_mode_1": MODE,
    "ack_mode_1": ACK,
    "command_grid_target_1": [*plain("value"), *plain("seq", UDINT)],
    "ack_grid_target_1": ACK,
    "command_reset_1": [*plain("value", BOOL), *plain("seq", UDINT)],
    "ack_reset_1": ACK,
    "spare_1": [*plain("p_kw"), *plain("wide", LREAL), *plain("count", UINT)],
    "command_plant_1": PLANT,
    "ack_plant_1": ACK,
    **{f"command_{name}_1": [*plain("value", of), *plain("seq", UDINT)] for name, of in COMMANDS.items()},
    **{f"ack_{name}_1": ACK for name in COMMANDS},
}


def table(globals_: dict[str, list[Field]] | None = None, variables: Iterable[str] = ("main.pid_1.out",)) -> TagTable:
    tags: list[Tag] = []
    for line, (instance, fields) in enumerate((globals_ or GLOBALS).items(), start=10):
        for name, type_, enum_name, labels in fields:
            tags.append(
                Tag(
                    name=f"{instance}.{name}",
                    type=type_,
                    offset=384 + 8 * len(tags),
                    index=len(tags),
                    labels=labels,
                    enum_name=enum_name,
                    file="programs/sites/demo.st",
                    line=line,
                )
            )
    return TagTable(tags, [Variable(name=v, type=REAL, offset=100_000) for v in variables])
