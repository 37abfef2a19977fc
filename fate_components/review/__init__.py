"""What a preview means for the parties, for a reviewer of the change."""
