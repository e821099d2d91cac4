"""Job networks: what each wants, and the protocol that they share."""
