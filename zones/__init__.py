"""What a camera looks at: stop lines, areas, lanes, solid lines, signal heads, ground plane. Imports evidence only."""
