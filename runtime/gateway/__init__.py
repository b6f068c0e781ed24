"""What a controller shows to the outside: HMI and command line by ZeroMQ, SCADA by Modbus TCP.

Invariant: it writes the process image through the command mailbox and the force table, and in no other way; it answers
as long as it lives, whether the scan lives or not.
"""
