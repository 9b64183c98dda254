"""What visitors of every page set in motion, played in both colors and compared to recordings."""
