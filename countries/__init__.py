"""What differs from country to country. One package a country; imports evidence."""
