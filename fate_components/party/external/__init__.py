"""Database servers that somebody else runs, and a party's services use."""
