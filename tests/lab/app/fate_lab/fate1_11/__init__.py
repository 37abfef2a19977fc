"""Stand-ins for the services of FATE 1.11: Eggroll 2.5, FATE Flow, FATE Board and the client."""
