"""What performance is measured with: tenants, participants and their stories, the same for the same seed and date."""
