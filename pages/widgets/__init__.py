"""What pages are drawn with; knows nothing of the studio's tasks."""
