import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { asOfQuery } from "@/api/history";
import { ChangeList } from "@/components/changes/ChangeList";
import { parseRef, type EntityRef } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { firstOf } from "@/lib/search-params";
import { AppLink } from "@/ui/AppLink";
import { usePageSearch } from "@/ui/page-route";
import { RelativeTime } from "@/ui/RelativeTime";
import { ErrorState, SkeletonLines } from "@/ui/states";
import classes from "./Changes.module.css";
import { strings } from "./strings";

const Inspect = lazy(() => import("./Inspect"));

/** What happened to an entity; with `at` in the URL, what it was at a revision. */
export function Changes({ entityRef }: { entityRef: string }) {
  const at = firstOf(usePageSearch(), "at");
  const ref = parseRef(entityRef);
  if (at !== undefined && ref) return <AsOf entityRef={entityRef} refParts={ref} at={at} />;
  return <ChangeList view={{ ref: entityRef }} />;
}

function AsOf({ entityRef, refParts, at }: { entityRef: string; refParts: EntityRef; at: string }) {
  const { data, error, refetch } = useQuery(asOfQuery(refParts, at));
  return (
    <div className={classes.root}>
      <div className={classes.head}>
        {data && <h2>{strings.asOf(data.revision)}</h2>}
        {data?.changedAt && (
          <span className={classes.muted}>
            {strings.asOfSince} <RelativeTime value={data.changedAt} />
          </span>
        )}
        <AppLink className={classes.link} target={paths.entity(entityRef, "changes")}>
          {strings.asOfBack}
        </AppLink>
      </div>
      {error && <ErrorState error={error} title={strings.asOfFailed} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonLines lines={12} />}
      {data && (
        <Suspense fallback={<SkeletonLines lines={12} />}>
          <Inspect entity={data.entity} />
        </Suspense>
      )}
    </div>
  );
}
