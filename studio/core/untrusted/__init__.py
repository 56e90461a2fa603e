"""Every reader of a stranger's bytes. Nothing here runs anything that they hold."""
