"""The scan: the native loop around the programs, the process that runs it, and the same scan on virtual time."""
