// Patterns beside the colours, for eyes that cannot tell the colours apart and for black-and-white prints.

import type { Pattern } from "./scales.ts";

const SIDE = 10;
type Line = [number, number, number, number];
const SLANT: Line[] = [
  [-2, 12, 12, -2],
  [-2, 2, 2, -2],
  [8, 12, 12, 8],
];
const BACK: Line[] = SLANT.map(([x1, y1, x2, y2]) => [SIDE - x1, y1, SIDE - x2, y2]);
const LINES: Record<Exclude<Pattern, "" | "dots">, [Line[], number]> = {
  thin: [SLANT, 0.8],
  slant: [SLANT, 1.5],
  dense: [[...SLANT, [-2, 7, 7, -2], [3, 12, 12, 3]], 1.5],
  cross: [[...SLANT, ...BACK], 1.3],
  level: [
    [
      [0, 2.5, 10, 2.5],
      [0, 7.5, 10, 7.5],
    ],
    1.2,
  ],
  grid: [
    [
      [0, 5, 10, 5],
      [5, 0, 5, 10],
    ],
    1.1,
  ],
};

/** Draws one tile of a pattern of side 10 around (0, 0) to (10, 10). */
function drawTile(context: CanvasRenderingContext2D, pattern: Pattern, ink: string): void {
  context.strokeStyle = context.fillStyle = ink;
  if (pattern === "dots") {
    for (const [x, y] of [
      [2.5, 2.5],
      [7.5, 7.5],
    ] as const)
      context.fillRect(x - 0.8, y - 0.8, 1.6, 1.6);
  } else if (pattern) {
    const [lines, width] = LINES[pattern];
    context.lineWidth = width;
    context.beginPath();
    for (const [x1, y1, x2, y2] of lines) {
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
    }
    context.stroke();
  }
}

const tiles = new Map<string, HTMLCanvasElement>();

function tile(pattern: Pattern, ink: string, ratio: number): HTMLCanvasElement {
  const place = `${pattern} ${ink} ${ratio}`;
  let canvas = tiles.get(place);
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE * ratio;
    const context = canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    drawTile(context, pattern, ink);
    tiles.set(place, canvas);
  }
  return canvas;
}

/** Lines are drawn translucent, dark on light colours and light on dark ones. */
export function patternInk(ink: string): string {
  return ink === "#ffffff" ? "rgba(255,255,255,.38)" : "rgba(16,22,31,.3)";
}

/** The pattern as a fill, or null where a class has none. */
export function patternFill(context: CanvasRenderingContext2D, pattern: Pattern, ink: string, ratio: number) {
  if (!pattern) return null;
  const fill = context.createPattern(tile(pattern, patternInk(ink), ratio), "repeat");
  fill?.setTransform(new DOMMatrix().scale(1 / ratio));
  return fill;
}

/** A swatch of a class for the legend. */
export function swatch(colour: string, pattern: Pattern, ink: string, width = 26, height = 16): HTMLCanvasElement {
  const ratio = 2;
  const canvas = document.createElement("canvas");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.className = "swatch";
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  for (const fill of [colour, patternFill(context, pattern, ink, ratio)]) {
    if (!fill) continue;
    context.fillStyle = fill;
    context.fillRect(0, 0, width, height);
  }
  return canvas;
}
