import { useQuery } from "@tanstack/react-query";
import { EntityLink } from "@/components/entity/EntityLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import classes from "./HomePage.module.css";
import { changesQuery } from "./queries";
import { strings } from "./strings";

/** What happened since yesterday to what these refs own: one line for each entity, its latest change. */
export function Changes({ owners }: { owners: readonly string[] | undefined }) {
  const { data, error, refetch } = useQuery({ ...changesQuery(owners ?? []), enabled: owners !== undefined });
  return (
    <Section title={strings.changes} {...(data && data.length > 0 && { count: data.length })}>
      {error && <ErrorState error={error} title={strings.changesFailed} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonLines lines={2} height={32} />}
      {data?.length === 0 && <p className={classes.faint}>{strings.changesNone}</p>}
      <ul>
        {data?.map((change) => (
          <li key={change.id} className={classes.item}>
            <EntityLink entityRef={change.entityRef} />
            <span className={classes.faint}>
              {strings.actions[change.action]} <RelativeTime value={change.at} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
