import type { Entity } from "@/api/types";
import { plural } from "@/lib/units";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import classes from "./Problems.module.css";
import { strings } from "./strings";

const STATUS = { error: "error", warning: "warning", info: "neutral" } as const satisfies Record<string, Status>;

/** What went wrong in the last processing, above everything else on the page. */
export function Problems({ entity }: { entity: Entity }) {
  const items = (entity.status?.items ?? []).filter((item) => item.level !== "info");
  const orphan = entity.metadata.annotations?.["backstage.io/orphan"] === "true";
  if (items.length === 0 && !orphan) return null;
  const worst = items.some((item) => item.level === "error") ? "error" : "warning";
  return (
    <div role="alert" className={classes.banner} data-level={worst}>
      {items.length > 0 && (
        <p className={classes.title}>
          <StatusBadge status={STATUS[worst]} label={strings.problemsTitle(plural(items.length, "problem"))} />
          <span className={classes.muted}>{strings.problemsBody}</span>
        </p>
      )}
      {orphan && (
        <p className={classes.title}>
          <StatusBadge status="warning" label={strings.orphan} />
        </p>
      )}
      <ul className={classes.list}>
        {items.map((item, index) => (
          <li key={index}>
            <span className={classes.message}>{item.message}</span>
            <code className={classes.muted}>{item.type}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
