import { IconChevronRight } from "@tabler/icons-react";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import type { Target } from "@/lib/paths";
import { useNavigate } from "@tanstack/react-router";
import { AppLink } from "@/ui/AppLink";
import { useKeys } from "@/ui/keys";
import { moveInTree, type TreeLine } from "./flatten";
import classes from "./Tree.module.css";

interface TreeProps {
  label: string;
  lines: readonly TreeLine[];
  onToggle: (path: string, open: boolean) => void;
  targetOf: (id: string) => Target;
  /** The name, inside of the link. */
  render: (id: string) => ReactNode;
  /** At the end of the line: counts. */
  aside?: (id: string) => ReactNode;
}

/** A tree to read and to follow: one stop of the Tab key, arrows inside, Enter follows. */
export function Tree({ label, lines, onToggle, targetOf, render, aside }: TreeProps) {
  const navigate = useNavigate();
  const root = useRef<HTMLUListElement>(null);
  const [current, setCurrent] = useState<string>();
  const at = Math.max(
    lines.findIndex(({ path }) => path === current),
    0,
  );
  const focus = (index: number) => {
    const line = lines[index];
    if (!line) return;
    setCurrent(line.path);
    root.current?.querySelectorAll<HTMLElement>("[role=treeitem]")[index]?.focus();
  };
  const act = (key: string): boolean => {
    const line = lines[at];
    const move = moveInTree(lines, at, key);
    if (!line || move === undefined) return false;
    if (move === "follow") {
      const target = targetOf(line.id);
      void navigate({ to: target.to, search: target.search ?? {} });
    } else if ("to" in move) focus(move.to);
    else onToggle(line.path, move.open);
    return true;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (act(event.key)) event.preventDefault();
  };
  const inside = () => root.current?.contains(document.activeElement) === true;
  useKeys([
    { keys: "j", label: "Next row", group: "Lists", run: () => (inside() ? act("ArrowDown") : focus(at)) },
    { keys: "k", label: "Previous row", group: "Lists", run: () => (inside() ? act("ArrowUp") : focus(at)) },
  ]);
  return (
    <ul ref={root} role="tree" aria-label={label} className={classes.tree} onKeyDown={onKeyDown}>
      {lines.map((line, index) => (
        <li
          key={line.path}
          role="treeitem"
          aria-level={line.level}
          aria-setsize={line.siblings}
          aria-posinset={line.position}
          aria-expanded={line.expanded}
          aria-selected={index === at}
          tabIndex={index === at ? 0 : -1}
          className={classes.item}
          data-level={Math.min(line.level, 8)}
          onFocus={() => setCurrent(line.path)}
        >
          <span className={classes.fold} data-open={line.expanded} data-leaf={line.expanded === undefined} onClick={() => line.expanded !== undefined && onToggle(line.path, !line.expanded)}>
            <IconChevronRight size={15} aria-hidden="true" />
          </span>
          <AppLink target={targetOf(line.id)} tabIndex={-1} className={classes.link}>
            {render(line.id)}
          </AppLink>
          <span className={classes.aside}>{aside?.(line.id)}</span>
        </li>
      ))}
    </ul>
  );
}
