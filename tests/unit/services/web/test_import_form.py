from services.web.forms.import_form import document_of, empty_form
from services.web.forms.import_input import OptionsInput


def test_limits_left_empty_are_none_and_those_filled_are_told_apart() -> None:
    form = empty_form()
    assert OptionsInput.model_validate(document_of(form, {}, "")["options"]).limits == OptionsInput().limits
    form.values |= {"limit_deletes_percent": " 2.5 ", "limit_adds_count": "1000000"}
    limits = OptionsInput.model_validate(document_of(form, {}, "")["options"]).limits
    assert (limits.deletes.count, limits.deletes.percent) == (None, 2.5)
    assert (limits.adds.count, limits.adds.percent) == (1_000_000, None)
