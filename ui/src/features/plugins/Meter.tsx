import classes from "./Meter.module.css";

/** A share as a thin bar with its words. The words carry the meaning; the bar is for the eye. */
export function Meter({ value, max, text }: { value: number; max: number; text: string }) {
  const share = max > 0 ? Math.min(value / max, 1) : 0;
  return (
    <span className={classes.root}>
      <span>{text}</span>
      <span className={classes.track} aria-hidden="true">
        <span className={classes.fill} data-high={share > 0.85} style={{ width: `${share * 100}%` }} />
      </span>
    </span>
  );
}
