"""What happens to a command from its submission to its acknowledgement: a pure core, no clock and no socket in it.

Invariant: a command runs at most once, and every command that is taken ends: done, accepted by the program, refused or
timed out.
"""
