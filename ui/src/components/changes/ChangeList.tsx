import { Button } from "@mantine/core";
import { IconCircleMinus, IconCirclePlus, IconLink, IconPencil, IconStethoscope, type Icon } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { changesQuery } from "@/api/history";
import type { EntityChange, EntityChangeField } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { nameOfRef } from "@/components/entity/facts";
import { paths, type ChangesView } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import classes from "./ChangeList.module.css";
import { actionWords, fieldName, reasonOf, strings, valueText } from "./words";

const ICONS: Record<EntityChange["action"], Icon> = { created: IconCirclePlus, updated: IconPencil, deleted: IconCircleMinus, relations: IconLink, status: IconStethoscope };

/** What happened, newest first: to one entity, or with `named` to any that fit. */
export function ChangeList({ view, named = false }: { view: ChangesView & { ref?: string }; named?: boolean }) {
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(changesQuery(view));
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  if (error && !data) return <ErrorState error={error} title={strings.failed} onRetry={() => void refetch()} />;
  if (isPending) return <SkeletonLines lines={8} height={48} />;
  return (
    <>
      {items.length === 0 && !hasNextPage ? (
        <EmptyState title={strings.none}>{strings.noneBody}</EmptyState>
      ) : (
        <ol className={classes.list}>
          {items.map((change) => (
            <Change key={change.id} change={change} named={named} />
          ))}
        </ol>
      )}
      {error && <ErrorState error={error} title={strings.failed} onRetry={() => void fetchNextPage()} />}
      {hasNextPage && (
        <Button variant="default" className={classes.more ?? ""} loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {strings.loadMore}
        </Button>
      )}
    </>
  );
}

function Change({ change, named }: { change: EntityChange; named: boolean }) {
  const { action, cause, entityRef, revision } = change;
  const Glyph = ICONS[action];
  const reason = reasonOf(change);
  return (
    <li className={classes.change} data-action={action}>
      <Glyph size={18} stroke={1.7} className={classes.icon} aria-hidden="true" />
      <div className={classes.body}>
        <div className={classes.what}>
          <strong>{actionWords[action]}</strong>
          {named && (action === "deleted" ? <code>{entityRef}</code> : <EntityLink entityRef={entityRef} />)}
          <span className={classes.when}>
            <RelativeTime value={change.at} />
          </span>
        </div>
        <p className={classes.why}>
          {[reason, cause.subject && `${strings.asked} ${nameOfRef(cause.subject)}`, strings.revision(revision)].filter(Boolean).join(" · ")}
          {action !== "deleted" && (
            <>
              {" · "}
              <AppLink target={paths.entityAsOf(entityRef, revision)} aria-label={`${strings.asOf}, ${nameOfRef(entityRef)}, ${strings.revision(revision)}`}>
                {strings.asOf}
              </AppLink>
            </>
          )}
        </p>
        {change.fields && (
          <ul className={classes.fields}>
            {change.fields.map((field) => (
              <Field key={field.path} field={field} />
            ))}
            {change.moreFields !== undefined && <li>{strings.more(change.moreFields)}</li>}
          </ul>
        )}
        <Relations title={strings.gained} sign="+" relations={change.relationsGained} />
        <Relations title={strings.lost} sign="−" relations={change.relationsLost} />
      </div>
    </li>
  );
}

function Field({ field }: { field: EntityChangeField }) {
  const before = valueText(field.before, field.beforeDigest);
  const after = valueText(field.after, field.afterDigest);
  return (
    <li>
      <code className={classes.path}>{fieldName(field.path)}</code>
      <del aria-label={strings.before}>{before ?? strings.nothing}</del>
      <span aria-hidden="true">→</span>
      <ins aria-label={strings.after}>{after ?? strings.nothing}</ins>
    </li>
  );
}

function Relations({ title, sign, relations }: { title: string; sign: string; relations: EntityChange["relationsGained"] }) {
  if (!relations?.length) return null;
  return (
    <ul className={classes.fields} aria-label={title}>
      {relations.map(({ type, targetRef }) => (
        <li key={`${type} ${targetRef}`}>
          <span aria-hidden="true">{sign}</span>
          <code className={classes.path}>{type}</code>
          <EntityLink entityRef={targetRef} />
        </li>
      ))}
    </ul>
  );
}
