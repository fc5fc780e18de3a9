"""What is planned, negotiated, minuted, followed up and reported."""
