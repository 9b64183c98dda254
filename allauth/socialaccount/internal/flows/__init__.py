"""What happens to somebody who comes from a provider, apart from pages and forms."""
