"""What Graph posts to us: checked, and made small."""
