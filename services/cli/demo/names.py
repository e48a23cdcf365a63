"""What the people of the demo are called, where they live, and what they do."""

from typing import Final

FIRST: Final = (
    *("Aisha", "Amélie", "Anna", "Ayşe", "Beatriz", "Björn", "Chiara", "Daniel", "Dimitri", "Elif", "Emma", "Erik"),
    *("Fatima", "François", "Grace", "Håkon", "Ingrid", "Iván", "James", "João", "Jürgen", "Katarzyna", "Kenji"),
    *("Lars", "Laura", "Léa", "Liam", "Łukasz", "Maria", "Mateo", "Mehmet", "Mia", "Minh", "Nadia", "Niamh", "Noah"),
    *("Oksana", "Olivia", "Oskar", "Paul", "Priya", "Rosa", "Samuel", "Sofía", "Søren", "Thanh", "Tomáš", "Ursula"),
    *("Viktor", "Wei", "Yara", "Yuki", "Zoë", "Žofia"),
)
LAST: Final = (
    *("Andersen", "Bauer", "Bianchi", "Çelik", "Chen", "da Silva", "Dvořák", "Eriksson", "Fernández", "Fischer"),
    *("García", "Gruber", "Hansen", "Hoang", "Ivanova", "Jansen", "Johnson", "Kaya", "Kowalski", "Lefèvre", "López"),
    *("Martin", "Meyer", "Müller", "Murphy", "Nakamura", "Nguyễn", "Novák", "O'Brien", "Okafor", "Öztürk", "Papadaki"),
    *("Patel", "Peña", "Petrov", "Rossi", "Sato", "Schmidt", "Schröder", "Singh", "Smith", "Sørensen", "Strauß"),
    *("Szabó", "van Dijk", "Weber", "Williams", "Wójcik", "Şahin", "Zhang"),
)
CITIES: Final = (
    *("Amsterdam", "Athína", "Berlin", "Bogotá", "Dublin", "Göteborg", "Hà Nội", "İzmir", "København", "Kraków"),
    *("Lagos", "Lisboa", "London", "Málaga", "München", "Nürnberg", "Osaka", "Plzeň", "Roma", "Tromsø", "Zürich"),
)
DEPARTMENTS: Final = (
    *("Accounting", "Customer service", "Design", "Facilities", "Human resources", "Legal", "Logistics", "Production"),
    *("Purchasing", "Quality", "Research & development", "Sales, north", "Sales, south"),
)
NOTES: Final = (
    'Known as "Alex"\nin the office',
    "Part time: Monday, Tuesday;\r\nfrom March on full time",
    'Works from home; the "blue" badge is at the gate',
    "Speaks Ελληνικά, 日本語 and العربية",
    "On leave, back in autumn",
)
"""With quotes, delimiters and line breaks, as real files have them."""
