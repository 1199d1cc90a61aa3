import { useMemo } from "react";
import { RelationExplorer } from "@/components/graph/RelationExplorer";
import { paths } from "@/lib/paths";

/** What the entity is related to. */
export default function Relations({ entityRef }: { entityRef: string }) {
  const refs = useMemo(() => [entityRef], [entityRef]);
  const at = useMemo(() => paths.entity(entityRef, "relations"), [entityRef]);
  return <RelationExplorer entityRefs={refs} at={at} />;
}
