"""The networks that the studio borrows: each as plain data, and what builds and fills it."""
