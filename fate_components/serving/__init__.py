"""FATE Serving, for any release line that has it: what is deployed, published and checked."""
