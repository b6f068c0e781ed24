"""Commands on a controller: run it, ask it, change it, replay what it did."""
