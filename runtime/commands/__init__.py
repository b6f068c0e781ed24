"""What happens to a command from its submission to its acknowledgement: a pure core, no clock and no socket in it.

Invariant: a command runs at most once, and every accepted command ends: done, refused or timed out.
"""
