"""How pages look that people read in a browser: one style for reports and for the service."""
