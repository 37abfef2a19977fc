"""Keys, certificates, passwords and encryption, independent of any deployment."""
