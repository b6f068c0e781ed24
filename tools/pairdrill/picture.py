"""The distribution of what take-overs took, as a picture: so many of them were no longer than that."""

from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP = 640, 320, 60, 40
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#7f7f7f")
LINES = 5


def save_distribution(path: Path, title: str, gaps_ms: dict[str, list[float]]) -> None:
    """`gaps_ms` by what was done. Raises OSError."""
    longest_ms = max((max(values) for values in gaps_ms.values() if values), default=1.0)
    size = f'width="{WIDTH + 2 * LEFT}" height="{HEIGHT + 2 * TOP}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="{TOP // 2}" font-size="14">{title}</text>',
    ]
    for line in range(LINES + 1):
        y, x = TOP + HEIGHT * (1 - line / LINES), LEFT + WIDTH * line / LINES
        parts.append(f'<path d="M{LEFT} {y:g}H{LEFT + WIDTH}M{x:g} {TOP}V{TOP + HEIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{100 * line // LINES} %</text>')
        told = f"{longest_ms * line / LINES:.0f} ms"
        parts.append(f'<text x="{x:g}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{told}</text>')
    for number, (name, values) in enumerate(gaps_ms.items()):
        colour, ordered = COLOURS[number % len(COLOURS)], sorted(values)
        steps = "".join(
            f"H{LEFT + WIDTH * value / longest_ms:.1f}V{TOP + HEIGHT * (1 - place / len(ordered)):.1f}"
            for place, value in enumerate(ordered, 1)
        )
        parts.append(f'<path d="M{LEFT} {TOP + HEIGHT}{steps}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + HEIGHT - 12 - 16 * number
        parts.append(f'<text x="{LEFT + WIDTH - 8}" y="{y}" text-anchor="end" fill="{colour}">{name}</text>')
    path.write_text("\n".join([*parts, "</svg>", ""]))
