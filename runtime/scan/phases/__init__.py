"""Phases of the native scan, in emitted code: what each of them reads and writes."""
