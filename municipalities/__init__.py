"""Who: counties, municipalities, groups, organisations, people and users, and their documents."""
