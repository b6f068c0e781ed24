"""Raft without I/O: who leads, what is agreed, and until when the leader may drive outputs.

Invariant: nothing in it knows a socket, a disk, a clock or chance; time comes as an argument, and what is to be
persisted, sent and applied goes out as a `Ready`. A peer's message never raises.

Sources: D. Ongaro, J. Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended version, 2014), "the
paper"; D. Ongaro, "Consensus: Bridging Theory and Practice" (Stanford 2014), "the dissertation". Tests are named after
their sections.
"""
