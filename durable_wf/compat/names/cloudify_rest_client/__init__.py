"""What plugins use of the older system's REST client. There is no server."""
