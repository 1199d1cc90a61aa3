import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { Button } from "@mantine/core";
import { graphQuery, impactQuery } from "@/api/graph";
import type { EntityGraph } from "@/api/types";
import { nameOfRef } from "@/components/entity/facts";
import { drawnImpact } from "@/lib/graph/impact";
import { MAX_NODES, requestOf, searchOf, viewOf, type GraphView } from "@/lib/graph/view";
import type { Target } from "@/lib/paths";
import { usePageSearch } from "@/ui/page-route";
import { EmptyState, ErrorState, PartialNotice, SkeletonLines } from "@/ui/states";
import { nodeName, type Effect } from "./GraphNodeCard";
import { GraphToolbar } from "./GraphToolbar";
import { ImpactPanel } from "./ImpactPanel";
import { RelationTree } from "./RelationTree";
import classes from "./RelationExplorer.module.css";
import { strings } from "./strings";

const GraphCanvas = lazy(() => import("./GraphCanvas"));

interface RelationExplorerProps {
  /** Where the graph starts. */
  entityRefs: string[];
  /** The address of the page; the view stands behind it. */
  at: Target;
}

/** Relations as a graph and as a list, with what narrows them, all of it in the URL. */
export function RelationExplorer({ entityRefs, at }: RelationExplorerProps) {
  const navigate = useNavigate();
  const search = usePageSearch();
  const view = viewOf(search);
  const phone = useMediaQuery("(max-width: 640px)", undefined, { getInitialValueInEffect: false });
  const mode = view.mode ?? (phone ? "list" : "graph");
  const [first] = entityRefs;
  const impactOf = view.impact && entityRefs.length === 1 ? first : undefined;

  const show = useCallback(
    (change: Partial<GraphView>) => {
      void navigate({ to: at.to, search: { ...at.search, ...searchOf({ ...viewOf(search), ...change }) }, replace: true, resetScroll: false });
    },
    [navigate, at, search],
  );
  const expand = useCallback((ref: string) => show({ expanded: [...new Set([...viewOf(search).expanded, ref])] }), [show, search]);

  return (
    <div className={classes.root}>
      <GraphToolbar view={view} mode={mode} mayAskImpact={entityRefs.length === 1} onShow={show} />
      {impactOf === undefined ? (
        <Around view={view} mode={mode} entityRefs={entityRefs} onShow={show} onExpand={expand} />
      ) : (
        <Impact entityRef={impactOf} mode={mode} />
      )}
    </div>
  );
}

type Mode = "graph" | "list";

interface AroundProps {
  view: GraphView;
  mode: Mode;
  entityRefs: string[];
  onShow: (change: Partial<GraphView>) => void;
  onExpand: (ref: string) => void;
}

/** What stands around the entities. */
function Around({ view, mode, entityRefs, onShow, onExpand }: AroundProps) {
  const { data, error, refetch, isPlaceholderData } = useQuery(graphQuery(requestOf(view, entityRefs)));
  if (error) return <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonLines lines={8} />;
  const narrowed = view.relations.length + view.kinds.length > 0 || view.direction !== "both";
  if (data.edges.length === 0) {
    return (
      <EmptyState title={strings.alone} action={narrowed && <Button variant="default" onClick={() => onShow({ relations: [], kinds: [], direction: "both" })}>{strings.showEverything}</Button>}>
        <p>{strings.aloneBody}</p>
      </EmptyState>
    );
  }
  return (
    <>
      <Cut graph={data} />
      <Shown mode={mode} graph={data} starts={entityRefs} busy={isPlaceholderData} onExpand={onExpand} />
      <p className={classes.foot}>
        <span role="status">{strings.count(data.nodes.length, data.edges.length)}</span>
        {mode === "graph" && <span className={classes.keys}>{strings.keysShort}</span>}
      </p>
    </>
  );
}

/** What was left out, and how to get at it. That there is more beyond the last step is said beside each entity. */
function Cut({ graph }: { graph: EntityGraph }) {
  const names = new Map(graph.nodes.map((node) => [node.ref, nodeName(node)]));
  const cap = (name: EntityGraph["caps"][number]["cap"]) => graph.caps.find((reached) => reached.cap === name);
  const fanOut = cap("fanOut");
  const nodes = cap("nodes");
  return (
    <>
      {nodes && <PartialNotice>{strings.cutNodes(MAX_NODES)}</PartialNotice>}
      {cap("edges") && <PartialNotice>{strings.cutEdges}</PartialNotice>}
      {fanOut && !nodes && <PartialNotice>{strings.cutFanOut(fanOut.limit, fanOut.entityRefs.slice(0, 3).map((ref) => names.get(ref) ?? nameOfRef(ref)).join(", "))}</PartialNotice>}
    </>
  );
}

interface ShownProps {
  mode: Mode;
  graph: Pick<EntityGraph, "nodes" | "edges">;
  starts: string[];
  busy?: boolean;
  effects?: ReadonlyMap<string, Effect>;
  onExpand: (ref: string) => void;
}

function Shown({ mode, graph, starts, busy = false, effects, onExpand }: ShownProps) {
  const refs = useMemo(() => starts.map((ref) => ref.toLowerCase()), [starts]);
  if (mode === "list") return <RelationTree nodes={graph.nodes} edges={graph.edges} starts={refs} onExpand={onExpand} {...(effects && { effects })} />;
  return (
    <div aria-busy={busy}>
      <Suspense fallback={<SkeletonLines lines={8} />}>
        <GraphCanvas nodes={graph.nodes} edges={graph.edges} starts={refs} onExpand={onExpand} {...(effects && { effects })} />
      </Suspense>
    </div>
  );
}

const nothing = () => undefined;

/** What breaks if the entity goes: the graph of it beside the list by owner. */
function Impact({ entityRef, mode }: { entityRef: string; mode: Mode }) {
  const { data, error, refetch } = useQuery(impactQuery(entityRef));
  const drawn = useMemo(() => data && drawnImpact(data), [data]);
  const effects = useMemo(() => new Map<string, Effect>([...(data?.affected ?? []).map(({ ref, effect }) => [ref, effect] as const), ...(data ? [data.entity, ...data.goes].map(({ ref }) => [ref, "goes"] as const) : [])]), [data]);
  const starts = useMemo(() => [entityRef], [entityRef]);
  if (error) return <ErrorState error={error} title={strings.impactFailed} onRetry={() => void refetch()} />;
  if (!data || !drawn) return <SkeletonLines lines={8} />;
  return (
    <div className={classes.impact} data-mode={mode}>
      <ImpactPanel impact={data} />
      {mode === "graph" && drawn.edges.length > 0 && <Shown mode={mode} graph={drawn} starts={starts} effects={effects} onExpand={nothing} />}
    </div>
  );
}
