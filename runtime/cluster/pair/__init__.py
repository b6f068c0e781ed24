"""A controller of a hot-standby pair without I/O: who drives, from which state, and what both must agree on first.

Invariant: nothing in it knows a socket, a disk, a clock or chance. `member.PairMember` takes messages, frames, scans
and time, and says in `effects.Effects` what its shell is to do. The simulator and the redundancy process run the same.
"""
