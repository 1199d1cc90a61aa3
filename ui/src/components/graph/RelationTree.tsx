import { useMemo } from "react";
import type { GraphNode } from "@/api/types";
import { kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { relationWords } from "@/components/entity/relation-words";
import { toTree, type Edge, type TreeItem } from "@/lib/graph/model";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { hiddenAround, nodeName, type Effect } from "./GraphNodeCard";
import classes from "./RelationTree.module.css";
import { strings } from "./strings";

interface RelationTreeProps {
  nodes: readonly GraphNode[];
  edges: readonly Edge[];
  starts: readonly string[];
  effects?: ReadonlyMap<string, Effect>;
  onExpand: (ref: string) => void;
}

/** The graph in words: nested lists that say the same, for phones and for who listens. */
export function RelationTree({ nodes, edges, starts, effects, onExpand }: RelationTreeProps) {
  const tree = useMemo(() => toTree(nodes, edges, starts), [nodes, edges, starts]);
  const byRef = useMemo(() => new Map(nodes.map((node) => [node.ref, node])), [nodes]);
  return (
    <ul className={classes.tree} data-top>
      {tree.map((item) => (
        <Item key={item.ref} item={item} byRef={byRef} effects={effects} onExpand={onExpand} />
      ))}
    </ul>
  );
}

interface ItemProps {
  item: TreeItem;
  byRef: ReadonlyMap<string, GraphNode>;
  effects: ReadonlyMap<string, Effect> | undefined;
  onExpand: (ref: string) => void;
}

function Item({ item, byRef, effects, onExpand }: ItemProps) {
  const node = byRef.get(item.ref);
  if (!node) return null;
  const hidden = hiddenAround(node);
  const effect = effects?.get(item.ref);
  return (
    <li>
      <span className={classes.line}>
        <AppLink target={paths.entity(item.ref)} className={classes.link} title={item.ref}>
          <KindIcon kind={node.kind} label={kindWords(node.kind).one} />
          <span>{nodeName(node)}</span>
        </AppLink>
        {node.type !== undefined && <span className={classes.type}>{node.type}</span>}
        {effect !== undefined && <span className={classes.effect} data-effect={effect}>{strings[effect]}</span>}
        {item.again && <span className={classes.type}>{strings.again}</span>}
        {!item.again && hidden.count > 0 && (
          <button type="button" className={classes.more} aria-label={strings.more(hidden.text, nodeName(node))} onClick={() => onExpand(item.ref)}>
            {strings.moreShort(hidden.text)}
          </button>
        )}
      </span>
      {item.groups.length > 0 && (
        <ul className={classes.groups}>
          {item.groups.map((group) => (
            <li key={group.relation}>
              <span className={classes.relation}>{relationWords[group.relation] ?? group.relation}</span>
              <ul className={classes.tree}>
                {group.items.map((child) => (
                  <Item key={child.ref} item={child} byRef={byRef} effects={effects} onExpand={onExpand} />
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
