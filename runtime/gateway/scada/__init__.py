"""The SCADA map and the Modbus TCP server that shows it."""
