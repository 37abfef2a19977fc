"""The toy job: FATE's own check that two parties can work together. Run the modules with -m."""
