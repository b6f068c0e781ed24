"""Online change: the plan of the next version, the instant of the change, the state carried over."""
