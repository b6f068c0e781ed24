"""Field devices: Modbus TCP and CAN towards the site, and what serves Modbus TCP to others."""
