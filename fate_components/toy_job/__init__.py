"""The toy job: FATE's own check that two parties can work together. Run by themselves, with -m."""
