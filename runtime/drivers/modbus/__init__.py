"""Modbus: client and served devices."""
