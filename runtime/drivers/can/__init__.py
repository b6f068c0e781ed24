"""CAN: racks on a bus."""
