"""Spark: computes the jobs of a party on its workers."""
