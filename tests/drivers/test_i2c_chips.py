"""I2C chips against numbers from elsewhere: Bosch's integer formulas, TI's registers, a thermistor's own table."""

import pytest
from fakei2c import FakeBus

from runtime.core.fault import DriverFault
from runtime.drivers.i2c import bme680
from runtime.drivers.i2c.ads1115 import Ads1115, config_of
from runtime.drivers.i2c.expander import Expander, Mcp23017, Pcf8574
from runtime.drivers.i2c.ntc import temperature_c
from runtime.drivers.i2c.registers import RegisterChip
from runtime.iomap.i2citem import AdcChannel, ChipRegister, ExpanderPin, Ntc, SensorQuantity
from runtime.iomap.kinds.i2c.keys import NtcRules
from runtime.iomap.wire import I2cWire, Numeric

FLOAT = Numeric(bits=64, signed=True, floating=True)
LOW = bytes.fromhex("026703007d8e8ad758008e1b98ff221e0000f1fba5f31e")
HIGH = bytes.fromhex("3f3c2f002d14789cb96501cfe212")
CALIBRATION = bme680.read_calibration(LOW, HIGH, 0x2D, 0x16, 0x13)
MEASURED = [
    # converters: temperature, pressure, humidity, gas, range; then °C, hPa, %, ohm, byte of the heater.
    # Of the right side: bme680 2.0.0 (PyPI, by another maker, in Bosch's integer arithmetic) gave it for these bytes.
    (481000, 330000, 21500, 660, 4, 20.23, 1030.16, 47.23, 449985.877, 114),
    (520000, 412000, 18000, 300, 9, 32.49, 907.84, 28.231, 18549.154, 114),
    (430000, 290000, 26000, 900, 12, 4.19, 1070.28, 74.318, 1516.341, 114),
    (455123, 355221, 23111, 512, 7, 12.09, 974.03, 56.252, 63004.531, 114),
    (500000, 380000, 33000, 100, 0, 26.20, 953.81, 100.0, 11532690.863, 114),
]


def value(item: SensorQuantity | AdcChannel | ChipRegister | ExpanderPin, *, is_output: bool = False) -> I2cWire:
    return I2cWire(item=item, is_output=is_output, number=FLOAT)


@pytest.mark.parametrize("row", MEASURED)
def test_bme680_when_compensated_then_as_the_integer_arithmetic_of_its_maker(row: tuple[float, ...]) -> None:
    temperature, pressure, humidity, gas, gas_range = (int(n) for n in row[:5])
    raw = bme680.RawField(temperature, pressure, humidity, gas, gas_range)
    got = bme680.compensate(raw, CALIBRATION)
    assert got["temperature"] == pytest.approx(row[5], abs=0.01)
    assert got["pressure"] == pytest.approx(row[6], abs=0.1)
    assert got["humidity"] == pytest.approx(row[7], abs=0.05)
    assert got["gas"] == pytest.approx(row[8], rel=5e-4)
    assert bme680.heater_code(320.0, row[5], CALIBRATION) == pytest.approx(row[9], abs=1)


def bme680_bus(identity: int = 0x61, variant: int = 0) -> FakeBus:
    chip = bytearray(256)
    chip[0xD0], chip[0xF0], chip[0x00], chip[0x02], chip[0x04] = identity, variant, 0x2D, 0x16, 0x13
    chip[0x8A : 0x8A + 23], chip[0xE1 : 0xE1 + 14] = LOW, HIGH
    return FakeBus({0x76: chip})


def measure(bus: FakeBus, _address: int, register: int, payload: bytes) -> None:
    """A forced measurement ends at once: the first row of the table, gas valid and the heater stable."""
    if register == 0x74 and payload[0] & 3 == 1:
        bus.chips[0x76][0x1D:0x2C] = bytes.fromhex("8000") + bytes.fromhex("509100756e8053fc000000a534")


