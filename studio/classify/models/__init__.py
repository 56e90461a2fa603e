"""The classifiers that can be asked: taught here, brought, and ImageNet's own."""
