import classes from "./StatusBadge.module.css";

export type Status = "ok" | "warning" | "error" | "running" | "neutral" | "unknown";

// Each status has its own outline, so that it reads without colour.
const SHAPES: Record<Status, React.ReactNode> = {
  ok: (
    <>
      <circle cx="8" cy="8" r="6.5" />
      <path className={classes.cut} d="M5 8.2l2 2 4-4.2" />
    </>
  ),
  warning: (
    <>
      <path d="M8 1.6 15 14H1z" />
      <path className={classes.cut} d="M8 6v3.4M8 11.6v.2" />
    </>
  ),
  error: (
    <>
      <path d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z" />
      <path className={classes.cut} d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" />
    </>
  ),
  running: <path className={classes.ring} d="M8 2a6 6 0 1 1-6 6" />,
  neutral: <circle className={classes.ring} cx="8" cy="8" r="5.5" />,
  unknown: <circle className={classes.dashed} cx="8" cy="8" r="5.5" />,
};

/** A status as colour, shape and word. `bare` hides the word from the eye only. */
export function StatusBadge({ status, label, bare = false }: { status: Status; label: string; bare?: boolean }) {
  return (
    <span className={classes.root} data-status={status} title={bare ? label : undefined}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" className={classes.shape}>
        {SHAPES[status]}
      </svg>
      <span className={bare ? classes.hidden : undefined}>{label}</span>
    </span>
  );
}