def test_bme680_when_asked_then_one_forced_measurement_gives_all_four() -> None:
    bus = bme680_bus()
    bus.on_write = measure
    chip = bme680.Bme680(bus, 0x76, sleep=lambda _: None)
    chip.open()
    quantities = ("temperature", "humidity", "pressure", "gas")
    got = chip.sample([value(SensorQuantity(quantity=q)) for q in quantities])
    assert got == [pytest.approx(v, rel=1e-3) for v in (20.23, 47.23, 1030.16, 449985.9)]
    assert [(register, byte) for _, register, byte in bus.log] == [
        (0x72, "01"),
        (0x5A, "72"),
        (0x64, "59"),
        (0x71, "10"),
        (0x74, "55"),
    ]


@pytest.mark.parametrize(("identity", "variant", "told"), [(0x58, 0, "the chip says 0x58"), (0x61, 1, "BME688")])
def test_bme680_when_it_is_another_chip_then_refused(identity: int, variant: int, told: str) -> None:
    with pytest.raises(DriverFault, match=told):
        bme680.Bme680(bme680_bus(identity, variant), 0x76).open()


def test_bme680_when_it_never_measures_then_told() -> None:
    chip = bme680.Bme680(bme680_bus(), 0x76, sleep=lambda _: None)
    chip.open()
    with pytest.raises(DriverFault, match="no measurement comes"):
        chip.sample([])


@pytest.mark.parametrize(
    ("item", "config"),
    [
        (AdcChannel(channel="0", range_v=2.048, rate_hz=128), 0xC583),  # SBAS444E, 8.6.3
        (AdcChannel(channel="0-1", range_v=2.048, rate_hz=128), 0x8583),  # the chip's own reset value
        (AdcChannel(channel="3", range_v=6.144, rate_hz=860), 0xF1E3),
        (AdcChannel(channel="2-3", range_v=0.256, rate_hz=8), 0xBB03),
    ],
)
def test_ads1115_when_configured_then_as_in_its_register_table(item: AdcChannel, config: int) -> None:
    assert config_of(item) == config


@pytest.mark.parametrize(
    ("count", "range_v", "volts"),
    [(16384, 4.096, 2.048), (-32767, 2.048, -2.0479375), (1, 6.144, 0.0001875), (32767, 4.096, None), (0, 0.256, 0.0)],
)
def test_ads1115_when_converted_then_volts_of_the_range_and_none_at_its_end(
    count: int, range_v: float, volts: float | None
) -> None:
    bus = FakeBus({0x48: bytearray(8)})
    bus.read = lambda _address, register, _count: (  # type: ignore[method-assign]
        count.to_bytes(2, "big", signed=True) if register == 0 else b"\x80\x00"
    )
    waits: list[float] = []
    adc = Ads1115(bus, 0x48, sleep=waits.append)
    assert adc.sample([value(AdcChannel(channel="1", range_v=range_v, rate_hz=8))]) == [volts]
    assert waits == [pytest.approx(0.15)]  # a conversion at 8 Hz takes 125 ms


def test_ads1115_when_it_does_not_finish_then_told() -> None:
    busy = FakeBus({0x48: bytearray(8)})
    busy.read = lambda _address, _register, _count: b"\0\0"  # type: ignore[method-assign]
    adc = Ads1115(busy, 0x48, sleep=lambda _: None)
    with pytest.raises(DriverFault, match="does not finish"):
        adc.sample([value(AdcChannel(channel="1", range_v=4.096, rate_hz=860))])


def ntc(law: dict[str, object], side: str = "ground") -> Ntc:
    return NtcRules(series_ohm=10000.0, supply_v=3.3, side=side, **law).ntc()  # type: ignore[arg-type]


TABLE = {"table": [[32650.0, 0.0], [10000.0, 25.0], [3601.0, 50.0]]}  # Vishay NTCLE100E3 103, R25 10 k, B 3977


