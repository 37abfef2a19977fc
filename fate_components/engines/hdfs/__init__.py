"""HDFS: stores the tables of jobs that run in Spark."""
