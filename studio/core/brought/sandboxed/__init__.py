"""Programs of the sandbox: one reads a stranger's file and saves it anew, one looks that copy over."""
