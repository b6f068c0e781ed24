"""Online change as the supervisor does it: check, prepare, swap, roll back."""
