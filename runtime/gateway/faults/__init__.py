"""The fault log: what programs did wrong, kept over the death of any process."""
