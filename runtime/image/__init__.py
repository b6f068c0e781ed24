"""The process image in shared memory: its layout, and the few ways to write and read it without a lock."""
