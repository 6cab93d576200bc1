"""Make the fonts of this folder from two packages of the npm registry.

    npm pack @fontsource-variable/source-serif-4@5.3.1 @fontsource-variable/schibsted-grotesk@5.3.0
    (unpack each into a folder named after the font), then
    python subset.py FOLDER        with fonttools and brotli installed

The pages get variable WOFF2 files, weights 400 to 700, Latin only. The PDF and the static figures get one
TrueType file per style, because neither Typst nor Matplotlib reads variable fonts. `Source` is a reserved
name, so the changed serif is called Journey Serif, as its licence asks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.varLib import instancer

HERE = Path(__file__).resolve().parent
LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x180)]
SIGNS = [ord(sign) for sign in "–—‘’“”‚„…•·−×÷≈≠≤≥±→←↑↓′″†‡‰€£™∞√∑Δβμσλθπ\u2009\u200a\u2002"]
FEATURES = ["kern", "liga", "tnum", "lnum", "pnum", "ccmp", "locl", "mark", "mkmk"]
NARROW_SPACE = 0x202F
# family, package, slant, file stem, style name, weight in the source, weight announced
STATIC = [
    ("Journey Serif", "source-serif-4", "normal", "JourneySerif-Regular", "Regular", 400, 400),
    ("Journey Serif", "source-serif-4", "italic", "JourneySerif-Italic", "Italic", 400, 400),
    ("Journey Serif", "source-serif-4", "normal", "JourneySerif-Bold", "Bold", 650, 700),
    ("Schibsted Grotesk", "schibsted-grotesk", "normal", "SchibstedGrotesk-Regular", "Regular", 400, 400),
    ("Schibsted Grotesk", "schibsted-grotesk", "normal", "SchibstedGrotesk-Bold", "Bold", 650, 700),
]
VARIABLE = [
    ("Journey Serif", "source-serif-4", "normal", "journey-serif"),
    ("Journey Serif", "source-serif-4", "italic", "journey-serif-italic"),
    ("Schibsted Grotesk", "schibsted-grotesk", "normal", "schibsted-grotesk"),
]


def load(folder: Path, package: str, slant: str) -> TTFont:
    """Open a font of the unpacked package."""
    file = folder / package / "package" / "files" / f"{package}-latin-wght-{slant}.woff2"
    font = TTFont(file, recalcTimestamp=False)
    fill_variations(font)
    return font


def fill_variations(font: TTFont) -> None:
    """Give glyphs without variation data an empty entry, which the subsetter expects."""
    if "gvar" in font:
        table = font["gvar"]
        known = table.variations.keys()
        table.variations = {
            name: list(table.variations[name]) if name in known else [] for name in font.getGlyphOrder()
        }


def cut(font: TTFont) -> None:
    """Keep Latin letters and the signs a report uses."""
    options = subset.Options()
    options.layout_features = FEATURES
    options.name_IDs = ["*"]
    options.hinting = False
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=LATIN + SIGNS)
    cutter.subset(font)


def keep_punctuation(font: TTFont) -> None:
    """Let tabular figures change digits only: a decimal point as wide as a digit tears numbers apart."""
    table = font["GSUB"].table
    digits = {font.getBestCmap()[code] for code in range(ord("0"), ord("9") + 1)}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for index in record.Feature.LookupListIndex:
            for lookup in table.LookupList.Lookup[index].SubTable:
                lookup.mapping = {old: new for old, new in lookup.mapping.items() if old in digits}


def rename(font: TTFont, family: str, style: str, weight: int | None) -> None:
    """Name the font in every record that programs look at."""
    full = f"{family} {style}".removesuffix(" Regular") if weight is None else f"{family} {style}"
    postscript = f"{family.replace(' ', '')}-{style}"
    names = font["name"]
    for record in list(names.names):
        if record.nameID in {16, 17, 21, 22, 25}:
            names.removeNames(nameID=record.nameID)
    for name_id, text in {1: family, 2: style, 3: postscript, 4: full, 6: postscript}.items():
        names.setName(text, name_id, 3, 1, 0x409)
    if weight is not None:
        font["OS/2"].usWeightClass = weight
        bold, italic = style == "Bold", style == "Italic"
        font["OS/2"].fsSelection = (0x20 if bold else 0) | (0x01 if italic else 0) or 0x40
        font["head"].macStyle = (1 if bold else 0) | (2 if italic else 0)


def add_narrow_space(font: TTFont) -> None:
    """Draw the narrow no-break space, which stands between a number and its unit."""
    name = "uni202F"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    empty = Glyph()
    empty.numberOfContours = 0
    font["glyf"][name] = empty
    font["hmtx"][name] = (round(font["head"].unitsPerEm * 0.18), 0)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[NARROW_SPACE] = name


def main(folder: Path) -> None:
    """Write every font file beside this script."""
    for family, package, slant, stem in VARIABLE:
        font = instancer.instantiateVariableFont(load(folder, package, slant), {"wght": (400, 700)})
        fill_variations(font)
        cut(font)
        keep_punctuation(font)
        rename(font, family, "Italic" if slant == "italic" else "Regular", None)
        font.flavor = "woff2"
        font.save(HERE / f"{stem}.woff2")
    for family, package, slant, stem, style, source_weight, weight in STATIC:
        font = instancer.instantiateVariableFont(load(folder, package, slant), {"wght": source_weight})
        cut(font)
        keep_punctuation(font)
        rename(font, family, style, weight)
        add_narrow_space(font)
        font.flavor = None
        font.save(HERE / f"{stem}.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
