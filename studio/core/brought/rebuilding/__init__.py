"""A network made of a description and arrays, and what it takes and answers; in the sandbox alone."""
