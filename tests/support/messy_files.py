"""Files as people export them, made from a seed: with what was put into them, to be found again."""

import random
from dataclasses import dataclass
from typing import Final

FIRST: Final = {
    "western": ["Ann", "Bob", "Änne", "José", "François", "Zoë", "Jürgen", "Søren", "Anne-Marie", "O'Brien", "Ülkü"],
    "central": ["Łukasz", "Jiří", "Żaneta", "Ondřej", "Świętosława", "István", "Zdeněk", "Grażyna"],
    "cyrillic": ["Иван", "Пётр", "Анна", "Мария", "Сергей", "Наталья", "Дмитрий"],
    "greek": ["Γιώργος", "Μαρία", "Ελένη", "Κώστας", "Δημήτρης", "Παναγιώτης"],
    "japanese": ["山田太郎", "佐藤花子", "鈴木はなこ", "タナカ一郎", "高橋ゆうき"],
    "chinese": ["王小明", "李娜", "张伟", "刘洋", "陈静", "杨光"],
    "korean": ["김철수", "이영희", "박민수", "최지우", "정하나"],
    "ascii": ["Ann", "Bob", "Carla", "Dan", "Eve", "Frank", "Grace", "Heidi"],
}
LAST: Final = {
    "western": ["Müller", "Groß", "Núñez", "Lefèvre", "Østergård", "Schäfer", "Peña", "Bäcker", "van der Berg"],
    "central": ["Kowalski", "Wiśniewski", "Dvořák", "Černý", "Szabó", "Gőz", "Jabłoński"],
    "cyrillic": ["Иванов", "Петрова", "Сидоров", "Кузнецова", "Соловьёв"],
    "greek": ["Παπαδόπουλος", "Νικολάου", "Γεωργίου", "Οικονόμου"],
    "japanese": ["東京都", "大阪府", "名古屋市", "さいたま市", "札幌市"],
    "chinese": ["北京市", "上海市", "广州市", "深圳市"],
    "korean": ["서울특별시", "부산광역시", "대구광역시", "인천광역시"],
    "ascii": ["Smith", "Jones", "Miller", "Cook", "Baker", "de Vries"],
}
HEADERS: Final = {
    "western": ["Nr", "Vorname", "Nachname", "E-Mail", "Telefon", "Geburtsdatum", "Straße", "Betrag", "Notiz"],
    "central": ["Numer", "Imię", "Nazwisko", "E-mail", "Telefon", "Data urodzenia", "Ulica", "Kwota", "Uwagi"],
    "cyrillic": ["Номер", "Имя", "Фамилия", "Почта", "Телефон", "Дата рождения", "Адрес", "Сумма", "Примечание"],
    "greek": ["Αριθμός", "Όνομα", "Επώνυμο", "Email", "Τηλέφωνο", "Ημερομηνία", "Οδός", "Ποσό", "Σημείωση"],
    "japanese": ["番号", "氏名", "住所", "メール", "電話番号", "生年月日", "町名", "金額", "備考"],
    "chinese": ["编号", "姓名", "城市", "邮箱", "电话", "出生日期", "地址", "金额", "备注"],
    "korean": ["번호", "이름", "도시", "이메일", "전화", "생년월일", "주소", "금액", "비고"],
    "ascii": ["id", "first_name", "last_name", "email", "phone", "birth_date", "street", "amount", "note"],
}
ENCODINGS: Final = {
    "western": ["utf-8", "cp1252", "iso8859-1", "mac-roman", "cp850", "utf-16", "utf-16-le"],
    "central": ["utf-8", "cp1250", "iso8859-2"],
    "cyrillic": ["utf-8", "cp1251", "koi8-r", "cp866"],
    "greek": ["utf-8", "cp1253"],
    "japanese": ["utf-8", "shift_jis", "euc_jp", "utf-16"],
    "chinese": ["utf-8", "gb18030"],
    "korean": ["utf-8", "euc_kr"],
    "ascii": ["utf-8", "utf-16-be", "utf-32-le"],
}
DELIMITERS: Final = [",", ";", "\t", "|", ",", ";", "^", "~", "||", "|~|", "\x1f"]
NOTES: Final = [
    "",
    "",
    "ok",
    "see file",
    "calls at 10:30, then at 11",
    "a; b",
    "pays 50% | rest later",
    'likes "tea"',
    "two\nlines",
]
UNKNOWN: Final = ["Alpha", "Merkmal B", "xq_3", "Kostenstelle", "Gruppe", "Wert 2", "Kategorie", "Zusatz", "Ampel"]
"""Names that no table of names has."""
AS_IN_ASCII: Final = "ascii"


