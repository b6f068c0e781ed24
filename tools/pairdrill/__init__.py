"""The parts of `pair_drill.py`: rounds of harm, what came of them, what was promised, and a picture of it."""
