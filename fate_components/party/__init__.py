"""A party and its clusters, the exchange, and what any release line needs to deploy them."""
