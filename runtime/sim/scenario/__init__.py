"""What happens in a simulated run, from a file: events at times, expectations, samples, and the picture of them."""
