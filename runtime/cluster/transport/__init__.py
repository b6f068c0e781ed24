"""What members say to each other, over ZeroMQ with CURVE keys."""
