import { useQuery } from "@tanstack/react-query";
import { stringify } from "yaml";
import { sessionQuery } from "@/api/queries";
import type { Entity } from "@/api/types";
import { parseRef, shortRef } from "@/lib/entity-ref";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { Section } from "@/ui/Section";
import { strings } from "./strings";

/** A descriptor to begin with, owned by the first team of whoever looks. */
export default function Suggestion({ entity }: { entity: Entity }) {
  const { data: session } = useQuery(sessionQuery());
  const team = session?.principal.ownershipRefs.find((ref) => parseRef(ref)?.kind === "group");
  const { apiVersion, kind, metadata, spec } = entity;
  const owner = team === undefined ? strings.yourTeam : shortRef(team, "group");
  return (
    <Section title={strings.suggestionTitle}>
      <p>{strings.suggestionBody}</p>
      <CodeBlock code={stringify({ apiVersion, kind, metadata, spec: { ...spec, owner } })} language="yaml" label={strings.suggestionLabel} />
    </Section>
  );
}
