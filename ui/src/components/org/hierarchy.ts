import type { Entity } from "@/api/types";
import { displayName, relatedRefs, specText } from "@/components/entity/facts";
import { refOf } from "@/lib/entity-ref";

/** A group and what it says of itself. */
export interface OrgGroup {
  ref: string;
  name: string;
  type: string | undefined;
  parents: string[];
  children: string[];
  /** Direct members. */
  members: string[];
  /** What names it as its owner. */
  owned: string[];
}

/** The groups of the company by ref, and those that stand above all others. */
export interface Org {
  groups: ReadonlyMap<string, OrgGroup>;
  roots: string[];
}

/** Builds the hierarchy of Group entities. Parents that are not among them, or not visible, count as none. */
export function orgOf(entities: readonly Entity[]): Org {
  const groups = new Map<string, OrgGroup>();
  for (const entity of entities) {
    const ref = refOf(entity);
    groups.set(ref, { ref, name: displayName(entity), type: specText(entity, "type"), parents: relatedRefs(entity, "childOf"), children: relatedRefs(entity, "parentOf"), members: relatedRefs(entity, "hasMember"), owned: relatedRefs(entity, "ownerOf") });
  }
  const byName = (a: string, b: string) => (groups.get(a)?.name ?? a).localeCompare(groups.get(b)?.name ?? b);
  const known = (ref: string) => groups.has(ref);
  for (const group of groups.values()) {
    group.parents = [...new Set(group.parents)].filter(known);
    group.children = [...new Set(group.children)].filter(known).sort(byName);
  }
  const org = { groups, roots: [...groups.keys()].filter((ref) => groups.get(ref)?.parents.length === 0).sort(byName) };
  // Groups that are each other's parents hang below nothing: the first of each such circle is shown as a root.
  const reached = new Set(org.roots.flatMap((root) => [root, ...below(org, root)]));
  for (const ref of [...groups.keys()].sort(byName)) {
    if (reached.has(ref)) continue;
    org.roots.push(ref);
    [ref, ...below(org, ref)].forEach((found) => reached.add(found));
  }
  return org;
}

/** Every group below one, each once, however they are tangled. */
export function below(org: Org, ref: string): string[] {
  const found = new Set<string>();
  const visit = (from: string) => {
    for (const child of org.groups.get(from)?.children ?? []) {
      if (child === ref || found.has(child)) continue;
      found.add(child);
      visit(child);
    }
  };
  visit(ref);
  return [...found];
}

/** Every group above these, and these, each once. Who is in a group owns what those above it own. */
export function withAbove(org: Org, refs: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (ref: string) => {
    if (found.has(ref)) return;
    found.add(ref);
    org.groups.get(ref)?.parents.forEach(visit);
  };
  refs.forEach(visit);
  return [...found];
}

/** Members of a group and of every group below it, each once, with the groups through which they belong. */
export function allMembers(org: Org, ref: string): { ref: string; through: string[] }[] {
  const through = new Map<string, string[]>();
  for (const group of [ref, ...below(org, ref)]) {
    for (const member of org.groups.get(group)?.members ?? []) through.set(member, [...(through.get(member) ?? []), group]);
  }
  return [...through].map(([member, groups]) => ({ ref: member, through: groups })).sort((a, b) => a.ref.localeCompare(b.ref));
}

/** Everything that a group or a group below it owns, each once. */
export function allOwned(org: Org, ref: string): string[] {
  return [...new Set([ref, ...below(org, ref)].flatMap((group) => org.groups.get(group)?.owned ?? []))];
}

/** The groups whose name has the text, with everything above them. */
export function matching(org: Org, text: string): { hits: Set<string>; shown: Set<string> } {
  const wanted = text.trim().toLowerCase();
  const hits = new Set([...org.groups.values()].filter(({ name, ref }) => name.toLowerCase().includes(wanted) || ref.includes(wanted)).map(({ ref }) => ref));
  const shown = new Set<string>();
  const up = (ref: string) => {
    if (shown.has(ref)) return;
    shown.add(ref);
    org.groups.get(ref)?.parents.forEach(up);
  };
  hits.forEach(up);
  return { hits, shown };
}
