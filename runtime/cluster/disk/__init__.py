"""What a member must not forget, on its disk."""
