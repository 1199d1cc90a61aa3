import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { removedLocationsQuery } from "@/api/history";
import { ChangeList } from "@/components/changes/ChangeList";
import { ACTIONS, actionWords } from "@/components/changes/words";
import { kindWords, nameOfRef } from "@/components/entity/facts";
import { shortRef } from "@/lib/entity-ref";
import { paths, type ChangesView } from "@/lib/paths";
import { usePageSearch } from "@/ui/page-route";
import { RelativeTime } from "@/ui/RelativeTime";
import { ListTemplate } from "@/ui/templates";
import classes from "./ChangesPage.module.css";
import { facetsQuery, useRestore } from "./queries";
import { strings } from "./strings";
import { viewFromSearch } from "./view";

const crumbs = [{ label: strings.catalog, target: paths.catalog() }];

/** What changed in the catalog: by owner, kind and what happened. */
export default function ChangesPage() {
  const navigate = useNavigate();
  const view = viewFromSearch(usePageSearch());
  const { data } = useQuery(facetsQuery());
  const show = (next: ChangesView) => {
    const target = paths.changes({ ...view, ...next });
    void navigate({ to: target.to, search: target.search ?? {}, resetScroll: false });
  };
  const values = (facet: string, chosen: string | undefined) => [...new Set([...(data?.facets[facet] ?? []).map(({ value }) => value.toLowerCase()), ...(chosen ? [chosen] : [])])].sort();

  return (
    <ListTemplate
      title={strings.title}
      crumbs={crumbs}
      below={strings.lead}
      toolbar={
        <div className={classes.filters}>
          <Select label={strings.owner} searchable clearable placeholder={strings.any} value={view.owner ?? null} onChange={(owner) => show({ owner: owner ?? undefined })} data={values("relations.ownedBy", view.owner).map((value) => ({ value, label: shortRef(value, "group") }))} />
          <Select label={strings.kind} clearable placeholder={strings.any} value={view.kind ?? null} onChange={(kind) => show({ kind: kind ?? undefined })} data={values("kind", view.kind).map((value) => ({ value, label: kindWords(value).many }))} />
          <Select label={strings.action} clearable placeholder={strings.any} value={view.action ?? null} onChange={(action) => show({ action: action ?? undefined })} data={ACTIONS.map((value) => ({ value, label: actionWords[value] }))} />
        </div>
      }
    >
      <RemovedLocations />
      <ChangeList view={view} named />
    </ListTemplate>
  );
}

function RemovedLocations() {
  const { data } = useQuery(removedLocationsQuery());
  const restore = useRestore();
  if (!data || data.items.length === 0) return null;
  return (
    <section aria-labelledby="removed-locations" className={classes.removed}>
      <h2 id="removed-locations">{strings.removed}</h2>
      <ul>
        {data.items.slice(0, 5).map((location) => (
          <li key={location.id}>
            <span className={classes.target}>{location.target}</span>
            <span className={classes.muted}>
              <RelativeTime value={location.removedAt} /> {strings.removedBy(nameOfRef(location.removedBy))}
            </span>
            <Button variant="default" size="compact-sm" aria-label={strings.restoreLabel(location.target)} loading={restore.isPending && restore.variables.id === location.id} onClick={() => restore.mutate(location)}>
              {strings.restore}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
