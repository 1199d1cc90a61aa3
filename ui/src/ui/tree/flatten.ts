/** One line of a tree that is in sight. */
export interface TreeLine {
  /** The path from the root: the same thing may hang in two places. */
  path: string;
  id: string;
  /** From 1. */
  level: number;
  /** Whether its children are in sight; undefined for a leaf. */
  expanded: boolean | undefined;
  position: number;
  siblings: number;
}

interface TreeSource {
  roots: readonly string[];
  childrenOf: (id: string) => readonly string[];
  isOpen: (path: string, level: number) => boolean;
}

const SEPARATOR = "\n";

/** The lines of a tree that are in sight, from top to bottom. What hangs below itself is shown once. */
export function flatten({ roots, childrenOf, isOpen }: TreeSource): TreeLine[] {
  const lines: TreeLine[] = [];
  const walk = (ids: readonly string[], above: readonly string[]) => {
    ids.forEach((id, index) => {
      const trail = [...above, id];
      const path = trail.join(SEPARATOR);
      const level = trail.length;
      const children = childrenOf(id).filter((child) => !trail.includes(child));
      const expanded = children.length === 0 ? undefined : isOpen(path, level);
      lines.push({ path, id, level, expanded, position: index + 1, siblings: ids.length });
      if (expanded === true) walk(children, trail);
    });
  };
  walk(roots, []);
  return lines;
}

/** What a key does in a tree: go to another line, open or close this one, follow it, or nothing. */
export type TreeMove = { to: number } | { open: boolean } | "follow" | undefined;

/** The tree pattern of the ARIA practices. */
export function moveInTree(lines: readonly TreeLine[], at: number, key: string): TreeMove {
  const line = lines[at];
  if (!line) return undefined;
  const last = lines.length - 1;
  switch (key) {
    case "ArrowDown":
      return at < last ? { to: at + 1 } : undefined;
    case "ArrowUp":
      return at > 0 ? { to: at - 1 } : undefined;
    case "Home":
      return { to: 0 };
    case "End":
      return { to: last };
    case "ArrowRight":
      if (line.expanded === false) return { open: true };
      return line.expanded === true ? { to: at + 1 } : undefined;
    case "ArrowLeft": {
      if (line.expanded === true) return { open: false };
      const parent = lines.slice(0, at).findLastIndex((candidate) => candidate.level === line.level - 1);
      return parent >= 0 ? { to: parent } : undefined;
    }
    case "Enter":
      return "follow";
    case " ":
      return line.expanded === undefined ? undefined : { open: !line.expanded };
    default:
      return undefined;
  }
}
