import { queryOptions, useQuery } from "@tanstack/react-query";
import { postJson } from "@/api/client";
import type { EntityFacets } from "@/api/types";
import { strings } from "@/components/strings";
import { apiPaths, paths } from "@/lib/paths";
import { formatQuery } from "@/lib/query/grammar";
import { writtenValue } from "@/lib/query/facets";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { kindWords } from "./facts";
import { KindIcon } from "./KindIcon";
import classes from "./OwnedKinds.module.css";

const ownedKindsQuery = (owners: readonly string[]) =>
  queryOptions({
    queryKey: ["entities", "owned-kinds", owners],
    queryFn: ({ signal }) => postJson<EntityFacets>(apiPaths.entityFacets, { facets: ["kind"], query: { "relations.ownedBy": { $in: owners } } }, signal),
    staleTime: 30_000,
  });

/** How much these owners own of each kind, each a link to the list. */
export function OwnedKinds({ owners }: { owners: readonly string[] }) {
  const { data, error, refetch } = useQuery(ownedKindsQuery(owners));
  const kinds = [...(data?.facets.kind ?? [])].sort((a, b) => b.count - a.count);
  const target = (kind: string) =>
    paths.catalog({
      query: formatQuery([
        { type: "field", key: "kind", negated: false, values: [{ match: "is", text: kind.toLowerCase() }] },
        { type: "field", key: "owner", negated: false, values: owners.map((owner) => ({ match: "is", text: writtenValue("owner", owner) })) },
      ]),
    });
  if (error) return <ErrorState error={error} title={strings.ownedFailed} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonLines lines={3} height={30} />;
  if (kinds.length === 0) return <p className={classes.none}>{strings.ownsNothing}</p>;
  return (
    <ul className={classes.kinds}>
      {kinds.map(({ value, count }) => (
        <li key={value}>
          <AppLink target={target(value)} className={classes.kind}>
            <KindIcon kind={value} />
            <span>{kindWords(value).many}</span>
            <span className={classes.count}>{formatCount(count)}</span>
          </AppLink>
        </li>
      ))}
    </ul>
  );
}
