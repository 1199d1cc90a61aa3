import { useId, useState } from "react";
import { strings } from "@/ui/strings";
import classes from "./BarChart.module.css";
import { merged, total, type Merge, type Point } from "./merge";

interface BarChartProps {
  title: string;
  points: readonly Point[];
  /** Seconds between two points. */
  step: number;
  text: (value: number) => string;
  /** What happened adds up over the window; what is held shows as it is now. */
  merge?: Merge;
  tone?: "error";
}

const WIDTH = 240;
const HEIGHT = 56;
const BARS = 60;

/** A small chart of one figure over time. The same figures are a table for whoever does not see bars. */
export function BarChart({ title, points, step, text, merge = "sum", tone }: BarChartProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const { points: bars, width: group } = merged(points, BARS, merge);
  const most = bars.reduce((max, point) => Math.max(max, point.value), 0);
  const width = WIDTH / Math.max(bars.length, 1);
  const headline = text(merge === "sum" ? total(points.map((point) => point.value)) : (points.at(-1)?.value ?? 0));
  const span = strings.chartSpan(step * group);
  return (
    <figure className={classes.chart} aria-labelledby={id}>
      <figcaption id={id} className={classes.head}>
        <span className={classes.title}>{title}</span>
        <span className={classes.headline}>{headline}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={classes.bars} data-tone={tone} role="img" aria-label={strings.chartOf(title, headline, text(most), span)}>
        {bars.map((point, index) => {
          const height = most === 0 ? 0 : Math.max((point.value / most) * (HEIGHT - 2), point.value > 0 ? 1.5 : 0);
          return (
            <g key={point.at}>
              <title>{`${clock(point.at)}: ${text(point.value)}`}</title>
              <rect x={index * width} y={0} width={width} height={HEIGHT} className={classes.reach} />
              <rect x={index * width} y={HEIGHT - height} width={width * 0.8} height={height} />
            </g>
          );
        })}
        <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className={classes.base} />
      </svg>
      <div className={classes.foot}>
        <span>{most === 0 ? strings.chartNothing : strings.chartMost(text(most), merge === "sum" ? span : "")}</span>
        {most > 0 && (
          <button type="button" className={classes.more} aria-expanded={open} aria-label={open ? strings.hideTableOf(title) : strings.showTableOf(title)} onClick={() => setOpen(!open)}>
            {open ? strings.hideTable : strings.showTable}
          </button>
        )}
      </div>
      {open && most > 0 && (
        <div className={classes.scroll} tabIndex={0} role="region" aria-labelledby={id}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">{strings.chartTime(span)}</th>
                <th scope="col">{title}</th>
              </tr>
            </thead>
            <tbody>
              {bars
                .filter((point) => point.value !== 0)
                .reverse()
                .map((point) => (
                  <tr key={point.at}>
                    <th scope="row">
                      <time dateTime={point.at}>{clock(point.at)}</time>
                    </th>
                    <td>{text(point.value)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </figure>
  );
}

const clock = (at: string) => new Date(at).toLocaleTimeString(undefined, { timeStyle: "medium" });
