import { ActionIcon, Tooltip } from "@mantine/core";
import { IconFocusCentered, IconMinus, IconPlus } from "@tabler/icons-react";
import { useCallback, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { GraphNode } from "@/api/types";
import { nameOfRef } from "@/components/entity/facts";
import { place, type Layout } from "@/lib/graph/layout";
import { edgesByRef, seenFrom, type Edge } from "@/lib/graph/model";
import { neighbour, type Direction } from "@/lib/graph/navigate";
import { singleKeys } from "@/ui/keys";
import { AllEdges, NearEdges } from "./GraphEdges";
import { GraphNodeCard, nodeName, type Effect } from "./GraphNodeCard";
import classes from "./GraphCanvas.module.css";
import { strings } from "./strings";
import { useCamera, zoomStep } from "./use-camera";

interface GraphCanvasProps {
  nodes: readonly GraphNode[];
  edges: readonly Edge[];
  starts: readonly string[];
  effects?: ReadonlyMap<string, Effect>;
  onExpand: (ref: string) => void;
}

const ARROWS: Partial<Record<string, Direction>> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/** A graph to look at and move in: pointer, touch, and every entity by keyboard. */
export default function GraphCanvas({ nodes, edges, starts, effects, onExpand }: GraphCanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const world = useRef<HTMLDivElement>(null);
  const help = useId();
  const layout = useMemo(() => place(nodes, edges, starts), [nodes, edges, starts]);
  const at = useMemo(() => edgesByRef(edges), [edges]);
  const start = starts[0] === undefined ? undefined : layout.nodes.get(starts[0]);
  const camera = useCamera(frame, world, layout, start);

  const [focused, setFocused] = useState<string>();
  const [pointed, setPointed] = useState<string>();
  const [line, setLine] = useState<Edge>();
  const tabbable = focused !== undefined && layout.nodes.has(focused) ? focused : starts[0];
  const about = pointed;
  const nearEdges = about === undefined ? (line ? [line] : []) : (at.get(about) ?? []);
  const near = useMemo(() => new Set(about === undefined ? [] : [about, ...(at.get(about) ?? []).map((edge) => seenFrom(about, edge).other)]), [about, at]);

  const focus = useCallback(
    (ref: string) => {
      setFocused(ref);
      setPointed(ref);
      const placed = layout.nodes.get(ref);
      if (placed) camera.reveal(placed);
    },
    [camera, layout],
  );

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const current = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>("[data-ref]")?.dataset.ref : undefined;
    const act = () => {
      if (arrow) {
        const next = neighbour(layout, at, current ?? tabbable ?? "", arrow);
        if (next !== undefined) frame.current?.querySelector<HTMLElement>(`[data-ref="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
      } else if (event.key === "+" || event.key === "=") camera.zoomBy(zoomStep.in);
      else if (event.key === "-") camera.zoomBy(zoomStep.out);
      else if (event.key === "0") camera.fit();
      else if (event.key === "e" && singleKeys.get() && current !== undefined) onExpand(current);
      else return false;
      return true;
    };
    if (act()) event.preventDefault();
  };

  return (
    <div className={classes.root}>
      <div ref={frame} className={classes.frame} role="group" aria-label={strings.graphLabel(starts.map((ref) => nameIn(nodes, ref)).join(", "))} aria-describedby={help} data-about={near.size > 0 || undefined} data-impact={effects !== undefined || undefined} onKeyDown={press}>
        <div ref={world} className={classes.world}>
          <Systems layout={layout} nodes={nodes} />
          <AllEdges edges={edges} layout={layout} onPoint={setLine} />
          {nearEdges.length > 0 && <NearEdges edges={nearEdges} layout={layout} about={about} />}
          {nodes.map((node) => {
            const placed = layout.nodes.get(node.ref);
            return (
              placed && (
                <GraphNodeCard key={node.ref} node={node} placed={placed} start={starts.includes(node.ref)} tabbable={node.ref === tabbable} near={near.has(node.ref)} effect={effects?.get(node.ref)} onPoint={setPointed} onFocus={focus} onExpand={onExpand} />
              )
            );
          })}
        </div>
      </div>
      <div className={classes.controls}>
        <Control label={strings.zoomIn} icon={IconPlus} onClick={() => camera.zoomBy(zoomStep.in)} />
        <Control label={strings.zoomOut} icon={IconMinus} onClick={() => camera.zoomBy(zoomStep.out)} />
        <Control label={strings.fit} icon={IconFocusCentered} onClick={camera.fit} />
      </div>
      <p id={help} className={classes.spoken}>
        {strings.keys}
      </p>
    </div>
  );
}

const nameIn = (nodes: readonly GraphNode[], ref: string) => {
  const node = nodes.find((candidate) => candidate.ref === ref);
  return node ? nodeName(node) : nameOfRef(ref);
};

/** What stands together because it is of one system. */
function Systems({ layout, nodes }: { layout: Layout; nodes: readonly GraphNode[] }) {
  return layout.groups.map(({ system, x, y, width, height }) => (
    <div key={`${system} ${x} ${y}`} className={classes.system} style={{ transform: `translate(${x}px, ${y}px)`, width, height }}>
      <span>{nameIn(nodes, system)}</span>
    </div>
  ));
}

function Control({ label, icon: ControlIcon, onClick }: { label: string; icon: typeof IconPlus; onClick: () => void }) {
  return (
    <Tooltip label={label} position="left">
      <ActionIcon variant="default" size={30} aria-label={label} onClick={onClick}>
        <ControlIcon size={16} stroke={1.8} />
      </ActionIcon>
    </Tooltip>
  );
}
