"""The release line of FATE 1.3: what its stack files say, and the services that they deploy."""
