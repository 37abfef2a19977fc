"""The images that a deployment needs, where no registry has them."""
