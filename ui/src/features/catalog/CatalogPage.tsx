import { Button, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustments, IconCirclePlus } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { entitiesQuery, modelQuery, sessionQuery } from "@/api/queries";
import { useStarred } from "@/components/bookmarks";
import { useCan } from "@/components/can";
import { defaultQuery } from "@/components/default-query";
import { displayName, kindWords } from "@/components/entity/facts";
import { ownFieldsOfKind } from "@/components/entity/own-fields";
import { usePreference } from "@/components/preferences";
import { QueryBar } from "@/components/query/QueryBar";
import { refOf } from "@/lib/entity-ref";
import { paths, type CatalogView } from "@/lib/paths";
import { singleKind } from "@/lib/query/facets";
import { formatQuery, parseQuery } from "@/lib/query/grammar";
import { plural } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { usePageSearch } from "@/ui/page-route";
import { Pagination } from "@/ui/Pagination";
import { ErrorState } from "@/ui/states";
import { formatSort, parseSort } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { tablePreferences, visibleColumns } from "@/ui/table/preferences";
import { ListTemplate } from "@/ui/templates";
import { useStored } from "@/ui/use-stored";
import classes from "./CatalogPage.module.css";
import { columnsFor } from "./columns";
import { ExportMenu } from "./ExportMenu";
import { Facets, useFacets } from "./Facets";
import { NoResults } from "./NoResults";
import { SavedViews } from "./SavedViews";
import { SelectionBar } from "./SelectionBar";
import { strings } from "./strings";
import { aboutPerson, PAGE_SIZE, pageRequest, viewFromSearch, viewOf } from "./view";

const NOTHING: readonly string[] = [];

