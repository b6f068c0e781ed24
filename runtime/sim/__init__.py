"""The plant beside the controller: served devices, and both together on virtual time."""
