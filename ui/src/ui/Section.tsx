import { useId, type ReactNode } from "react";
import classes from "./Section.module.css";

interface SectionProps {
  title: string;
  /** Beside the title, in small figures. */
  count?: number;
  /** At the end of the title's line: one small action. */
  aside?: ReactNode;
  /** At most one link under the body. */
  footer?: ReactNode;
  children: ReactNode;
}

/** A titled part of a page. Parts are told apart by a line and space, never by a box in a box. */
export function Section({ title, count, aside, footer, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={classes.section}>
      <div className={classes.head}>
        <h2 id={id} className={classes.title}>
          {title}
          {count !== undefined && <span className={classes.count}>{count}</span>}
        </h2>
        {aside}
      </div>
      {children}
      {footer !== undefined && <div className={classes.footer}>{footer}</div>}
    </section>
  );
}

/** Label and value pairs. A pair without a value is left out by the caller. */
export function Facts({ items, columns = 1 }: { items: readonly { key?: string; label: string; value: ReactNode }[]; columns?: 1 | 2 }) {
  return (
    <dl className={classes.facts} data-columns={columns}>
      {items.map((item) => (
        <div key={item.key ?? item.label} className={classes.fact}>
          <dt>{item.label}</dt>
          <dd>{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}
