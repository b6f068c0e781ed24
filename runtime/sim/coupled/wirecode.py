"""Native code: a value's way over the wire, as `Numeric` and `interpret` do it (iomap/wire.py, drivers/page.py).

The arithmetic is theirs, operation by operation, so that both leave the same bits: tests/sim/coupled/test_wirecode.py
compares them on numbers of all kinds.
"""

from runtime.core.quality import Quality
from runtime.image.emit import BY_SIZE, F64, I8, I32, I64, PTR, Code, Real, Routine, Word
from runtime.image.view import View
from runtime.sim.coupled.plan import Encoding, Form, Passage
from runtime.sim.coupled.textcode import write_texts

_SINGLE_FITS_BELOW = 3.4028235677973366e38
"""From here on the nearest 32-bit float is infinite (image/pages.py)."""
_WHOLE_FROM = float(1 << 52)
"""From here on every 64-bit float is a whole number."""
_INFINITE = 0x7FF0_0000_0000_0000


def real(r: Routine, value: float) -> Real:
    """A constant."""
    return r.word(value, F64).as_real()  # type: ignore[arg-type]  # a real constant of a real type


def write_passages(code: Code) -> None:
    """Write `fetch(passage)`, `deliver(passage, now)`, `spoil(passage)`, `carry(passage, now)` and
    `take_integer/take_real(passage)`."""
    _write_round(code)
    _write_take(code)
    _write_encode(code)
    with code.routine("spoil", passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        passage["sink_quality"].store(r.word(Quality.BAD, I8))
        passage["at_rest"] = r.word(0, I32)
    write_texts(code)
    with code.routine("fetch", passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        with r.when(passage["source"].equals(r.null())):
            r.give()
        with r.when(_is_text(passage)):
            r.call(code["fetch_text"], r["passage"])
            r.give()
        with r.either(passage["form"].below(Form.REAL)) as (integer, otherwise):
            with integer:
                value = r.call(code["take_integer"], r["passage"])
                with r.when(_is_wide(passage["form"]) & passage["encoding"].differs(Encoding.WHOLE)):
                    r.call(code["encode_real"], r["passage"], real_of_unsigned(r, value))
                    r.give()
                r.call(code["encode_integer"], r["passage"], value)
            with otherwise:
                r.call(code["encode_real"], r["passage"], r.call(code["take_real"], r["passage"]))
    _write_deliver(code)
    _write_carry(code)


def _write_round(code: Code) -> None:
    """`round_even(real) -> real`: to the nearest whole number, half to even."""
    with code.routine("round_even", F64, value=F64) as r:
        value = r["value"].as_real()
        negative = value < real(r, 0.0)
        size = _choose(negative, real(r, 0.0) - value, value)
        rounded = (size + real(r, _WHOLE_FROM)) - real(r, _WHOLE_FROM)
        whole = _choose(size < real(r, _WHOLE_FROM), rounded, size)
        r.give(_choose(negative, real(r, 0.0) - whole, whole))


def _choose(condition: Word, then: Real, otherwise: Real) -> Real:
    return condition.choose(then, otherwise).as_real()


def _write_take(code: Code) -> None:
    """The source's value within the point's limits."""
    with code.routine("take_integer", I64, passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        with r.when(_is_wide(passage["form"])):
            wide = passage["source"].load(I64)
            with r.when(wide.below(passage["clamp_low"])):
                r.give(passage["clamp_low_to"])
            with r.when(passage["clamp_high"].below(wide)):
                r.give(passage["clamp_high_to"])
            r.give(wide)
        shift = passage["shift"].widened(I64)
        left = passage["source"].load(I64).shifted_left(shift)
        signed = passage["form"].equals(Form.SIGNED)
        value = signed.choose(left.shifted_right_signed(shift), left.shifted_right(shift))
        with r.when(value < passage["clamp_low"]):
            r.give(passage["clamp_low_to"])
        with r.when(value > passage["clamp_high"]):
            r.give(passage["clamp_high_to"])
        r.give(value)
    with code.routine("take_real", F64, passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        source = passage["source"]
        single = passage["form"].equals(Form.REAL)
        value = _choose(single, source.load(I32).as_real(), source.load(I64).as_real())
        low, high = passage.real("real_low"), passage.real("real_high")
        r.give(_choose(value < low, low, _choose(value > high, high, value)))


def _write_encode(code: Code) -> None:
    """`encode_integer(passage, value)` and `encode_real(passage, value)`: Numeric.encode."""
    for name, of in (("encode_integer", I64), ("encode_real", F64)):
        with code.routine(name, passage=PTR, value=of) as r:
            passage = View(r, Passage, r["passage"])
            given = r["value"]
            number = given.as_real() if of == F64 else given.to_real()
            with r.when(passage["encoding"].equals(Encoding.BOOLEAN)):
                passage["raw"] = number.equals(real(r, 0.0)).choose(r.word(0), passage["on"])
                r.give()
            with r.when(passage["encoding"].equals(Encoding.WHOLE)):
                if of == I64:
                    high = passage["raw_high_wide"]
                    saturated = high.below(given).choose(high, given)
                    passage["raw"] = _is_wide(passage["form"]).choose(saturated, _nearest(r, passage, given))
                r.give()
            scaled = (number - passage.real("offset")) / passage.real("scale")
            with r.either(passage["encoding"].equals(Encoding.SCALED)) as (integer, floating):
                with integer:
                    _store_rounded(code, r, passage, scaled)
                with floating:
                    _store_floating(passage, scaled)


def _nearest(r: Routine, passage: View, value: Word) -> Word:
    """value / step rounded half to even in integers, saturated."""
    step = passage["whole_scale"]
    moved = value - passage["whole_offset"]
    cut = moved // step
    rest = moved - cut * step
    # Towards minus infinity, as Python divides: one less where a rest has the other sign than the step.
    lower = rest.differs(0) & (rest < 0).differs(step < 0)
    quotient = lower.choose(cut - 1, cut)
    rest = lower.choose(rest + step, rest)
    twice = _size(r, rest) * 2 - _size(r, step)
    up = (twice > 0) | (twice.equals(0) & (quotient & 1).equals(1))
    raw = up.choose(quotient + 1, quotient)
    low, high = passage["raw_low"], passage["raw_high"]
    return (raw < low).choose(low, (raw > high).choose(high, raw))


def _size(r: Routine, value: Word) -> Word:
    return (value < 0).choose(r.word(0) - value, value)


def _store_rounded(code: Code, r: Routine, passage: View, scaled: Real) -> None:
    low, high = passage.real("raw_low_real"), passage.real("raw_high_real")
    with r.when(scaled >= high):
        passage["raw"] = passage["raw_high"]
        r.give()
    with r.when(scaled <= low):
        passage["raw"] = passage["raw_low"]
        r.give()
    rounded = r.call(code["round_even"], scaled).as_real()
    with r.either(passage["raw_unsigned"].differs(0)) as (unsigned, signed):
        with unsigned:
            passage["raw"] = rounded.to_integer(unsigned=True)
        with signed:
            passage["raw"] = rounded.to_integer()


def _store_floating(passage: View, scaled: Real) -> None:
    low, high = passage.real("raw_low_real"), passage.real("raw_high_real")
    clipped = _choose(scaled < low, low, _choose(scaled > high, high, scaled))
    single = passage["single"].differs(0)
    passage["raw_real"] = single.choose(clipped.bits(I32).as_real(), clipped)


def _write_deliver(code: Code) -> None:
    """`deliver(passage, now)`: decode, judge, store into the page; what is no value turns the point BAD."""
    with code.routine("deliver", passage=PTR, now=I64) as r:
        passage = View(r, Passage, r["passage"])
        with r.when(_is_text(passage)):
            r.call(code["deliver_text"], r["passage"], r["now"])
            r.give()
        floating = passage["floating"].differs(0)
        unsigned = passage["raw_unsigned"].differs(0)
        raw = passage["raw"]
        from_integer = _choose(unsigned, real_of_unsigned(r, raw), raw.to_real())
        number = _choose(floating, passage.real("raw_real"), from_integer)
        finite = (number.bits() & _INFINITE).differs(_INFINITE)
        absent_real = passage["absent_raw"].to_real()
        is_absent = floating.choose(number.equals(absent_real), raw.equals(passage["absent_raw"]))
        with r.when(finite.equals(0) | (passage["absent"].differs(0) & is_absent)):
            r.call(code["spoil"], r["passage"])
            r.give()
        with r.when(passage["boolean"].differs(0)):
            on = passage["sink_on"]
            equal = floating.choose(number.equals(on.to_real()), raw.equals(on))
            told = passage["boolean"].equals(2).choose(equal, number.equals(real(r, 0.0)).equals(0))
            _judge_integer(code, r, passage, told.widened(I64))
            r.give()
        with r.either(passage["sink_form"].below(Form.REAL)) as (integer, otherwise):
            with integer:
                with r.when(_is_wide(passage["sink_form"])):
                    _judge_wide(code, r, passage, raw)
                    r.give()
                # A real number beyond 64 bits has no whole part there; the limits below refuse what is left of it.
                whole = r.local(I64, raw)
                with r.when(floating):
                    whole.set(number.to_integer())
                value = whole.get() * passage["sink_whole_scale"] + passage["sink_whole_offset"]
                _judge_integer(code, r, passage, value)
            with otherwise:
                value_real = number * passage.real("sink_scale") + passage.real("sink_offset")
                _judge_real(code, r, passage, value_real)


def _write_carry(code: Code) -> None:
    """`carry(passage, now)`: fetch and deliver; of a value that the page has already, only the stamp.

    It has it when the source has not moved, or not as far as what the wire carries of it (a voltage in whole mV).
    """
    with code.routine("carry", passage=PTR, now=I64) as r:
        passage = View(r, Passage, r["passage"])
        nobody = passage["source"].equals(r.null())
        bits = r.local(I64, r.word(0))
        with r.when(_is_text(passage)):
            r.call(code["fetch"], r["passage"])
            r.call(code["deliver"], r["passage"], r["now"])
            r.give()
        with r.when(nobody.equals(0)):
            bits.set(passage["source"].load(I64))
        with r.when(passage["at_rest"].differs(0) & passage["carried"].equals(bits.get())):
            passage["sink_stamp"].store(r["now"])
            r.give()
        passage["carried"] = bits.get()
        raw, raw_real = passage["raw"], passage.real("raw_real").bits()
        r.call(code["fetch"], r["passage"])
        same = raw.equals(passage["raw"]) & raw_real.equals(passage.real("raw_real").bits())
        with r.when(passage["at_rest"].differs(0) & same):
            passage["sink_stamp"].store(r["now"])
            r.give()
        passage["at_rest"] = r.word(1, I32)
        r.call(code["deliver"], r["passage"], r["now"])


def _is_text(passage: View) -> Word:
    return passage["text_chars"].differs(0)


def _is_wide(form: Word) -> Word:
    return form.equals(Form.WIDE)


def real_of_unsigned(r: Routine, raw: Word) -> Real:
    """The real number nearest to 64 bits without sign, exact to the last bit: halves with a sticky lowest bit where the
    sign bit is set."""
    halved = raw.shifted_right(1) | (raw & 1)
    doubled = halved.to_real() * real(r, 2.0)
    return _choose(raw < 0, doubled, raw.to_real())


def _judge_wide(code: Code, r: Routine, passage: View, raw: Word) -> None:
    """A raw number without scale and offset, for 64 bits without sign."""
    known = r.local(I64, passage["allowed_count"].equals(0).widened(I64))
    with r.each(passage["allowed_count"].widened(I64)) as i, r.when(raw.equals(_allowed(passage, i))):
        known.set(r.word(1))
    negative = passage["raw_unsigned"].equals(0) & (raw < 0)
    with r.when(known.get().equals(0) | negative):
        r.call(code["spoil"], r["passage"])
        r.give()
    uncertain = raw.below(passage["certain_low_wide"]) | passage["certain_high_wide"].below(raw)
    _store(r, passage, raw, uncertain.equals(0))


def _judge_integer(code: Code, r: Routine, passage: View, value: Word) -> None:
    known = r.local(I64, passage["allowed_count"].equals(0).widened(I64))
    with r.each(passage["allowed_count"].widened(I64)) as i, r.when(value.equals(_allowed(passage, i))):
        known.set(r.word(1))
    fits = (value >= passage["fit_low"]) & (value <= passage["fit_high"])
    with r.when(known.get().equals(0) | fits.equals(0)):
        r.call(code["spoil"], r["passage"])
        r.give()
    certain = (value >= passage["certain_low"]) & (value <= passage["certain_high"])
    _store(r, passage, value, certain)


def _judge_real(code: Code, r: Routine, passage: View, value: Real) -> None:
    known = r.local(I64, passage["allowed_count"].equals(0).widened(I64))
    with r.each(passage["allowed_count"].widened(I64)) as i, r.when(value.equals(_allowed(passage, i).to_real())):
        known.set(r.word(1))
    size = _choose(value < real(r, 0.0), real(r, 0.0) - value, value)
    single = passage["sink_form"].equals(Form.REAL)
    fits = single.choose(size < real(r, _SINGLE_FITS_BELOW), (value.bits() & _INFINITE).differs(_INFINITE))
    with r.when(known.get().equals(0) | fits.equals(0)):
        r.call(code["spoil"], r["passage"])
        r.give()
    low, high = passage.real("certain_low_real"), passage.real("certain_high_real")
    certain = (value >= low) & (value <= high)
    _store(r, passage, single.choose(value.bits(I32).widened(I64), value.bits()), certain)


def _allowed(passage: View, i: Word) -> Word:
    return passage["allowed"].at(i * 8).load(I64)


def _store(r: Routine, passage: View, bits: Word, certain: Word) -> None:
    passage["sink_stamp"].store(r["now"])
    for size, of in BY_SIZE.items():
        with r.when(passage["sink_size"].equals(size)):
            passage["sink"].store(bits.narrowed(of))
    passage["sink_quality"].store(certain.choose(r.word(Quality.GOOD, I8), r.word(Quality.UNCERTAIN, I8)))
