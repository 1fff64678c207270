"""The pages for users, and what generates those that the program itself knows best."""
