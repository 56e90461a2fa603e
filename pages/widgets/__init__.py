"""Building blocks of pages that do not depend on the studio's tasks."""
