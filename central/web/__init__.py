"""Screens of the officer desk and the owner portal: routes, templates, static files."""
