"""How this machine talks to Docker daemons."""
