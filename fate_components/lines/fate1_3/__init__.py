"""The release line of FATE 1.3: the keys of its stack files, and the services that they deploy."""
