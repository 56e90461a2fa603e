"""The available classifiers: trained in the studio, imported, and ImageNet's own."""
