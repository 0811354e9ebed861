"""What differs from country to country: the port, one package a country, and which one is here. Imports evidence."""
