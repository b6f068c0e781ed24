"""The way of a write from a client into the mailbox of the scan, and back with its answer."""
