"""`voltscan io`: links and devices at first hand, for commissioning."""
