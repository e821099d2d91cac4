"""What invented participants are called and where they live: German, Turkish and Nordic names. Pure."""

from __future__ import annotations

import random


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


LAST_NAMES = _split(
    # The most frequent ones first: `pick` prefers the beginning.
    """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Yılmaz Kaya Koch Bauer Richter
    Klein Wolf Schröder Neumann Schwarz Zimmermann Demir Çelik Braun Krüger Hofmann Hartmann Lange Schmitt Werner
    Krause Meier Lehmann Şahin Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang
    Scholz Möller Weiß Öztürk Yıldız Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck
    Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger
    Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Pohl Engel Horn Busch Bergmann
    Thomas Voigt Sauer Arnold Wolff Pfeiffer Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek Polat
    Korkmaz Güneş Aydın Bulut Erdoğan Ünal Yavuz Acar Yüksel Kaplan Çakır Nilsen Hansen Jensen Nielsen Pedersen
    Andersen Christensen Sørensen Jørgensen Møller Østergård Åberg Lindström Sjöberg Bergström Löfgren Håkansson
    Ångström Ødegård Bjørnstad Mäkinen Hämäläinen Nowak Kowalski Popović Đorđević Ivanova Nguyen O'Neill García
    al-Hassan Weißmüller Großmann Dürrenberger Thönnißen Fuß Süß Löwe Bär Däubler Öhler Überall"""
)
_BEFORE = _split("""Ober Unter Nieder Hinter Vorder Alt Neu Hoch Tief Klein Groß Lang Kurz Stein Eichen Buchen Linden
Birken Rosen Wiesen Mühl Bach Berg Tal Wald Feld Kirch Burg Schön Grün""")
_BEHIND = _split("""bauer müller meier hofer maier berger bacher huber mann stätter eder gruber wieser kofler brunner
felder reiter thaler auer rieder leitner wirth häuser böck""")
RARE_NAMES = tuple(before + behind for before in _BEFORE for behind in _BEHIND)
WOMEN = _split(
    """Anna Maria Sabine Claudia Julia Fatma Ayşe Petra Susanne Monika Andrea Katharina Emine Hatice Zeynep Elif
    Sandra Nicole Birgit Heike Martina Stefanie Jana Sarah Lena Laura Lisa Nina Jutta Ute Renate Ingrid Gisela Helga
    Özlem Gülşen Şükran Çiğdem Nurgül Sevgi Meryem Songül Astrid Solveig Sigrún Åsa Märta Søs Bodil Kirsten Maren Gönül
    Käthe Jördis Ägidia Rosemarie Anneliese Franziska Johanna Charlotte Olga Natalia Svetlana Aleksandra Ewa"""
)
MEN = _split(
    """Peter Michael Thomas Andreas Stefan Mehmet Mustafa Ahmet Ali Klaus Jürgen Wolfgang Hans Günter Frank Uwe Dieter
    Bernd Jörg Björn Sören Lars Nils Ole Åke Øystein Håkon Ragnar Torbjørn Mikkel Kåre Hüseyin İbrahim Osman Çağlar
    Özgür Ümit Gökhan Şenol Yusuf Emre Murat Kemal Oğuz Rüdiger Götz Jens Kai Matthias Markus Christian Daniel Tobias
    Florian Sebastian Jan Felix Lukas Jonas Maximilian Piotr Tomasz Dmitri Sergej Igor Nguyen Mohammed Omar"""
)
TOWNS = (
    ("10115", "Berlin"), ("12043", "Berlin"), ("13353", "Berlin"), ("14482", "Potsdam"), ("20095", "Hamburg"),
    ("24937", "Flensburg"), ("28195", "Bremen"), ("30159", "Hannover"), ("50667", "Köln"), ("51373", "Leverkusen"),
    ("50321", "Brühl"), ("60311", "Frankfurt am Main"), ("72070", "Tübingen"), ("80331", "München"),
    ("90402", "Nürnberg"), ("99084", "Erfurt"), ("07743", "Jena"), ("66111", "Saarbrücken"), ("03046", "Cottbus"),
)  # fmt: skip
STREETS = _split("""Hauptstraße Bahnhofstraße Gartenweg Schulstraße Lindenallee Mühlenweg Bürgermeister-Groß-Straße
Am-Bächle Königsplatz Dorfstraße Rosenweg Färberstraße""")
MEASURES = (
    "Aktivierung und Eingliederung",
    "Bewerbungscoaching AVGS",
    "Umschulung Fachkraft für Lagerlogistik",
    "Qualifizierung Kaufmännische Grundlagen",
    "Berufssprachkurs B2 Pflege",
    "Teilqualifikation Metalltechnik",
    "Betreuungskraft nach § 53b SGB XI",
    "Wiedereinstieg für Erziehende",
    "Digitale Grundkompetenzen",
    "Einzelcoaching 50plus",
    "Gärtnern im Quartier (AGH)",
    "Küchenhilfe mit Perspektive",
)
PROVIDERS = _split("""Lernwerk Perspektive Bildungshaus Sprungbrett Wegweiser Brückenbau Kompass Neustart Werkstatt
Zukunftsraum""")
PLACES = _split("""Spreetal Rheinbogen Uckertal Nordheide Mühlenberg Südharz Förde Oberpfalz Münsterland Weserbergland
Börde Schwäbische-Alb""")


def pick(dice: random.Random, many: tuple[str, ...]) -> str:
    """Return one of `many`, the first of them more often."""
    share = dice.random()
    return many[int(len(many) * share * share)]


def last_name(dice: random.Random) -> str:
    """Return a last name; some are rare, and some of two parts."""
    kind = dice.random()
    if kind < 0.12:
        return RARE_NAMES[int(len(RARE_NAMES) * dice.random())]
    name = pick(dice, LAST_NAMES)
    return f"{name}-{pick(dice, LAST_NAMES)}" if kind > 0.97 else name


def first_name(dice: random.Random, *, woman: bool) -> str:
    """Return a first name; some people have two."""
    names = WOMEN if woman else MEN
    name = pick(dice, names)
    return f"{name} {pick(dice, names)}" if dice.random() < 0.04 else name
