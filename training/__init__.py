"""Training scripts: thin commands over the tasks of the studio."""
