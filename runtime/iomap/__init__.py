"""Device profiles and site maps: what is read, checked against the program, and made into a plan for the drivers."""