@pytest.mark.parametrize(
    ("law", "volts", "celsius"),
    [
        (TABLE, 1.65, 25.0),
        (TABLE, 3.3 * 6000.8 / 16000.8, 37.5),  # between two rows: half way in ln R
        (TABLE, 3.3 * 3000 / 13000, None),  # warmer than the table
        (TABLE, 0.0, None),  # shorted
        (TABLE, 3.3, None),  # broken
        ({"r25_ohm": 10000.0, "beta_k": 3977.0}, 1.65, 25.0),
        ({"r25_ohm": 10000.0, "beta_k": 3977.0}, 3.3 * 3601 / 13601, 49.72),
        ({"steinhart": [1.129148e-3, 2.34125e-4, 8.76741e-8]}, 1.65, 25.0),  # the usual 10 k thermistor
        ({"steinhart": [1.129148e-3, 2.34125e-4, 8.76741e-8]}, 3.3 * 32651 / 42651, 0.0),
    ],
)
def test_ntc_when_its_divider_is_read_then_the_temperature_of_its_law(
    law: dict[str, object], volts: float, celsius: float | None
) -> None:
    for side, seen in (("ground", volts), ("supply", 3.3 - volts)):
        got = temperature_c(ntc(law, side), seen)
        assert got == (None if celsius is None else pytest.approx(celsius, abs=0.05))


@pytest.mark.parametrize(
    ("width", "order", "payload", "number"),
    [
        ("u8", "big", "fe", 254),
        ("i8", "big", "fe", -2),
        ("i16", "big", "e700", -6400),  # LM75: -25 °C
        ("u16", "little", "3412", 0x1234),
        ("u24", "big", "010203", 0x010203),
        ("i24", "little", "ffffff", -1),
        ("i32", "big", "80000000", -(1 << 31)),
        ("u32", "little", "04030201", 0x01020304),
    ],
)
def test_register_when_read_and_written_then_its_bytes_lie_as_the_profile_says(
    width: str, order: str, payload: str, number: int
) -> None:
    bus = FakeBus({0x48: bytearray(16)})
    bus.chips[0x48][2 : 2 + len(payload) // 2] = bytes.fromhex(payload)
    chip = RegisterChip(bus, 0x48)
    wire = value(ChipRegister(register=2, width=width, byte_order=order))  # type: ignore[arg-type]
    assert chip.sample([wire]) == [number]
    chip.write(wire, number)
    assert bus.log == [(0x48, 2, payload)]


def pin(number: int, *, is_output: bool = False, active_low: bool = False, pull_up: bool = False) -> I2cWire:
    return value(ExpanderPin(pin=number, active_low=active_low, pull_up=pull_up), is_output=is_output)


def test_pcf8574_when_an_output_is_set_then_inputs_keep_their_one_and_other_outputs_their_level() -> None:
    bus = FakeBus({0x20: bytearray([0b0000_0110])})
    wires = [pin(0, is_output=True, active_low=True), pin(1, is_output=True), pin(2), pin(3, active_low=True)]
    chip = Expander(Pcf8574(bus, 0x20), wires)
    chip.open()
    assert chip.sample(wires) == [1.0, 1.0, 1.0, 1.0]
    chip.write(wires[0], 0.0)
    chip.write(wires[1], 0.0)
    assert [byte for _, _, byte in bus.log] == ["ff", "fd"]


def test_mcp23017_when_set_up_then_pull_ups_then_directions_and_latches_are_kept() -> None:
    bus = FakeBus({0x20: bytearray(32)})
    bus.chips[0x20][0x14:0x16] = b"\x00\x80"  # pin 15 is driven already
    wires = [pin(0, pull_up=True, active_low=True), pin(9, is_output=True), pin(15, is_output=True)]
    chip = Expander(Mcp23017(bus, 0x20), wires)
    chip.open()
    chip.write(wires[1], 1.0)
    assert bus.log == [(0x20, 0x0C, "0100"), (0x20, 0x00, "ff7d"), (0x20, 0x14, "0082")]
    bus.chips[0x20][0x12:0x14] = b"\x00\x82"
    assert chip.sample(wires) == [1.0, 1.0, 1.0]
