"""fatectl: what operators do beside `pulumi up`. One module per command."""
