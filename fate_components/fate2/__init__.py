"""The release line of FATE 2: what its stack files say, and the services that they deploy."""
