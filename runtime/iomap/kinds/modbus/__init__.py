"""Modbus in maps: links, registers, reads."""
