"""The redundancy process of a controller: a pair member with its disk, network, shared memory and gateway.

Invariant: it decides nothing. What `pair.member` says is carried out, in the order of `pair.effects`.
"""
