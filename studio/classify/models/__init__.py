"""The classifiers that can be asked: trained here, brought, and ImageNet's own."""
