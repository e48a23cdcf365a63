"""What columns are called, in several languages: the words of a name, and what it usually means."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "email": (
        "email", "e mail", "mail", "email address", "e mail address", "mail address", "primary email", "work email",
        "business email", "emailadresse", "e mail adresse", "mailadresse", "correo", "correo electronico",
        "adresse email", "adresse e mail", "courriel", "adresse electronique", "indirizzo email", "posta elettronica",
        "emailadres", "e mailadres", "endereco de email", "adres email", "adres e mail", "epost", "e post",
        "sahkoposti", "электронная почта", "почта", "メールアドレス", "メール", "邮箱", "电子邮件", "이메일",
    ),
    "first_name": (
        "first name", "firstname", "given name", "givenname", "forename", "christian name", "fname", "vorname",
        "rufname", "prenom", "nombre", "nombre de pila", "nome", "voornaam", "imie", "jmeno", "krestni jmeno",
        "fornavn", "fornamn", "etunimi", "primeiro nome", "keresztnev", "имя", "名", "이름",
    ),
    "last_name": (
        "last name", "lastname", "surname", "family name", "familyname", "lname", "second name", "nachname",
        "familienname", "zuname", "nom", "nom de famille", "apellido", "apellidos", "cognome", "achternaam",
        "nazwisko", "prijmeni", "efternavn", "efternamn", "etternavn", "sukunimi", "sobrenome", "apelido",
        "vezeteknev", "фамилия", "姓", "氏", "성",
    ),
    "middle_name": ("middle name", "middlename", "middle initial", "zweiter vorname", "отчество", "deuxieme prenom"),
    "full_name": (
        "name", "full name", "fullname", "display name", "complete name", "contact name", "vollstandiger name",
        "vor und nachname", "nom complet", "nombre completo", "nombre y apellidos", "nome completo", "volledige naam",
        "naam", "imie i nazwisko", "navn", "namn", "фио", "氏名", "名前", "姓名", "성명",
    ),
    "salutation": ("salutation", "anrede", "honorific", "civilite", "tratamiento", "aanhef"),
    "gender": ("gender", "sex", "geschlecht", "genre", "sexe", "genero", "sexo", "geslacht", "пол", "性別", "性别"),
    "phone": (
        "phone", "phone number", "phone no", "telephone", "telephone number", "tel", "tel no", "work phone",
        "office phone", "home phone", "landline", "telefon", "telefonnummer", "festnetz", "telefono",
        "numero de telefono", "numero de telephone", "telefoon", "telefoonnummer", "telefone",
        "puhelin", "телефон", "電話番号", "電話", "电话", "전화", "전화번호",
    ),
    "mobile": (
        "mobile", "mobile phone", "mobile number", "cell", "cell phone", "cellphone", "handy", "handynummer",
        "mobil", "mobiltelefon", "mobilnummer", "portable", "telephone portable", "movil", "celular", "cellulare",
        "mobiel", "komorka", "telemovel", "携帯", "携帯電話", "手机", "휴대폰",
    ),
    "fax": ("fax", "fax number", "telefax", "faxnummer", "telecopie"),
    "street": (
        "street", "street address", "address", "address 1", "address line 1", "strasse", "anschrift", "adresse",
        "strasse und hausnummer", "rue", "calle", "direccion", "via", "indirizzo", "straat", "adres", "ulica",
        "rua", "endereco", "osoite", "адрес", "住所", "地址", "주소",
    ),
    "address_2": ("address 2", "address line 2", "adresszusatz", "complement d adresse", "suite", "apartment"),
    "house_number": ("house number", "house no", "hausnummer", "huisnummer", "numero civico"),
    "postcode": (
        "postcode", "postal code", "post code", "zip", "zip code", "zipcode", "plz", "postleitzahl", "code postal",
        "cp", "codigo postal", "cap", "kod pocztowy", "psc", "postnummer", "postinumero", "cep", "pincode",
        "индекс", "почтовый индекс", "郵便番号", "邮编", "우편번호",
    ),
    "city": (
        "city", "town", "place", "city town", "ort", "stadt", "wohnort", "ville", "localite", "ciudad", "localidad",
        "poblacion", "citta", "comune", "plaats", "woonplaats", "stad", "miasto", "mesto", "by", "kaupunki",
        "cidade", "город", "市区町村", "城市", "도시",
    ),
    "state": ("state", "county", "province", "region", "bundesland", "provincia", "estado", "departement", "省"),
    "country": (
        "country", "country code", "nation", "land", "staat", "pays", "pais", "paese", "nazione", "kraj", "zeme",
        "maa", "страна", "国", "国家", "국가",
    ),
    "company": (
        "company", "company name", "organization", "organisation", "employer", "firma", "unternehmen", "betrieb",
        "entreprise", "societe", "empresa", "azienda", "societa", "bedrijf", "firm", "yritys", "компания", "会社名",
        "公司", "회사",
    ),
    "department": (
        "department", "dept", "division", "abteilung", "bereich", "service", "departamento", "reparto", "afdeling",
        "dzial", "отдел", "部署", "部门", "부서",
    ),
    "job_title": (
        "job title", "jobtitle", "position", "role", "function", "title", "occupation", "berufsbezeichnung",
        "funktion", "stelle", "poste", "fonction", "cargo", "puesto", "funzione", "functie", "stanowisko",
        "должность", "役職", "职位", "직책",
    ),
    "birth_date": (
        "birth date", "birthdate", "date of birth", "dob", "birthday", "geburtsdatum", "geburtstag", "geb datum",
        "date de naissance", "fecha de nacimiento", "nacimiento", "data di nascita", "geboortedatum",
        "data urodzenia", "datum narozeni", "fodselsdato", "fodelsedatum", "data de nascimento", "syntymaaika",
        "дата рождения", "生年月日", "出生日期", "생년월일",
    ),
    "website": ("website", "web site", "web", "url", "homepage", "home page", "webseite", "internet", "site web"),
    "employee_number": (
        "employee no", "employee number", "employee id", "employeeid", "emp no", "emp id", "staff id", "staff no",
        "staff number", "personnel number", "personnel no", "payroll number", "personalnummer", "personal nr",
        "personalnr", "mitarbeiternummer", "mitarbeiter id", "mitarbeiter nr", "matricule", "numero de empleado",
        "numero employe", "matricola", "personeelsnummer", "numer pracownika", "табельный номер", "社員番号", "工号",
        "사번",
    ),
    "member_number": (
        "member no", "member number", "member id", "membership no", "membership number", "mitgliedsnummer",
        "mitglieds nr", "mitglied nr", "numero d adherent", "numero de membre", "numero de socio", "lidnummer",
        "numero socio", "会員番号", "会员号",
    ),
    "customer_number": (
        "customer no", "customer number", "customer id", "client id", "client number", "account number",
        "account no", "kundennummer", "kunden nr", "kundennr", "numero client", "numero de cliente", "klantnummer",
        "顧客番号", "客户编号",
    ),
    "student_number": (
        "student no", "student number", "student id", "pupil id", "matrikelnummer", "matrikel nr", "schulernummer",
        "numero d etudiant", "studentnummer", "学籍番号", "学号",
    ),
    "id": (
        "id", "no", "number", "nr", "nummer", "unique id", "uid", "uuid", "guid", "key", "code", "identifier",
        "external id", "record id", "contact id", "user id", "person id", "kennung", "schlussel", "identifiant",
        "identificador", "numero", "番号", "编号", "번호",
    ),
    "username": (
        "username", "user name", "login", "login name", "user", "account", "benutzername", "benutzer",
        "anmeldename", "nom d utilisateur", "usuario", "nome utente", "gebruikersnaam", "логин", "ユーザー名", "用户名",
    ),
    "language": ("language", "preferred language", "sprache", "langue", "idioma", "lingua", "taal", "язык", "言語"),
    "notes": ("notes", "note", "comment", "comments", "remarks", "bemerkung", "bemerkungen", "notiz", "notizen",
              "anmerkung", "remarque", "observaciones", "nota", "opmerkingen", "uwagi", "備考", "备注"),
    "joined": (
        "joined", "join date", "date joined", "entry date", "start date", "hire date", "hired", "member since",
        "eintritt", "eintrittsdatum", "beginn", "date d entree", "fecha de alta", "datum indiensttreding",
        "入社日", "入职日期",
    ),
    "left": ("left", "leave date", "exit date", "end date", "austritt", "austrittsdatum", "date de sortie",
             "fecha de baja", "退社日"),
    "status": ("status", "state of membership", "active", "aktiv", "statut", "estado de socio"),
}  # fmt: skip
"""Names by what they mean, as `plain_name` has them."""

NUMBERS: Final = ("employee_number", "member_number", "customer_number", "student_number", "id")
"""Meanings that tell one contact from another."""

LONGEST_NAME: Final = 200
_CAMEL: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APART: Final = re.compile(r"[\W_]+")
_SPECIAL: Final = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "\0": ""})


def plain_name(name: str) -> str:
    """Return a name's words in small letters, without accents and signs, one space between them.

    Of names longer than LONGEST_NAME, only the beginning.
    """
    return _plain_beginning(name[:LONGEST_NAME])


@lru_cache(maxsize=4096)
def _plain_beginning(beginning: str) -> str:
    return plain_text(beginning)


def plain_text(name: str) -> str:
    """Return all words of a name, however long it is, as `plain_name` does."""
    words = _APART.sub(" ", _CAMEL.sub(" ", name)).strip().lower().translate(_SPECIAL)
    latin = "".join(sign for sign in unicodedata.normalize("NFKD", words) if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", latin) if latin.isascii() else words


_MEANINGS: Final = {alias: meaning for meaning, aliases in ALIASES.items() for alias in aliases}


def meaning_of(name: str) -> str | None:
    """Return what a name means that is one of the table's."""
    plain = plain_name(name)
    return _MEANINGS.get(plain) or _MEANINGS.get(plain.replace(" ", ""))
