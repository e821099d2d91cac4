"""The accounts of the demo, the same every time. Their password is printed at every start, so it protects nothing."""

PASSWORD = "probier-es-einfach-aus"

LOGINS = {
    "sachbearbeitung@demo-jn.example": "caseworker, delivers to Jobnetzwerk",
    "leitung@demo-jn.example": "supervisor",
    "admin@demo-jn.example": "administrator",
    "sachbearbeitung@demo-j4u.example": "caseworker, delivers to Job4You",
    "leitung@demo-j4u.example": "supervisor",
    "admin@demo-j4u.example": "administrator",
    "support@demo.example": "support, sees every tenant",
}
"""What each account is for, by its e-mail address."""
