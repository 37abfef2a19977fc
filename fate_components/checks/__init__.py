"""What is checked before, during and after an update: hosts, conflicts, connections, toy jobs."""
