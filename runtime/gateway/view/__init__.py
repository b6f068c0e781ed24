"""What clients are shown of a controller: status, tags, statistics."""
