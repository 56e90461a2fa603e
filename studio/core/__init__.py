"""What every capability speaks: tasks, settings, progress, pictures, recipes, weights, objectives."""
