import { edgesByRef, type Edge, type NodeFacts } from "./model";

export const NODE_WIDTH = 188;
export const NODE_HEIGHT = 40;
const ROW = NODE_HEIGHT + 10;
const LANE_GAP = 20;
const LAYER_GAP = 104;
const PADDING = 10;
const HEADER = 22;
const GROUP_GAP = 22;
const SWEEPS = 6;

export interface Placed {
  ref: string;
  x: number;
  y: number;
}

/** What belongs to one system and stands in one column. */
export interface GroupBox {
  system: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  nodes: Map<string, Placed>;
  groups: GroupBox[];
  /** Refs from left to right, each lane from top to bottom. */
  order: string[];
  width: number;
  height: number;
}

interface Group {
  system: string | undefined;
  refs: string[];
}

/**
 * Places a graph in layers: what needs an entity stands left of it, what it needs stands right, as far from the start
 * as relations lead. In a layer, entities of one system stand together, near what they are related to; a layer that
 * would be too high is broken into lanes. Equal graphs are placed equally. Lengths are CSS pixels.
 */
export function place(nodes: readonly NodeFacts[], edges: readonly Edge[], starts: readonly string[]): Layout {
  const layers = layersOf(nodes, edges, starts).map(groupsOf);
  const at = edgesByRef(edges);
  const most = Math.min(28, Math.max(9, Math.ceil(Math.sqrt(nodes.length) * 1.15)));
  let layout = pack(layers, most);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const layer of layers) order(layer, at, layout);
    layout = pack(layers, most);
  }
  layout.order = [...layout.nodes.values()].sort((a, b) => a.x - b.x || a.y - b.y).map((placed) => placed.ref);
  return layout;
}

/** Breadth first from the starts; along an edge to the right, against it to the left. */
function layersOf(nodes: readonly NodeFacts[], edges: readonly Edge[], starts: readonly string[]): NodeFacts[][] {
  const at = edgesByRef(edges);
  const layer = new Map<string, number>();
  const queue: string[] = [];
  const known = new Set(nodes.map((node) => node.ref));
  const visit = (ref: string, value: number) => {
    if (layer.has(ref) || !known.has(ref)) return;
    layer.set(ref, value);
    queue.push(ref);
  };
  for (const ref of [...starts, ...nodes.map((node) => node.ref)]) {
    visit(ref, 0);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const here = layer.get(next) ?? 0;
      for (const { source, target } of at.get(next) ?? []) {
        if (source === next) visit(target, here + 1);
        else visit(source, here - 1);
      }
    }
  }
  const first = Math.min(0, ...layer.values());
  const layers: (NodeFacts[] | undefined)[] = [];
  for (const node of nodes) (layers[(layer.get(node.ref) ?? 0) - first] ??= []).push(node);
  return Array.from(layers, (list) => list ?? []).filter((list) => list.length > 0);
}

function groupsOf(nodes: readonly NodeFacts[]): Group[] {
  const groups = new Map<string | undefined, Group>();
  for (const { ref, system } of nodes) {
    const group = groups.get(system);
    if (group) group.refs.push(ref);
    else groups.set(system, { system, refs: [ref] });
  }
  return [...groups.values()];
}

/** Sorts a layer by where the neighbours of its entities stand. */
function order(layer: Group[], at: ReadonlyMap<string, readonly Edge[]>, { nodes }: Layout): void {
  const pull = (ref: string) => {
    const ys = (at.get(ref) ?? []).map((edge) => nodes.get(edge.source === ref ? edge.target : edge.source)?.y ?? 0);
    return ys.length === 0 ? (nodes.get(ref)?.y ?? 0) : mean(ys);
  };
  const pulls = new Map(layer.flatMap((group) => group.refs.map((ref) => [ref, pull(ref)] as const)));
  const by = (ref: string) => pulls.get(ref) ?? 0;
  for (const group of layer) group.refs.sort((a, b) => by(a) - by(b) || a.localeCompare(b));
  const weight = new Map(layer.map((group) => [group, mean(group.refs.map(by))]));
  layer.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0) || (a.system ?? "").localeCompare(b.system ?? ""));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const isBox = (group: Group) => group.system !== undefined && group.refs.length > 1;

