"""Line charts side by side, as one SVG picture that is readable on light and on dark pages."""
import dataclasses
from xml.sax.saxutils import escape

PANEL, HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 300, 292, 34, 100, 44, 14
STYLE = """
text { font: 12px sans-serif; fill: #57606a } .title { font-weight: bold }
.grid { stroke: #8b949e; stroke-opacity: .35 } .line { fill: none; stroke-width: 2 } .kept { stroke-dasharray: 5 4 }
.ours { stroke: #1f77d0 } .peer { stroke: #d2691e }
@media (prefers-color-scheme: dark) { text { fill: #adbac7 } .ours { stroke: #58a6ff } .peer { stroke: #f0883e } }
"""


@dataclasses.dataclass
class Line:
    label: str
    style: str  # classes of the style sheet above: "ours" or "peer", and "kept" for a dashed line
    values: list  # one for each of the panel's places; None: not measured


@dataclasses.dataclass
class Panel:
    upwards: str  # what the values are
    along: str  # what the places are
    places: list  # equally far from each other
    lines: list


def step_of(highest):
    """A round distance between grid lines, so that there are three to six of them."""
    size = 1
    while highest / size > 6:
        size *= 2.5 if str(size)[0] == "2" else 2
    return size


def text(x, y, words, more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{escape(str(words))}</text>'


def line_of(line, x_of, y_of):
    points = [(x_of(place), y_of(value)) for place, value in enumerate(line.values) if value is not None]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle class="line {line.style.split()[0]}" cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in points)
    return f'<polyline class="line {line.style}" points="{path}"/>{dots}'


def panel_of(panel, left):
    bottom = HEIGHT - BOTTOM
    highest = max(value for line in panel.lines for value in line.values if value is not None)
    step = step_of(highest)
    ceiling = step * (int(highest / step) + 1)
    width = PANEL - LEFT - RIGHT

    def x_of(place):
        return left + LEFT + 12 + (width - 24) * place / max(len(panel.places) - 1, 1)

    def y_of(value):
        return bottom - (bottom - TOP) * value / ceiling

    parts = [text(left + LEFT, 18, panel.upwards, 'class="title"'),
             text(left + LEFT + width / 2, bottom + 38, panel.along, 'class="title" text-anchor="middle"')]
    for number in range(int(ceiling / step) + 1):
        y = y_of(number * step)
        parts.append(f'<line class="grid" x1="{left + LEFT}" x2="{left + PANEL - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(left + LEFT - 6, y + 4, f"{number * step:g}", 'text-anchor="end"'))
    for place, label in enumerate(panel.places):
        parts.append(text(x_of(place), bottom + 18, f"{label:,}", 'text-anchor="middle"'))
    parts += [line_of(line, x_of, y_of) for line in panel.lines]
    for number, line in enumerate(panel.lines):
        x, y = left + LEFT + number % 2 * 125, bottom + 64 + number // 2 * 20
        parts.append(f'<path class="line {line.style}" d="M{x} {y - 4}h24"/>')
        parts.append(text(x + 30, y, line.label))
    return "\n".join(parts)


def svg(panels):
    body = "\n".join(panel_of(panel, number * PANEL) for number, panel in enumerate(panels))
    width = PANEL * len(panels)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" '
            f'viewBox="0 0 {width} {HEIGHT}">\n<style>{STYLE}</style>\n{body}\n</svg>\n')
