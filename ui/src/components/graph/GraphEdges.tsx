import { memo, type PointerEvent } from "react";
import { seenFrom, type Edge } from "@/lib/graph/model";
import { edgeMiddle, edgePath, NODE_HEIGHT, NODE_WIDTH, type Layout } from "@/lib/graph/layout";
import { relationWords } from "@/components/entity/relation-words";
import classes from "./GraphCanvas.module.css";

const ARROW = "graph-arrow";
const ARROW_NEAR = "graph-arrow-near";

function Arrow({ id, className }: { id: string; className: string | undefined }) {
  return (
    <marker id={id} viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
      <path d="M0 0.5 8 4 0 7.5z" className={className} />
    </marker>
  );
}

/** All lines, drawn once; those of the entity in question are drawn over them. */
export const AllEdges = memo(function AllEdges({ edges, layout, onPoint }: { edges: readonly Edge[]; layout: Layout; onPoint: (edge: Edge | undefined) => void }) {
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const index = event.target instanceof SVGElement ? event.target.dataset.edge : undefined;
    onPoint(index === undefined ? undefined : edges[Number(index)]);
  };
  return (
    <svg className={classes.edges} width={layout.width} height={layout.height} aria-hidden="true" onPointerOver={point} onPointerLeave={() => onPoint(undefined)}>
      <defs>
        <Arrow id={ARROW} className={classes.arrow} />
      </defs>
      {edges.map((edge, index) => {
        const [source, target] = [layout.nodes.get(edge.source), layout.nodes.get(edge.target)];
        if (!source || !target) return null;
        const path = edgePath(source, target);
        return (
          <g key={`${edge.source} ${edge.type} ${edge.target}`}>
            <path d={path} className={classes.edge} data-type={edge.type} markerEnd={`url(#${ARROW})`} />
            <path d={path} className={classes.reach} data-edge={index} />
          </g>
        );
      })}
    </svg>
  );
});

const MOST_LABELS = 60;

interface NearEdgesProps {
  edges: readonly Edge[];
  layout: Layout;
  /** The entity that the lines are about; absent when one line is. */
  about: string | undefined;
}

/** The lines of one entity, or one line, with what they say. */
export function NearEdges({ edges, layout, about }: NearEdgesProps) {
  return (
    <>
      <svg className={classes.edges} width={layout.width} height={layout.height} aria-hidden="true">
        <defs>
          <Arrow id={ARROW_NEAR} className={classes.arrowNear} />
        </defs>
        {edges.map((edge) => {
          const [source, target] = [layout.nodes.get(edge.source), layout.nodes.get(edge.target)];
          return source && target && <path key={`${edge.source} ${edge.type} ${edge.target}`} d={edgePath(source, target)} className={classes.edgeNear} markerEnd={`url(#${ARROW_NEAR})`} />;
        })}
      </svg>
      {edges.slice(0, MOST_LABELS).map((edge) => (
        <EdgeLabel key={`${edge.source} ${edge.type} ${edge.target}`} edge={edge} layout={layout} about={about} />
      ))}
    </>
  );
}

/** A label stands at the far end, where no other is. */
function EdgeLabel({ edge, layout, about }: { edge: Edge; layout: Layout; about: string | undefined }) {
  const [source, target] = [layout.nodes.get(edge.source), layout.nodes.get(edge.target)];
  if (!source || !target) return null;
  const { relation, other } = seenFrom(about ?? edge.source, edge);
  const [near, far] = other === edge.target ? [source, target] : [target, source];
  const middle = edgeMiddle(source, target);
  const place =
    about === undefined || Math.abs(far.x - near.x) <= NODE_WIDTH
      ? `translate(${middle.x}px, ${middle.y}px) translate(-50%, -50%)`
      : far.x > near.x
        ? `translate(${far.x - 12}px, ${far.y + NODE_HEIGHT / 2}px) translate(-100%, -50%)`
        : `translate(${far.x + NODE_WIDTH + 12}px, ${far.y + NODE_HEIGHT / 2}px) translate(0, -50%)`;
  return (
    <span className={classes.label} style={{ transform: place }} aria-hidden="true">
      {(relationWords[relation] ?? relation).toLowerCase().replace("api", "API")}
    </span>
  );
}
