import { Button, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustments, IconCircleCheck } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { problemsQuery, sessionQuery } from "@/api/queries";
import type { ProblemPage } from "@/api/types";
import { kindWords } from "@/components/entity/facts";
import { problemWords } from "@/components/problem/words";
import { FacetList } from "@/components/query/FacetList";
import { shortRef } from "@/lib/entity-ref";
import { paths, type ProblemsView } from "@/lib/paths";
import { plural } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { usePageSearch } from "@/ui/page-route";
import { Pagination } from "@/ui/Pagination";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { ListTemplate } from "@/ui/templates";
import { ProblemList } from "./ProblemList";
import classes from "./ProblemsPage.module.css";
import { strings } from "./strings";
import { PAGE_SIZE, requestOf, toggled, viewFromSearch } from "./view";

const crumbs = [{ label: strings.catalog, target: paths.catalog() }];
const PRESETS: readonly { title: string; view: ProblemsView }[] = [
  { title: strings.all, view: {} },
  { title: strings.mine, view: { owners: ["me"] } },
  { title: strings.errors, view: { types: ["unreadable", "processing"] } },
  { title: strings.noOwner, view: { types: ["unowned"] } },
];

/** What is broken in the catalog and who owns it: filters with counts, and every problem with its place and its mending. */
export default function ProblemsPage() {
  const navigate = useNavigate();
  const view = viewFromSearch(usePageSearch());
  const session = useQuery(sessionQuery());
  const ownershipRefs = session.data?.principal.ownershipRefs ?? [];
  const waiting = view.owners.includes("me") && session.isPending;
  const { data, error, isPlaceholderData, refetch } = useQuery({ ...problemsQuery(requestOf(view, ownershipRefs)), enabled: !waiting, placeholderData: keepPreviousData });
  const [drawer, drawerActions] = useDisclosure(false);
  const show = (next: ProblemsView) => {
    const target = paths.problems({ ...view, page: 1, ...next });
    void navigate({ to: target.to, search: target.search ?? {}, resetScroll: false });
  };
  const facets = data && <Filters counts={data.counts} view={view} onView={show} />;

  return (
    <ListTemplate title={strings.title} crumbs={crumbs} below={strings.lead} facets={facets} toolbar={<Presets current={paths.problems({ ...view, page: 1 })} />}>
      {error && <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonLines lines={8} height={64} />}
      {data && !error && (
        <>
          <div className={classes.bar}>
            <Button className={classes.filters ?? ""} variant="default" size="compact-sm" leftSection={<IconAdjustments size={15} />} onClick={drawerActions.open}>
              {strings.filters}
            </Button>
            <span role="status">{plural(data.totalItems, "problem")}</span>
          </div>
          {data.items.length === 0 ? <None view={view} total={data.totalItems} /> : <ProblemList items={data.items} stale={isPlaceholderData} />}
          <Pagination page={view.page} pageSize={PAGE_SIZE} total={data.totalItems} target={(page) => paths.problems({ ...view, page })} />
        </>
      )}
      <Drawer opened={drawer} onClose={drawerActions.close} title={strings.filters} size={300}>
        {facets}
      </Drawer>
    </ListTemplate>
  );
}

function Presets({ current }: { current: ReturnType<typeof paths.problems> }) {
  return (
    <nav aria-label={strings.views} className={classes.presets}>
      {PRESETS.map(({ title, view }) => {
        const target = paths.problems(view);
        return (
          <AppLink key={title} target={target} className={classes.chip} aria-current={JSON.stringify(target) === JSON.stringify(current) ? "page" : undefined}>
            {title}
          </AppLink>
        );
      })}
    </nav>
  );
}

function Filters({ counts, view, onView }: { counts: ProblemPage["counts"]; view: Required<ProblemsView>; onView: (view: ProblemsView) => void }) {
  const values = (list: ProblemPage["counts"]["types"], label: (value: string) => string, chosen: readonly string[]) => {
    const missing = chosen.filter((value) => value !== "me" && !list.some((known) => known.value === value)).map((value) => ({ value, count: 0 }));
    return [...list, ...missing].map(({ value, count }) => ({ value, count, label: label(value) }));
  };
  const words: Record<string, { title: string }> = problemWords;
  const shared = { moreLabel: strings.more, lessLabel: strings.less };
  return (
    <section aria-label={strings.filters} className={classes.facets}>
      <FacetList {...shared} title={strings.type} values={values(counts.types, (type) => words[type]?.title ?? type, view.types)} selected={new Set(view.types)} onToggle={(type) => onView({ types: toggled(view.types, type) })} />
      <FacetList {...shared} title={strings.owner} values={values(counts.owners, (owner) => (owner === "none" ? strings.noOwner : shortRef(owner, "group")), view.owners)} selected={new Set(view.owners)} onToggle={(owner) => onView({ owners: toggled(view.owners, owner) })} />
      <FacetList {...shared} title={strings.kind} values={values(counts.kinds, (kind) => kindWords(kind).many, view.kinds)} selected={new Set(view.kinds)} onToggle={(kind) => onView({ kinds: toggled(view.kinds, kind) })} />
    </section>
  );
}

function None({ view, total }: { view: Required<ProblemsView>; total: number }) {
  if (total > 0) {
    return <EmptyState title={strings.pastEnd} action={<AppLink className={classes.link} target={paths.problems({ ...view, page: 1 })}>{strings.firstPage}</AppLink>} />;
  }
  if (view.types.length + view.owners.length + view.kinds.length === 0) {
    return (
      <EmptyState icon={IconCircleCheck} title={strings.noneTitle}>
        {strings.noneBody}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={strings.noneHere} action={<AppLink className={classes.link} target={paths.problems()}>{strings.clear}</AppLink>}>
      {strings.noneHereBody}
    </EmptyState>
  );
}
