"""What visitors do, a module for each capability."""
