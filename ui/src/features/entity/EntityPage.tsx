import { Button } from "@mantine/core";
import { IconStar, IconStarFilled } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { ApiError } from "@/api/error";
import type { Entity } from "@/api/types";
import { useStarred, useVisit } from "@/components/bookmarks";
import { OwnerChip } from "@/components/entity/EntityLink";
import { displayName, healthOf, kindWords, relatedRefs, specText } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { formatRef, refOf } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { formatQuery, kindQuery } from "@/lib/query/grammar";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { CopyText } from "@/ui/Copy";
import { usePageParams } from "@/ui/page-route";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import { DetailTemplate } from "@/ui/templates";
import { EntityMenu } from "./EntityMenu";
import { Changes } from "./Changes";
import classes from "./EntityPage.module.css";
import { dependents, Overview } from "./Overview";
import { Problems } from "./Problems";
import { entityQuery } from "./queries";
import { definitionLanguage } from "./source";
import { strings } from "./strings";
import { hasWhereabouts, Whereabouts } from "./Whereabouts";

const Inspect = lazy(() => import("./Inspect"));
const Relations = lazy(() => import("./Relations"));

type Tab = "overview" | "relations" | "definition" | "changes" | "inspect";

/** One entity, at /catalog/:namespace/:kind/:name. */
export default function EntityPage() {
  const { namespace = "", kind = "", name = "", tab } = usePageParams();
  const ref = { namespace, kind: kind.toLowerCase(), name };
  const { data: entity, error, isPending, refetch } = useQuery(entityQuery(ref));
  const crumbs = [{ label: kindWords(kind).many, target: paths.catalog({ query: kindQuery(kind) }) }];
  const icon = <KindIcon kind={kind} size={22} label={kindWords(kind).one} />;

  if (entity) return <Loaded key={formatRef(ref)} entity={entity} tab={tab} crumbs={crumbs} icon={icon} />;
  const missing = error instanceof ApiError && error.kind === "not_found";
  return (
    <DetailTemplate title={name} crumbs={crumbs} icon={icon}>
      {isPending && <SkeletonLines lines={8} />}
      {missing && (
        <EmptyState
          title={strings.notFound}
          action={
            <Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.catalog({ query: formatQuery([{ type: "text", text: name }]) })} />}>
              {strings.searchName(name)}
            </Button>
          }
        >
          <p>{strings.notFoundBody}</p>
          <CopyText value={formatRef(ref)} label={strings.copyRef} />
        </EmptyState>
      )}
      {error && !missing && <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />}
    </DetailTemplate>
  );
}

interface LoadedProps {
  entity: Entity;
  tab: string | undefined;
  crumbs: React.ComponentProps<typeof DetailTemplate>["crumbs"] & object;
  icon: React.ReactNode;
}

function Loaded({ entity, tab, crumbs, icon }: LoadedProps) {
  const ref = refOf(entity);
  useVisit(ref);
  const { refs: starred, toggle } = useStarred();
  const isStarred = starred.includes(ref);
  const tabs = tabsOf(entity);
  const current: Tab = tab === "inspect" ? "inspect" : (tabs.find((candidate) => candidate === tab) ?? "overview");
  const isPerson = ["user", "group"].includes(entity.kind.toLowerCase());
  const lifecycle = specText(entity, "lifecycle");
  const needed = dependents(entity);
  const health = healthOf(entity);

  return (
    <DetailTemplate
      title={displayName(entity)}
      crumbs={crumbs}
      icon={icon}
      beside={<CopyText value={ref} label={strings.copyRef} />}
      below={
        <>
          {!isPerson && <OwnerChip refs={relatedRefs(entity, "ownedBy")} />}
          {lifecycle !== undefined && <span>{lifecycle}</span>}
          <StatusBadge {...health} />
          {needed > 0 && <AppLink target={paths.entity(ref, "relations")}>{strings.neededBy(formatCount(needed))}</AppLink>}
        </>
      }
      actions={
        <>
          <Button variant="default" aria-pressed={isStarred} leftSection={isStarred ? <IconStarFilled size={15} color="var(--cb-warn)" /> : <IconStar size={15} />} onClick={() => toggle(ref)}>
            {isStarred ? strings.starred : strings.star}
          </Button>
          <EntityMenu entity={entity} entityRef={ref} />
        </>
      }
      banner={<Problems entity={entity} />}
      tabs={
        <nav aria-label={strings.tabs} className={classes.tabs}>
          {(current === "inspect" ? [...tabs, current] : tabs).map((candidate) => (
            <AppLink key={candidate} target={paths.entity(ref, candidate === "overview" ? undefined : candidate)} className={classes.tab} aria-current={candidate === current ? "page" : undefined}>
              {strings[candidate]}
            </AppLink>
          ))}
        </nav>
      }
      {...(current === "overview" && hasWhereabouts(entity) && { aside: <Whereabouts entity={entity} /> })}
    >
      {current === "overview" && <Overview entity={entity} />}
      {current === "relations" && (
        <Suspense fallback={<SkeletonLines lines={12} />}>
          <Relations entityRef={ref} />
        </Suspense>
      )}
      {current === "definition" && <Definition entity={entity} />}
      {current === "changes" && <Changes entityRef={ref} />}
      {current === "inspect" && (
        <Suspense fallback={<SkeletonLines lines={12} />}>
          <Inspect entity={entity} />
        </Suspense>
      )}
    </DetailTemplate>
  );
}

/** Only the tabs that have something. */
function tabsOf(entity: Entity): Tab[] {
  return ["overview", ...(specText(entity, "definition") === undefined ? [] : (["definition"] as const)), ...((entity.relations ?? []).length === 0 ? [] : (["relations"] as const)), "changes"];
}

function Definition({ entity }: { entity: Entity }) {
  const definition = specText(entity, "definition") ?? "";
  return <CodeBlock code={definition} language={definitionLanguage(specText(entity, "type"), definition)} label={`${displayName(entity)} ${strings.definitionLabel}`} />;
}
