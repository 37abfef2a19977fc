"""The certificates of a deployment, cards for other parties, and what must not be shown."""
