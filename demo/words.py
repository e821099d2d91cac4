"""What invented profiles and addresses are made of."""

from __future__ import annotations

CITIES = {
    "1": (
        ("10115", "Berlin"),
        ("10437", "Berlin"),
        ("12043", "Berlin"),
        ("13353", "Berlin"),
        ("14482", "Potsdam"),
    ),
    "5": (
        ("50667", "Köln"),
        ("51103", "Köln"),
        ("53111", "Bonn"),
        ("51373", "Leverkusen"),
        ("50321", "Brühl"),
    ),
}
"""Postal code and town, by the first digit."""
OCCUPATIONS = (
    "Fachkraft für Lagerlogistik",
    "Kauffrau für Büromanagement",
    "Pflegefachkraft",
    "Servicekraft Sicherheit",
    "Metallbauer, Konstruktionstechnik",
    "Verkäuferin Lebensmittel",
    "Köchin",
    "IT-Systemelektroniker",
)
EDUCATIONS = (
    "Hauptschulabschluss",
    "Mittlere Reife",
    "Abitur",
    "Berufsausbildung Einzelhandel",
    "B.A. Soziologie",
)
EXPERIENCES = ("Lagerhelfer", "Verkauf auf dem Wochenmarkt", "Pflegehilfe", "Sachbearbeitung", "Montage")
SKILLS = (
    ("MS Office", "gut"),
    ("Gabelstapler", "Schein"),
    ("SAP MM", "Grundlagen"),
    ("CAD", ""),
    ("Buchhaltung", "gut"),
)
LANGUAGES = (("Deutsch", "B2"), ("Deutsch", "C1"), ("Türkisch", "C2"), ("Arabisch", "C2"), ("Englisch", "B1"))
LICENCES = ("B", "C1", "T")
