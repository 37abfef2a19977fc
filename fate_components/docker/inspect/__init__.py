"""What there is on a Docker host, and how it differs from what was deployed."""
