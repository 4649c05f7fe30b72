import "uplot/dist/uPlot.min.css";

import uPlot from "uplot";

/** One row of numbers over time. */
export interface Line {
  label: string;
  /** One for each moment; null where there is none. */
  values: readonly (number | null)[];
  /** The name of a token, such as --st-running. */
  colour: string;
  kind: "line" | "area" | "bars";
  dashed?: boolean;
}

export interface Drawing {
  /** Seconds since 1970, growing. */
  at: readonly number[];
  lines: readonly Line[];
  width: number;
  height: number;
  /** Without axes it is a small picture beside its figures. */
  axes: boolean;
  /** Marks the greatest value of the first line. */
  peak: boolean;
  /** Plots with the same key share their crosshair. */
  sync?: string;
  zone: string;
  /** Distances of lines that read well in this unit; without them powers of ten. */
  steps?: readonly number[];
  format: (value: number) => string;
  moment: (seconds: number) => string;
  onPoint: (index: number | null) => void;
}

const AXIS = 30;
const SIDE = 58;
const PAD = 4;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draw it. To be destroyed by who asked for it. */
export function draw(place: HTMLElement, drawing: Drawing): uPlot {
  return new uPlot(options(drawing), data(drawing), place);
}

export function data(drawing: Pick<Drawing, "at" | "lines">): uPlot.AlignedData {
  return [[...drawing.at], ...drawing.lines.map((line) => [...line.values])] as uPlot.AlignedData;
}

function options(drawing: Drawing): uPlot.Options {
  const font = `11px ${token("--font")}`;
  const axis = { stroke: token("--t3"), font, ticks: { show: false } };
  const grid = { stroke: token("--line"), width: 1 };
  return {
    width: drawing.width,
    height: drawing.height,
    padding: drawing.axes ? [8, 12, 0, 0] : [PAD, PAD, PAD, PAD],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), drawing.zone),
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: (_plot, place) => (drawing.lines[place - 1]?.kind === "bars" ? 0 : 7) },
      ...(drawing.sync === undefined ? {} : { sync: { key: drawing.sync } }),
    },
    scales: {
      x: { time: true, range: (_plot, least, most) => xRange(drawing, least, most) },
      y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: drawing.axes
      ? [
          { ...axis, size: AXIS, gap: 6, grid: { show: false }, space: 78, values: (_plot, splits) => splits.map(drawing.moment) },
          { ...axis, size: SIDE, grid, space: 36, ...(drawing.steps ? { incrs: [...drawing.steps] } : {}), values: (_plot, splits) => splits.map(drawing.format) },
        ]
      : [{ show: false }, { show: false }],
    series: [{}, ...drawing.lines.map((line) => series(line, drawing))],
    hooks: {
      setCursor: [(plot) => drawing.onPoint(plot.cursor.idx ?? null)],
      ...(drawing.peak ? { draw: [markPeak] } : {}),
    },
  };
}

/** Bars, and what is compared with them, need room for half of one at either end; a single moment some width. */
function xRange(drawing: Pick<Drawing, "at" | "axes">, least: number, most: number): [number, number] {
  const step = drawing.at.length > 1 ? (most - least) / (drawing.at.length - 1) : 2;
  if (drawing.axes) return [least - step / 2, most + step / 2];
  return most > least ? [least, most] : [least - 1, most + 1];
}

function series(line: Line, drawing: Drawing): uPlot.Series {
  const colour = token(line.colour);
  const few = drawing.axes && drawing.at.length <= 31;
  if (line.kind === "bars") {
    return { label: line.label, stroke: colour, fill: colour, width: 0, points: { show: false }, ...bars() };
  }
  return {
    label: line.label,
    stroke: colour,
    width: 1.5,
    ...(line.kind === "area" ? { fill: `color-mix(in srgb, ${colour} 18%, transparent)` } : {}),
    ...(line.dashed ? { dash: [4, 4] } : {}),
    // A point between two gaps would be no line at all.
    points: { show: few || line.values.filter((value) => value !== null).length < 3, size: 5, fill: colour },
  };
}

function bars(): Partial<uPlot.Series> {
  const paths = uPlot.paths.bars?.({ size: [0.68, 26] });
  return paths ? { paths } : {};
}

function markPeak(plot: uPlot): void {
  const [moments, values] = [plot.data[0], plot.data[1]];
  if (!values?.length) return;
  let best = 0;
  values.forEach((value, index) => {
    if ((value ?? -1) > (values[best] ?? -1)) best = index;
  });
  const value = values[best];
  const moment = moments[best];
  if (value === null || value === undefined || moment === undefined) return;
  const { ctx } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.arc(plot.valToPos(moment, "x", true), plot.valToPos(value, "y", true), 3 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fillStyle = token("--t1");
  ctx.fill();
  ctx.restore();
}
