"""What every capability speaks: tasks, settings, progress, images, recipes, weights, objectives."""
