import { Button, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { KindIcon } from "@/components/entity/KindIcon";
import { allMembers, allOwned, matching, type Org } from "@/components/org/hierarchy";
import { orgQuery } from "@/components/org/queries";
import { paths } from "@/lib/paths";
import { firstOf } from "@/lib/search-params";
import { formatCount, plural } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { useKeys } from "@/ui/keys";
import { usePageSearch } from "@/ui/page-route";
import { EmptyState, ErrorState, PartialNotice, SkeletonLines } from "@/ui/states";
import { ListTemplate } from "@/ui/templates";
import { flatten } from "@/ui/tree/flatten";
import { Tree } from "@/ui/tree/Tree";
import classes from "./OrgPage.module.css";
import { strings } from "./strings";

const crumbs = [{ label: strings.catalog, target: paths.catalog() }];
/** So many levels are open at first. */
const OPEN_LEVELS = 2;

/** The teams of the company as a tree, with how many people each has and how much it owns. */
export default function OrgPage() {
  const { data: org, error, refetch } = useQuery(orgQuery());
  const filter = firstOf(usePageSearch(), "filter") ?? "";
  const empty = org?.groups.size === 0;
  return (
    <ListTemplate
      title={strings.title}
      crumbs={crumbs}
      below={strings.lead}
      actions={
        <Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.catalog({ query: "kind:user" })} />}>
          {strings.everybody}
        </Button>
      }
    >
      {error && <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />}
      {!org && !error && <SkeletonLines lines={10} />}
      {org && !org.complete && <PartialNotice>{strings.partial}</PartialNotice>}
      {empty && <EmptyState title={strings.noneTitle}>{strings.noneBody}</EmptyState>}
      {org && !empty && <OrgTree org={org} filter={filter} />}
    </ListTemplate>
  );
}

function OrgTree({ org, filter }: { org: Org; filter: string }) {
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const [choice, setChoice] = useState<{ all?: boolean; paths: ReadonlyMap<string, boolean> }>({ paths: new Map() });
  const found = useMemo(() => (filter.trim() === "" ? undefined : matching(org, filter)), [org, filter]);
  const lines = useMemo(() => {
    const shown = (ref: string) => found === undefined || found.shown.has(ref);
    return flatten({
      roots: org.roots.filter(shown),
      childrenOf: (ref) => (org.groups.get(ref)?.children ?? []).filter(shown),
      isOpen: (path, level) => choice.paths.get(path) ?? choice.all ?? (found !== undefined || level < OPEN_LEVELS),
    });
  }, [org, found, choice]);
  const counts = useMemo(() => new Map([...org.groups.keys()].map((ref) => [ref, { people: allMembers(org, ref).length, owned: allOwned(org, ref).length }])), [org]);
  const onFilter = (text: string) => {
    const target = paths.org(text);
    void navigate({ to: target.to, search: target.search ?? {}, replace: true, resetScroll: false });
  };
  useKeys([{ keys: "/", label: strings.filter, group: strings.title, run: () => field.current?.focus() }]);
  const total = found ? found.hits.size : org.groups.size;
  return (
    <>
      <div className={classes.bar}>
        <TextInput ref={field} className={classes.filter ?? ""} aria-label={strings.filter} placeholder={strings.filterHint} leftSection={<IconSearch size={15} />} value={filter} onChange={(event) => onFilter(event.currentTarget.value)} />
        <span role="status">{plural(total, "team")}</span>
        <span className={classes.folds}>
          <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setChoice({ all: true, paths: new Map() })}>
            {strings.expandAll}
          </Button>
          <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setChoice({ all: false, paths: new Map() })}>
            {strings.collapseAll}
          </Button>
        </span>
      </div>
      {lines.length === 0 ? (
        <EmptyState title={strings.noHitTitle} action={<AppLink className={classes.clear} target={paths.org()}>{strings.clear}</AppLink>} />
      ) : (
        <Tree
          label={strings.tree}
          lines={lines}
          onToggle={(path, open) => setChoice({ ...choice, paths: new Map(choice.paths).set(path, open) })}
          targetOf={(ref) => paths.entity(ref)}
          render={(ref) => (
            <>
              <KindIcon kind="group" />
              <span className={found?.hits.has(ref) === false ? classes.faint : undefined}>{org.groups.get(ref)?.name ?? ref}</span>
              <span className={classes.type}>{org.groups.get(ref)?.type}</span>
            </>
          )}
          aside={(ref) => (
            <>
              <span>{plural(counts.get(ref)?.people ?? 0, "person", "people")}</span>
              <span>{strings.owns(formatCount(counts.get(ref)?.owned ?? 0))}</span>
            </>
          )}
        />
      )}
    </>
  );
}
