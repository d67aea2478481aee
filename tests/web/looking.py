"""What the tests ask of a page in the browser: names, landmarks, contrast, the picture drawn."""

from __future__ import annotations

from typing import Any

FLAGS = (
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# sum of all drawn pixels of the first map, so that two pictures can be told apart, and how many colours it has
PICTURE = """() => {
  const canvas = document.querySelector('canvas.painting');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0; const colours = new Set();
  for (let at = 0; at < data.length; at += 4) {
    const colour = data[at] * 65536 + data[at + 1] * 256 + data[at + 2];
    sum = (sum * 31 + colour) % 1000000007;
    if (at % 64 === 0) colours.add(colour);
  }
  return [sum, colours.size];
}"""

# elements a screen reader would announce without a name, doubled ids, pictures without a text
NAMELESS = """() => {
  const shown = (one) => one.getClientRects().length > 0;
  const named = (one) => one.getAttribute('aria-label') || one.textContent.trim() || one.title
    || (one.labels && one.labels.length) || one.getAttribute('aria-labelledby');
  const found = [...document.querySelectorAll('button, a, select, input, [role=tab], [role=tabpanel], [role=img]')]
    .filter((one) => shown(one) && !named(one)).map((one) => one.outerHTML.slice(0, 120));
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  return [...found, ...ids.filter((id, at) => ids.indexOf(id) !== at)];
}"""

# texts whose colour stands out from what is behind them by less than 4.5 to 1 (WCAG 2.2, 1.4.3)
FAINT = """() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a), a: 1 });
  const light = ({ r, g, b }) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 });
  };
  const found = [];
  for (const one of document.querySelectorAll('#page *')) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.getClientRects().length || one.closest('.voice, [aria-hidden=true] canvas')) continue;
    const style = getComputedStyle(one);
    const ink = one instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(over(parse(ink), behind(one))), light(behind(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${one.className} ${one.textContent.slice(0, 30)}`);
  }
  return found;
}"""

# what has the focus: its name, and whether it can be seen that it has
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  return { tag: one.tagName.toLowerCase(), role: one.getAttribute('role') || '', id: one.id,
    name: one.getAttribute('aria-label') || one.textContent.trim().slice(0, 40) || one.id,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0
      && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
}"""


def until(page: Any, expression: str, argument: Any = None, longest_s: int = 20) -> None:
    """Waits until an expression is true on the page; the page's own policy forbids the browser to poll it by itself."""
    for _ in range(longest_s * 20):
        if page.evaluate(expression, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


def walk(page: Any, most: int) -> list[dict[str, Any]]:
    """Everything the Tab key reaches from the top of the page, in order, until it leaves the page again."""
    page.evaluate("document.activeElement.blur()")
    found: list[dict[str, Any]] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        found.append(focused)
    return found
