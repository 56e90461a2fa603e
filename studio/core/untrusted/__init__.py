"""The readers of untrusted bytes. None of them executes anything in those bytes."""
