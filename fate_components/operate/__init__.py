"""What is done to a deployment that runs."""
