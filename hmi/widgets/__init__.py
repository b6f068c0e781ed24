"""What the pages are made of: one widget a file, each painted from the model by the Line API."""
