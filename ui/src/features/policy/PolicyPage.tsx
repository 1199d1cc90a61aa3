import { useQuery } from "@tanstack/react-query";
import type { PolicyStatus } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { Facts, Section } from "@/ui/Section";
import { EmptyState, ErrorState, PartialNotice, SkeletonLines } from "@/ui/states";
import { AdminTemplate } from "@/ui/templates";
import { Ask } from "./Ask";
import classes from "./PolicyPage.module.css";
import { policyQuery } from "./queries";
import { strings } from "./strings";

/** Which policy decides, what it says for anybody, and who has which role. */
export default function PolicyPage() {
  const { data, error, isPending, refetch } = useQuery(policyQuery());
  return (
    <AdminTemplate title={strings.title} {...(data && { figures: figuresOf(data) })}>
      {error && <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />}
      {isPending && <SkeletonLines lines={6} />}
      {data?.refused && <PartialNotice>{strings.refused(data.refused.why)}</PartialNotice>}
      {data && <Ask revision={data.revision} />}
      {data && (
        <Section title={strings.roles} count={data.roles.length}>
          {data.roles.length === 0 && <EmptyState title={strings.rolesNone}>{strings.rolesNoneBody}</EmptyState>}
          <ul className={classes.roles}>
            {data.roles.map((role) => (
              <li key={role.name} className={classes.role}>
                <h3>{role.title ?? role.name}</h3>
                {role.description !== undefined && <p className={classes.muted}>{role.description}</p>}
                <Facts items={factsOf(role)} />
              </li>
            ))}
          </ul>
        </Section>
      )}
    </AdminTemplate>
  );
}

function figuresOf({ revision, since, modules }: PolicyStatus) {
  return [
    { label: strings.revision, value: <code>{revision}</code> },
    { label: strings.since, value: <RelativeTime value={since} /> },
    { label: strings.modules, value: modules.length },
  ];
}

type Role = PolicyStatus["roles"][number];

function factsOf(role: Role) {
  return [
    { label: strings.may, value: <Names names={role.permissions} /> },
    ...(role.owned.length > 0 ? [{ label: strings.mayOwned, value: <Names names={role.owned} /> }] : []),
    { label: strings.members, value: <Members role={role} /> },
  ];
}

function Members({ role: { members, everybody, guests } }: { role: Role }) {
  if (members.length === 0 && !everybody && !guests) return <span className={classes.muted}>{strings.nobody}</span>;
  return (
    <span className={classes.names}>
      {everybody && <span>{strings.everybody}</span>}
      {guests && <span>{strings.guests}</span>}
      {members.map((ref) => (
        <EntityLink key={ref} entityRef={ref} />
      ))}
    </span>
  );
}

function Names({ names }: { names: readonly string[] }) {
  return (
    <span className={classes.names}>
      {names.map((name) => (
        <code key={name}>{name}</code>
      ))}
    </span>
  );
}
