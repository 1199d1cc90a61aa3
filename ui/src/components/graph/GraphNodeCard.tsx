import { memo } from "react";
import type { GraphNode } from "@/api/types";
import { kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import type { Placed } from "@/lib/graph/layout";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import classes from "./GraphCanvas.module.css";
import { strings } from "./strings";

export type Effect = "goes" | "breaks" | "loses";

/** How many neighbours of an entity are not shown; each type is counted to 100. */
export function hiddenAround(node: GraphNode): { count: number; text: string } {
  const cut = Object.values(node.cut ?? {});
  const count = cut.reduce((sum, value) => sum + value, 0);
  return { count, text: `${count}${cut.some((value) => value >= 100) ? "+" : ""}` };
}

export const nodeName = (node: { title?: string | undefined; name: string }) => node.title ?? node.name;

interface GraphNodeCardProps {
  node: GraphNode;
  placed: Placed;
  start: boolean;
  /** It takes the focus when Tab comes to the graph. */
  tabbable: boolean;
  near: boolean;
  effect: Effect | undefined;
  onPoint: (ref: string | undefined) => void;
  onFocus: (ref: string) => void;
  onExpand: (ref: string) => void;
}

/** One entity of the graph: a link, with what is hidden around it. */
export const GraphNodeCard = memo(function GraphNodeCard({ node, placed, start, tabbable, near, effect, onPoint, onFocus, onExpand }: GraphNodeCardProps) {
  const kind = kindWords(node.kind).one;
  const name = nodeName(node);
  const hidden = hiddenAround(node);
  const below = node.type ?? kind;
  return (
    <div
      className={classes.node}
      style={{ transform: `translate(${placed.x}px, ${placed.y}px)` }}
      data-kind={node.kind.toLowerCase()}
      data-start={start || undefined}
      data-near={near || undefined}
      data-effect={effect}
      onMouseEnter={() => onPoint(node.ref)}
      onMouseLeave={() => onPoint(undefined)}
    >
      <AppLink target={paths.entity(node.ref)} preload={false} draggable={false} tabIndex={tabbable ? 0 : -1} data-ref={node.ref} className={classes.card} title={node.ref} onFocus={() => onFocus(node.ref)} onBlur={() => onPoint(undefined)}>
        <KindIcon kind={node.kind} label={kind} size={18} />
        <span className={classes.words}>
          <span className={classes.name}>{name}</span>
          <span className={classes.type}>{effect === undefined ? below : strings[effect]}</span>
        </span>
      </AppLink>
      {hidden.count > 0 && (
        <button type="button" tabIndex={tabbable ? 0 : -1} className={classes.more} aria-label={strings.more(hidden.text, name)} onClick={() => onExpand(node.ref)}>
          {strings.moreShort(hidden.text)}
        </button>
      )}
    </div>
  );
});
