"""The shell around `runtime.raft`: what a member of the group needs of disk, network, clock and keys.

Invariant: nothing is acknowledged before it is on the disk; no bytes of a peer or of a disk are believed unchecked.
"""