@dataclass(frozen=True)
class MessyFile:
    """A file's bytes, and how they were written."""

    content: bytes
    delimiter: str
    quote: str
    encoding: str
    script: str
    has_header: bool
    skip_lines: int
    rows: list[list[str]]
    quotes: bool
    """Any cell is in quotes."""


def messy_file(chance: random.Random) -> MessyFile:
    """Make one file."""
    script = chance.choice(list(FIRST))
    encoding = chance.choice(ENCODINGS[script])
    delimiter = chance.choice(DELIMITERS)
    quote = '"' if chance.random() < 0.9 else "'"
    columns = sorted(chance.sample(range(9), chance.randint(2, 9)))
    if script != AS_IN_ASCII and not {1, 2} & set(columns):
        columns = sorted({1, *columns})
    day = chance.choice(["{2}-{1:02}-{0:02}", "{0:02}.{1:02}.{2}", "{1}/{0}/{2}"])
    comma = chance.random() < 0.4
    rows = [_person(chance, script, day, number, comma=comma) for number in range(1, chance.randint(4, 60))]
    table = [[row[column] for column in columns] for row in rows]
    has_header = chance.random() < 0.8
    names = UNKNOWN if chance.random() < 0.3 else HEADERS[script]
    records = [[names[column] for column in columns], *table] if has_header else table
    always = chance.random() < 0.3
    end = chance.choice(["\n", "\r\n", "\r\n", "\r"])
    lines = [delimiter.join(_cell(cell, delimiter, quote, always=always) for cell in record) for record in records]
    preamble = _preamble(chance, delimiter, len(columns)) if has_header and len(columns) > 2 else []
    text = end.join([*preamble, *lines]) + (end if chance.random() < 0.8 else "")
    return MessyFile(
        text.encode(encoding),
        delimiter,
        quote,
        encoding,
        script,
        has_header,
        len(preamble),
        table,
        f"{delimiter}{quote}" in text or f"{end}{quote}" in text,
    )


def _person(chance: random.Random, script: str, day: str, number: int, *, comma: bool) -> list[str]:
    amount = f"{chance.randint(0, 2000)}.{chance.randint(0, 99):02}"
    return [
        f"{chance.choice(['', 'K-', '00'])}{number}",
        chance.choice(FIRST[script]),
        chance.choice(LAST[script]),
        f"p{number}@mail{chance.randint(1, 9)}.example.com" if chance.random() < 0.9 else "",
        chance.choice(["+49 30 {}", "030/{}", "(030) {}-1", ""]).format(chance.randint(100000, 9999999)),
        day.format(chance.randint(1, 28), chance.randint(1, 12), chance.randint(1940, 2010)),
        f"{chance.choice(LAST[script])} {chance.randint(1, 200)}",
        amount.replace(".", ",") if comma else amount,
        chance.choice(NOTES),
    ]


def _cell(cell: str, delimiter: str, quote: str, *, always: bool) -> str:
    needed = delimiter in cell or quote in cell or "\n" in cell
    return f"{quote}{cell.replace(quote, quote * 2)}{quote}" if needed or (always and cell) else cell


def _preamble(chance: random.Random, delimiter: str, width: int) -> list[str]:
    kind = chance.random()
    if kind < 0.7:
        return []
    if kind < 0.85:
        return ["Export of 2026-11-25", ""]
    return ["Members" + delimiter * (width - 1), delimiter * (width - 1)]
