import { useId, useState } from "react";
import { strings } from "@/ui/strings";
import classes from "./BarChart.module.css";

interface BarChartProps {
  title: string;
  points: readonly { at: string; value: number }[];
  /** Seconds between two points. */
  step: number;
  text: (value: number) => string;
  tone?: "error";
}

const WIDTH = 280;
const HEIGHT = 56;

/** A small chart of one figure over time. The same figures are a table for whoever does not see bars. */
export function BarChart({ title, points, step, text, tone }: BarChartProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const most = points.reduce((max, point) => Math.max(max, point.value), 0);
  const width = WIDTH / Math.max(points.length, 1);
  const latest = points.at(-1)?.value ?? 0;
  return (
    <figure className={classes.chart} aria-labelledby={id}>
      <figcaption id={id} className={classes.head}>
        <span className={classes.title}>{title}</span>
        <span className={classes.latest}>{text(latest)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={classes.bars} data-tone={tone} role="img" aria-label={strings.chartOf(title, text(latest), text(most))}>
        <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className={classes.base} />
        {points.map((point, index) => {
          const height = most === 0 ? 0 : (point.value / most) * (HEIGHT - 4);
          return height === 0 ? null : <rect key={point.at} x={index * width} y={HEIGHT - height} width={Math.max(width - 0.6, 0.6)} height={height} />;
        })}
      </svg>
      <div className={classes.foot}>
        <span>{strings.chartMost(text(most))}</span>
        <button type="button" className={classes.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? strings.hideTable : strings.showTable}
        </button>
      </div>
      {open && (
        <div className={classes.scroll} tabIndex={0} role="region" aria-labelledby={id}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">{strings.chartTime(step)}</th>
                <th scope="col">{title}</th>
              </tr>
            </thead>
            <tbody>
              {points
                .filter((point) => point.value !== 0)
                .reverse()
                .map((point) => (
                  <tr key={point.at}>
                    <th scope="row">
                      <time dateTime={point.at}>{new Date(point.at).toLocaleTimeString()}</time>
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
