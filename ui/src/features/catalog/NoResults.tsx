import { useQuery } from "@tanstack/react-query";
import { paths, type CatalogView } from "@/lib/paths";
import { formatQuery, type Term } from "@/lib/query/grammar";
import type { QueryContext } from "@/lib/query/predicate";
import { plural } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { EmptyState } from "@/ui/states";
import classes from "./NoResults.module.css";
import { nearestQuery } from "./queries";
import { strings } from "./strings";

/** Zero rows: either past the end of the list, or a query that finds nothing and its nearest one that does. */
export function NoResults({ view, terms, context, total }: { view: CatalogView; terms: readonly Term[]; context: QueryContext; total: number }) {
  const { data: nearest } = useQuery({ ...nearestQuery(terms, context), enabled: total === 0 && terms.length > 1 });
  if (total > 0) {
    return (
      <EmptyState title={strings.lastPage} action={<AppLink className={classes.link} target={paths.catalog({ ...view, page: 1 })}>{strings.firstPage}</AppLink>} />
    );
  }
  if (terms.length === 0) return <EmptyState title={strings.noneTitle}>{strings.noneEmpty}</EmptyState>;
  return (
    <EmptyState title={strings.noneTitle}>
      {nearest && (
        <>
          <p>{strings.noneBody}</p>
          <p>
            <AppLink className={classes.link} target={paths.catalog({ query: formatQuery(nearest.terms) })}>
              <code>{formatQuery(nearest.terms)}</code>
            </AppLink>
          </p>
          <p>{`${plural(nearest.totalItems, "entity", "entities")} ${strings.without(formatQuery([nearest.dropped]))}`}</p>
        </>
      )}
    </EmptyState>
  );
}
