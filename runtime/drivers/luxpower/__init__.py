"""LuxPowerTek inverters through their data logger: Modbus requests in frames of its own on TCP port 8000."""
