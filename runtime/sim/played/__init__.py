"""Devices that a program plays, on real wires: Modbus, CAN, lines, chips, loggers; and their faults."""
