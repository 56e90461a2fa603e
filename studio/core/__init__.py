"""The foundation of all capabilities: tasks, settings, progress, images, recipes, weights, objectives."""
