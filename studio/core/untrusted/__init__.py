"""Every reader of a third-party bytes. Nothing here runs anything that they hold."""