/** The catalog: facets, the query as text, and fifty rows of what it finds. The URL holds all of it. */
export default function CatalogPage() {
  const navigate = useNavigate();
  const { value: initial, loaded: chosen } = usePreference(defaultQuery);
  const search = usePageSearch();
  const view = viewFromSearch(search, initial);
  const terms = useMemo(() => parseQuery(view.query).terms, [view.query]);
  const session = useQuery(sessionQuery());
  const { refs: starred, loaded, toggle } = useStarred();
  const ownershipRefs = session.data?.principal.ownershipRefs ?? NOTHING;
  // What is starred counts only for a query about it, so that a star changes no other list.
  const about = aboutPerson(terms);
  const context = useMemo(() => ({ ownershipRefs, ...(about.starred && { starred }) }), [ownershipRefs, about.starred, starred]);

  // What plugins declare for the one kind in sight. Without the model the list is what it is for every kind.
  const kind = singleKind(terms);
  const model = useQuery({ ...modelQuery(), enabled: kind !== undefined });
  const fields = useMemo(() => (kind !== undefined && model.data ? ownFieldsOfKind(model.data, kind) : []), [kind, model.data]);
  const columns = useMemo(() => columnsFor(kind, model.data), [kind, model.data]);
  const tableName = `catalog.${kind ?? "any"}`;
  const remembered = useStored(tablePreferences(tableName)).visible;
  const shown = useMemo(() => view.columns?.split(","), [view.columns]);
  const chosenColumns = view.columns ?? (Object.keys(remembered).length > 0 ? visibleColumns(columns, remembered).join(",") : undefined);

  const waiting = (kind !== undefined && model.isPending) || (search.q === undefined && !chosen) || (about.owner && session.isPending) || (about.starred && !loaded);

  const request = pageRequest(view, context, fields);
  const page = useQuery({ ...entitiesQuery(request), enabled: !waiting, placeholderData: keepPreviousData });
  const facets = useFacets(terms, context, fields);
  const [mayRegister] = useCan(["catalog.location.create"]);
  const [drawer, drawerActions] = useDisclosure(false);

  // The selection belongs to the rows in sight: another view begins without one.
  const shape = `${view.query}\n${view.sort ?? ""}\n${view.page}`;
  const [selection, setSelection] = useState<{ shape: string; ids: Set<string> }>({ shape, ids: new Set() });
  const selected = selection.shape === shape ? selection.ids : new Set<string>();
  const select = (ids: Set<string>) => setSelection({ shape, ids });

  const show = useCallback(
    (next: CatalogView, replace = false) => {
      const target = paths.catalog(next);
      void navigate({ to: target.to, search: target.search ?? {}, replace, resetScroll: false });
    },
    [navigate],
  );
  const { query: current, sort, columns: named } = view;
  const onQuery = useCallback((query: string) => show(viewOf({ query: current, ...(sort !== undefined && { sort }), ...(named !== undefined && { columns: named }) }, query), true), [show, current, sort, named]);
  const valuesOf = (key: string): string[] => {
    const written = (facets.values[key] ?? []).map((facet) => (key === "kind" ? facet.value.toLowerCase() : facet.label));
    if (key === "is") return ["mine", "starred", "orphan"];
    return key === "owner" ? ["me", ...written] : written;
  };

  const title = kind === undefined ? strings.allEntities : kindWords(kind).many;
  const rows = page.data?.items;
  const total = page.data?.totalItems ?? 0;
  const sidebar = <Facets view={view} terms={terms} facets={facets} onTerms={(next) => show({ ...view, page: 1, query: formatQuery(next) })} />;

  return (
    <ListTemplate
      title={title}
      facets={sidebar}
      {...(mayRegister && {
        actions: (
          <Button leftSection={<IconCirclePlus size={15} />} renderRoot={(props) => <AppLink {...props} target={paths.register()} />}>
            {strings.register}
          </Button>
        ),
      })}
      toolbar={
        <div className={classes.toolbar}>
          <SavedViews view={{ ...view, ...(chosenColumns !== undefined && { columns: chosenColumns }) }} />
          <QueryBar value={view.query} onChange={onQuery} valuesOf={valuesOf} />
        </div>
      }
    >
      {page.isError ? (
        <ErrorState error={page.error} title={strings.loadFailed} onRetry={() => void page.refetch()} />
      ) : (
        <>
          <DataTable
            label={strings.listLabel(title)}
            name={tableName}
            columns={columns}
            {...(shown && {
              shown,
              onShown: (ids) => show({ ...viewOf(view, view.query), page: view.page, ...(ids && { columns: ids.join(",") }) }, true),
            })}
            rows={rows}
            rowId={refOf}
            rowLabel={displayName}
            rowTarget={(entity) => paths.entity(refOf(entity))}
            sort={parseSort(view.sort) ?? { key: "metadata.name", descending: false }}
            onSort={(next) => show({ query: view.query, ...(view.columns !== undefined && { columns: view.columns }), ...(next && { sort: formatSort(next) }) })}
            selected={selected}
            onSelect={select}
            starred={new Set(starred)}
            onStar={(ref) => toggle(ref)}
            stale={page.isPlaceholderData}
            toolbar={
              <>
                <Button className={classes.filters ?? ""} variant="default" size="compact-sm" leftSection={<IconAdjustments size={15} />} onClick={drawerActions.open}>
                  {strings.openFacets}
                </Button>
                {selected.size > 0 && rows ? (
                  <SelectionBar fields={fields} rows={rows.filter((entity) => selected.has(refOf(entity)))} onClear={() => select(new Set())} />
                ) : (
                  <>
                    <span role="status">{rows && plural(total, "entity", "entities")}</span>
                    {rows && rows.length > 0 && <ExportMenu key={shape} list={request} fields={fields} />}
                  </>
                )}
              </>
            }
            empty={<NoResults view={view} terms={terms} context={context} total={total} />}
          />
          <Pagination page={view.page} pageSize={PAGE_SIZE} total={total} target={(next) => paths.catalog({ ...view, page: next })} />
        </>
      )}
      <Drawer opened={drawer} onClose={drawerActions.close} title={strings.facets} size={300}>
        {sidebar}
      </Drawer>
    </ListTemplate>
  );
}
