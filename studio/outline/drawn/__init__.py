"""Avatars that the studio draws, each seen as a picture, as an outline, as parts and as light."""
