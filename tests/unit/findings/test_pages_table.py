"""The table of measured pages: a row worked out by hand."""

from journey.findings.agreement.pages import AND, page_row


def view(size, scheme, before, after, paint, shift, violations):
    return locals()


def test_a_row_has_the_heaviest_the_worst_and_all_violations():
    views = [
        view("desktop", "light", 10_240, 2_048_000, 400, 0.0, 1),
        view("desktop", "dark", 10_230, 2_048_000, 1200, 0.1, 0),
        view("phone", "light", 5_120, 5_120, 90, 0.02, 2),
        view("phone", "dark", 5_120, 6_144, 80, 0.0, 0),
    ]
    page = {"page": "a.html", "title": "A", "words": 250, "numbers": 5, "views": views}
    assert page_row(page) == {
        "page": "a.html",
        "title": "A",
        "weight_desktop": f"10{AND}2,000",
        "paint_desktop": f"400{AND}1,200",
        "weight_phone": f"5{AND}6",
        "paint_phone": f"90{AND}80",
        "shift": 0.1,
        "violations": 3,
        "words": 250,
        "density": 2.0,
    }
    assert page_row(page | {"words": 0})["density"] == 0.0
