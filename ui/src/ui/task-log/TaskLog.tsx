import { Switch } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { formatCount } from "@/lib/units";
import { StatusBadge } from "@/ui/StatusBadge";
import { strings } from "@/ui/strings";
import { flatten, type LogStep } from "./flatten";
import classes from "./TaskLog.module.css";

const LINE = 22;
const HEAD = 32;

/** The log of a task: steps that fold, lines that follow, only what is in sight in the document. */
export function TaskLog({ steps, label, live = false }: { steps: readonly LogStep[]; label: string; live?: boolean }) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => new Set(steps.filter((step) => step.status === "ok").map((step) => step.id)));
  const [follow, setFollow] = useState(live);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => flatten(steps, folded), [steps, folded]);
  // The virtualiser hands out new functions at each render by design; nothing here is memoised over them.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: (index) => (rows[index]?.type === "step" ? HEAD : LINE), overscan: 20 });
  useEffect(() => virtual.measure(), [rows, virtual]);
  useEffect(() => {
    if (follow && rows.length > 0) virtual.scrollToIndex(rows.length - 1, { align: "end" });
  }, [follow, rows.length, virtual]);

  const toggle = (id: string) =>
    setFolded((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });

  return (
    <div className={classes.root}>
      <div className={classes.tools}>
        <span>{strings.logLines(formatCount(steps.reduce((sum, step) => sum + step.lines.length, 0)))}</span>
        {live && <Switch label={strings.logFollow} checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />}
      </div>
      <div ref={scroller} className={classes.scroll} tabIndex={0} role="log" aria-live="off" aria-label={label}>
        {rows.length === 0 && <p className={classes.empty}>{strings.logEmpty}</p>}
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const place = { transform: `translateY(${item.start}px)`, height: item.size };
            if (row.type === "line") {
              return (
                <div key={item.key} className={classes.line} data-level={row.line.level} style={place}>
                  <span className={classes.number} aria-hidden="true">{row.number}</span>
                  <span className={classes.text}>{row.line.text}</span>
                </div>
              );
            }
            const open = !folded.has(row.step.id);
            return (
              <button key={item.key} type="button" className={classes.step} style={place} aria-expanded={open} onClick={() => toggle(row.step.id)}>
                {open ? <IconChevronDown size={15} aria-hidden="true" /> : <IconChevronRight size={15} aria-hidden="true" />}
                <StatusBadge status={row.step.status} label={row.step.statusLabel} bare />
                <span>{row.step.name}</span>
                <span className={classes.duration}>{row.step.duration}</span>
              </button>
            );
          })}
        </div>
      </div>
    </div>
  );
}