/** Gives every group its lanes, every layer its stacks of groups, and centres them on one line. */
function pack(layers: readonly (readonly Group[])[], most: number): Layout {
  const layout: Layout = { nodes: new Map(), groups: [], order: [], width: 0, height: 0 };
  const columns: { from: number; boxes: number; height: number; refs: string[] }[] = [];
  let x = 0;
  for (const layer of layers) {
    if (x > 0) x += LAYER_GAP;
    let left = 0;
    for (const stack of stacks(layer, most)) {
      const column = { from: layout.groups.length, boxes: 0, height: 0, refs: [] as string[] };
      let width = 0;
      for (const group of stack) {
        const size = placeGroup(layout, group, x + left, column.height, most);
        column.height += size.height + GROUP_GAP;
        width = Math.max(width, size.width);
        column.refs.push(...group.refs);
      }
      column.boxes = layout.groups.length - column.from;
      column.height -= GROUP_GAP;
      columns.push(column);
      left += width + LANE_GAP;
    }
    x += left - LANE_GAP;
  }
  layout.width = x;
  layout.height = Math.max(...columns.map((column) => column.height), 0);
  for (const { from, boxes, height, refs } of columns) {
    const down = Math.round((layout.height - height) / 2);
    for (const ref of refs) {
      const placed = layout.nodes.get(ref);
      if (placed) placed.y += down;
    }
    for (const box of layout.groups.slice(from, from + boxes)) box.y += down;
  }
  return layout;
}

/** Breaks a layer where it gets too high, between groups. */
function stacks(layer: readonly Group[], most: number): Group[][] {
  const result: Group[][] = [];
  let rows = Infinity;
  for (const group of layer) {
    const needs = Math.min(group.refs.length, most) + (isBox(group) ? 1 : 0);
    if (rows + needs > most) {
      result.push([]);
      rows = 0;
    }
    result.at(-1)?.push(group);
    rows += needs;
  }
  return result;
}

function placeGroup(layout: Layout, group: Group, x: number, y: number, most: number): { width: number; height: number } {
  const boxed = isBox(group);
  const lanes = Math.ceil(group.refs.length / most);
  const rows = Math.ceil(group.refs.length / lanes);
  const inset = boxed ? PADDING : 0;
  group.refs.forEach((ref, index) => {
    const lane = Math.floor(index / rows);
    layout.nodes.set(ref, { ref, x: x + inset + lane * (NODE_WIDTH + LANE_GAP), y: y + (boxed ? HEADER + PADDING / 2 : 0) + (index % rows) * ROW });
  });
  const width = lanes * (NODE_WIDTH + LANE_GAP) - LANE_GAP + 2 * inset;
  const height = rows * ROW - (ROW - NODE_HEIGHT) + (boxed ? HEADER + PADDING * 1.5 : 0);
  if (boxed && group.system !== undefined) layout.groups.push({ system: group.system, x, y, width, height });
  return { width, height };
}

/** The line of an edge, from the side that faces its other end. */
export function edgePath(source: Placed, target: Placed): string {
  const [y1, y2] = [source.y + NODE_HEIGHT / 2, target.y + NODE_HEIGHT / 2];
  if (target.x > source.x + NODE_WIDTH) return curve(source.x + NODE_WIDTH, y1, target.x, y2, 0.5);
  if (source.x > target.x + NODE_WIDTH) return curve(source.x, y1, target.x + NODE_WIDTH, y2, 0.5);
  const [x1, x2] = [source.x + NODE_WIDTH, target.x + NODE_WIDTH];
  const out = Math.max(x1, x2) + 36;
  return `M${x1} ${y1}C${out} ${y1} ${out} ${y2} ${x2} ${y2}`;
}

function curve(x1: number, y1: number, x2: number, y2: number, bend: number): string {
  const dx = (x2 - x1) * bend;
  return `M${x1} ${y1}C${x1 + dx} ${y1} ${x2 - dx} ${y2} ${x2} ${y2}`;
}

/** Where an edge's label stands. */
export function edgeMiddle(source: Placed, target: Placed): { x: number; y: number } {
  const beside = Math.abs(source.x - target.x) <= NODE_WIDTH;
  return { x: beside ? Math.max(source.x, target.x) + NODE_WIDTH + 27 : (source.x + target.x + NODE_WIDTH) / 2, y: (source.y + target.y + NODE_HEIGHT) / 2 };
}
