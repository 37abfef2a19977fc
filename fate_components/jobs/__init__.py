"""What FATE Flow knows and logs about its jobs."""
