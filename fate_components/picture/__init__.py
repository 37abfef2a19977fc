"""The picture of a deployment, drawn from its plan: nothing has to be deployed."""
