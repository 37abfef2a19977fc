"""Eggroll: computes on, and stores, the tables of jobs."""
