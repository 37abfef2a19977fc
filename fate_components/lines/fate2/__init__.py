"""The release line of FATE 2: the keys of its stack files, and the services that they deploy."""
