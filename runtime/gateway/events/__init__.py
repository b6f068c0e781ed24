"""Events: what operators and plants did and what the scan does, numbered for those who listen."""
